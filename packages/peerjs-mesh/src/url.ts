/**
 * As index.ts, with the WebAssembly module as a file of its own. It is not packed, so a page loads 16 kB more, and starts
 * sooner for want of unpacking. Bundlers that do not know `new URL(…, import.meta.url)` leave the file behind.
 */
import { instance } from "./glue.js";
import { join, type Mesh } from "./mesh.js";
import type { MeshOptions } from "./options.js";
import { once } from "./wasm.js";

export { MeshError, type MeshErrorCode } from "./errors.js";
export type { MeshEvents, MeshStatus } from "./events.js";
export type { Mesh } from "./mesh.js";
export type { ConnectionOptions, MeshOptions } from "./options.js";
export type { StreamState } from "./streams.js";
export { version } from "./version.js";

const load = once(async () => {
  const answer = await fetch(new URL("./mesh_bg.wasm", import.meta.url));
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return instance(await WebAssembly.compile(await answer.arrayBuffer()));
});

/**
 * Joins a room and returns at once; listen to its events. Throws a {@link MeshError} when the room's name or an option
 * cannot be.
 */
export const mesh = (room: string, options?: MeshOptions): Mesh => join(load, room, options);
