/**
 * Rooms of browsers that talk to each other. This entry carries its WebAssembly module within itself; `peerjs-mesh/url`
 * is the same with the module as a file of its own.
 */
import text from "module/inline";
import { instance } from "./glue.js";
import { join, type Mesh } from "./mesh.js";
import type { MeshOptions } from "./options.js";
import { once } from "./wasm.js";

export { MeshError, type MeshErrorCode } from "./errors.js";
export type { Mesh, MeshEvents, MeshStatus, StreamState } from "./mesh.js";
export type { ConnectionOptions, MeshOptions } from "./options.js";
export { version } from "./version.js";

const load = once(async () => {
  const deflated = (Uint8Array as any).fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return instance(await WebAssembly.compile(await new Response(stream).arrayBuffer()));
});

/**
 * Joins a room and returns at once; listen to its events. Throws a {@link MeshError} when the room's name or an option
 * cannot be.
 */
export const mesh = (room: string, options?: MeshOptions): Mesh => join(load, room, options);
