/**
 * Rooms of browsers that talk to each other. This entry carries its WebAssembly module within itself; `peerjs-mesh/url`
 * is the same with the module as a file of its own.
 */
import text from "module/inline";
import { instance } from "./glue.js";
import { join, type Mesh } from "./mesh.js";
import type { MeshOptions } from "./options.js";
import { unpack } from "./unpack.js";
import { once } from "./wasm.js";

export { MeshError, type MeshErrorCode } from "./errors.js";
export type { MeshEvents, MeshStatus } from "./events.js";
export type { Mesh } from "./mesh.js";
export type { ConnectionOptions, MeshOptions } from "./options.js";
export type { StreamState } from "./streams.js";
export { version } from "./version.js";

/** The module that takes the other one out: two letters a byte, put in by the build. */
declare const UNPACKER: string;

const unpacker = (): Uint8Array<ArrayBuffer> => Uint8Array.from(UNPACKER.match(/../g)!, (byte) => parseInt(byte, 16));
const bytesOf = (base64: string): Uint8Array =>
  (Uint8Array as any).fromBase64?.(base64) ?? Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

const load = once(async () => {
  // The text is named once: bundlers write it out as often as it is named.
  const [packed] = [text].map(bytesOf) as [Uint8Array<ArrayBuffer>];
  return instance(await WebAssembly.compile(await unpack(unpacker(), packed)));
});

/**
 * Joins a room and returns at once; listen to its events. Throws a {@link MeshError} when the room's name or an option
 * cannot be.
 */
export const mesh = (room: string, options?: MeshOptions): Mesh => join(load, room, options);
