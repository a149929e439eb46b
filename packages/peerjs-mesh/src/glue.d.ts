// What the build puts beside the sources (build.mjs): wasm-bindgen's glue, and the module as text.
declare module "glue" {
  /** See WasmMachine in wasm.ts. (An ambient module cannot name a file.) */
  export const Machine: new (config: Uint8Array, seed: Uint8Array, now: number) => any;
  const init: (from: { module_or_path: BufferSource | Response }) => Promise<{ memory: WebAssembly.Memory }>;
  export default init;
}
declare module "glue/inline" {
  /** The module: deflated (raw), base64. */
  const text: string;
  export default text;
}
