// What the build puts beside the sources (build.mjs): wasm-bindgen's glue, and the module as text.
declare module "glue" {
  /** See WasmMachine in wasm.ts. (An ambient module cannot name a file.) */
  export const Machine: new (config: Uint8Array, seed: Uint8Array, now: number) => any;
  export function initSync(from: { module: WebAssembly.Module }): { memory: WebAssembly.Memory };
}
declare module "glue/inline" {
  /** The module: deflated (raw), base64. */
  const text: string;
  export default text;
}
