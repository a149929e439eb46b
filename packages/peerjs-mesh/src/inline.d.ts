// What the build puts beside index.js (build.mjs).
declare module "module/inline" {
  /** The WebAssembly module: packed, base64. */
  const text: string;
  export default text;
}
