// What the build puts beside the sources: wasm-bindgen's glue, and the module as text. build.mjs says where they are.
declare module "glue" {
  import type { WasmMachine } from "./wasm.js";
  export const Machine: new (config: Uint8Array, seed: Uint8Array, now: number) => WasmMachine;
  const init: (from: { module_or_path: BufferSource | Response }) => Promise<{ memory: WebAssembly.Memory }>;
  export default init;
}
declare module "glue/inline" {
  /** The module: deflated (raw), base64. */
  const text: string;
  export default text;
}
