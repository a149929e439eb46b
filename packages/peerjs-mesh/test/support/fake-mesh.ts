// A mesh whose page and module are fakes, with what its tests ask of it.

import assert from "node:assert/strict";
import { after, before, beforeEach } from "node:test";
import { setImmediate } from "node:timers/promises";
import { MeshError } from "../../src/errors.js";
import { join, type Mesh, type MeshEvents } from "../../src/mesh.js";
import type { MeshOptions } from "../../src/options.js";
import type { Wasm } from "../../src/wasm.js";
import { FakeConnection, FakeSocket } from "./fake-page.js";
import { FakeWasm } from "./fake-wasm.js";

export const connection = { host: "nowhere.invalid", config: { iceServers: [] } };
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
before(() => {
  Object.assign(globalThis, { RTCPeerConnection: FakeConnection, WebSocket: FakeSocket });
  process.on("unhandledRejection", note);
});
after(() => {
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

export let wasm: FakeWasm;
export let heard: unknown[][];
beforeEach(() => {
  wasm = new FakeWasm();
  heard = [];
  FakeSocket.made = [];
  FakeConnection.made = [];
});

const NAMES: (keyof MeshEvents)[] = [
  "joined", "hostconnected", "sync", "hostdropped", "peerjoined", "peerdropped", "data", "initData", "meshlimitexceeded",
  "signalling", "gap", "error", "left",
];
/** A mesh that notes its events; its module comes when `loaded` says so. */
export function start(options: MeshOptions = {}, loaded: Promise<Wasm> | Wasm = wasm): Mesh {
  // It is asked for later: until then nobody looks at a failure.
  const module = Promise.resolve(loaded);
  module.catch(() => undefined);
  const mesh = join(() => module, "room", { connection, ...options });
  for (const name of NAMES) {
    mesh.on(name, (...args: unknown[]) => heard.push([name, ...args.map((arg) => (arg instanceof MeshError ? arg.code : arg))]));
  }
  return mesh;
}
/** Once around the event loop: what is due happens. */
export const turn = (): Promise<void> => setImmediate();
/** Lets the module say something. */
export function tell(mesh: Mesh, ...records: Buffer[]): void {
  wasm.due.push(...records);
  mesh._disconnectHost();
}
/** A mesh whose module is there: it is waited for with the first offer. */
export async function running(options?: MeshOptions): Promise<Mesh> {
  const mesh = start(options);
  await offered();
  return mesh;
}
/** The first offer is there. */
export async function offered(): Promise<void> {
  await turn();
  FakeConnection.made[0]!.finds("a way");
  await made();
}
/** The module has been made use of. */
export async function made(): Promise<void> {
  await until(() => wasm.config !== undefined);
}
/** Waits until it is so; whoever asks looks whether it came to that. */
export async function until(fact: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1000 && !fact(); turns++) await turn();
}
/** A promise that somebody else settles. */
export function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => [resolve, reject] = [yes, no]);
  return { promise, resolve, reject };
}
export const rejects = (promise: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof MeshError && error.code === code);
