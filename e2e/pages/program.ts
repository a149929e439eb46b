// A program of somebody who has the package from npm: bundlers.test.mjs compiles it, for each entry. It is never run.
// What follows "@ts-expect-error" is wrong, and has to be told to be.

import {
  mesh, MeshError, version, type ConnectionOptions, type Mesh, type MeshErrorCode, type MeshEvents, type MeshOptions,
  type MeshStatus, type StreamState,
} from "peerjs-mesh";

const connection: ConnectionOptions = {
  host: "localhost", port: 9000, path: "/", key: "peerjs", secure: false, config: { iceServers: [] }, debug: 0,
};
const options: MeshOptions = {
  connection, initData: { name: "Ann" }, mesh_limit: -1, mesh_mode: "full", join_timeout: 5_000, sync_timeout: -1,
  do_health_check_interval: 500, auto_call_peer: 0, log_id: "ann",
};
// @ts-expect-error
mesh();
// @ts-expect-error
mesh(5);
// @ts-expect-error
mesh("room", { mesh_limit: "10" });
// @ts-expect-error
mesh("room", { mesh_mode: "ring" });
// @ts-expect-error
mesh("room", { meshLimit: 10 });
// @ts-expect-error
mesh("room", { connection: { host: "localhost", port: "9000" } });
// @ts-expect-error
mesh("room", { connection: { debug: 4 } });

/** True if two types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <Got, Wanted>(_: Same<Got, Wanted>): void => undefined;

const room: Mesh = mesh("lobby", options);
mesh("lobby");
is<typeof version, string>(true);
is<typeof room.id, string | undefined>(true);
is<typeof room.room, string>(true);
is<typeof room.issync, boolean>(true);
is<ReturnType<typeof room.getPeers>, string[]>(true);
is<ReturnType<typeof room.waitToSync>, Promise<string[]>>(true);
// @ts-expect-error: they are not the same, so that this tells if `is` takes anything.
is<typeof room.room, number>(true);
// @ts-expect-error: it is read only.
room.room = "other";

// What listeners are given, event by event.
room
  .on("joined", (...given) => is<typeof given, [id: string]>(true))
  .on("hostconnected", (isHost, { host, term }) => {
    is<typeof isHost, boolean>(true);
    is<typeof host, string>(true);
    is<typeof term, number>(true);
  })
  .on("sync", (peers) => is<typeof peers, string[] | false>(true))
  .on("hostdropped", (...given) => is<typeof given, []>(true))
  .on("peerjoined", (...given) => is<typeof given, [id: string, peers: string[]]>(true))
  .on("peerdropped", (...given) => is<typeof given, [id: string, peers: string[]]>(true))
  .on("data", (...given) => is<typeof given, [value: unknown, from: string]>(true))
  .on("initData", (...given) => is<typeof given, [id: string, data: unknown]>(true))
  .on("stream", (...given) => is<typeof given, [stream: MediaStream, id: string]>(true))
  .on("streamchanged", (...given) => is<typeof given, [id: string, state: StreamState]>(true))
  .on("streamdrop", (...given) => is<typeof given, [id: string]>(true))
  .on("manual-stream", (...given) => is<typeof given, [id: string]>(true))
  .on("meshlimitexceeded", (...given) => is<typeof given, [limit: number, tries: number]>(true))
  .on("signalling", (state) => is<typeof state, "up" | "down">(true))
  .on("gap", ({ from, missing: [first, last] }) => {
    is<typeof from, string>(true);
    is<typeof first, number>(true);
    is<typeof last, number>(true);
  })
  .on("error", (error) => {
    is<typeof error, MeshError>(true);
    is<typeof error.code, MeshErrorCode>(true);
    is<typeof error.hint, string>(true);
    is<typeof error.type, string>(true);
  })
  .on("left", (...given) => is<typeof given, []>(true));
// @ts-expect-error
room.on("synced", () => undefined);
// @ts-expect-error
room.on("joined", (id: number) => id);
// @ts-expect-error
room.on("data", (value: { text: string }) => value.text);
// @ts-expect-error
room.on("left", (id: string) => id);

// The names of all events are known, so a program can be written over them.
const listener = (...[id]: MeshEvents["peerjoined"]): void => void id.length;
room.once("peerjoined", listener).off("peerjoined", listener);
room.addListener("peerjoined", listener).removeListener("peerjoined", listener).removeAllListeners();
is<ReturnType<typeof room.listenerCount>, number>(true);

const sent: Promise<void> = room.send({ text: "hello", bytes: new Uint8Array(3), at: new Date(), many: 5n });
await Promise.all([sent, room.send("to one", "id"), room.send("to all", null), room.send("to all", false)]);
// @ts-expect-error
await room.send("to one", 5);
// @ts-expect-error
await room.send();

const { id, host, mode, peers }: MeshStatus = room.status();
is<typeof id, string>(true);
is<typeof host, string | null>(true);
is<typeof mode, "host" | "full">(true);
for (const { path, rttMs } of peers) {
  is<typeof path, "direct" | "member" | "relay">(true);
  is<typeof rttMs, number | null>(true);
}

await room.call(new MediaStream());
await room.call(null, false);
await room.callPeer("id");
room.mute();
room.mute(false);
room.disconnectCall();
room.initData({ name: "Bea" });
// @ts-expect-error
await room.call("camera");

try {
  mesh("no room's name!");
} catch (error) {
  if (error instanceof MeshError && error.code === "invalid-room") console.error(error.message, error.hint, error.cause);
  // @ts-expect-error: there is no such code.
  if (error instanceof MeshError && error.code === "invalid-rum") throw error;
}
await room.cleanup();
