// Lets `node --test` take the package from its sources: `check` runs before anything is built.
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

// The same file is loaded once more in the thread that resolves names.
if (isMainThread) register(import.meta.url);
// The build writes it in.
globalThis.VERSION = "sources";

const SOURCES = new URL("../../../../packages/peerjs-mesh/src/index.ts", import.meta.url).href;
// The WebAssembly module, which the build makes: no test here joins a room.
const NO_MODULE = "data:text/javascript,export default ''";

export function resolve(specifier, context, next) {
  if (specifier === "peerjs-mesh") return { url: SOURCES, shortCircuit: true };
  if (specifier === "module/inline") return { url: NO_MODULE, shortCircuit: true };
  return next(specifier, context);
}
