import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { MeshError } from "../src/errors.js";
import { join, type Mesh, type MeshEvents } from "../src/mesh.js";
import type { MeshOptions } from "../src/options.js";
import { encode } from "../src/value.js";
import type { Wasm } from "../src/wasm.js";
import { FakeConnection, FakeSocket } from "./support/fake-page.js";
import { FakeWasm, say } from "./support/fake-wasm.js";

const connection = { host: "nowhere.invalid", config: { iceServers: [] } };
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

let wasm: FakeWasm;
let heard: unknown[][];
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
function start(options: MeshOptions = {}, loaded: Promise<Wasm> | Wasm = wasm): Mesh {
  const mesh = join(() => Promise.resolve(loaded), "room", { connection, ...options });
  for (const name of NAMES) {
    mesh.on(name, (...args: unknown[]) => heard.push([name, ...args.map((arg) => (arg instanceof MeshError ? arg.code : arg))]));
  }
  return mesh;
}
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
/** Lets the module say something. */
function tell(mesh: Mesh, ...records: Buffer[]): void {
  wasm.due.push(...records);
  mesh._disconnectHost();
}
/** A mesh whose module is there: it is waited for with the first offer. */
async function running(options?: MeshOptions): Promise<Mesh> {
  const mesh = start(options);
  await offered();
  return mesh;
}
/** The first offer is there. */
async function offered(): Promise<void> {
  await turn();
  FakeConnection.made[0]!.finds("a way");
  await made();
}
/** The module has been made use of. */
async function made(): Promise<void> {
  for (let turns = 0; turns < 100 && !wasm.config; turns++) await turn();
}
/** A promise that somebody else settles. */
function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => [resolve, reject] = [yes, no]);
  return { promise, resolve, reject };
}
const rejects = (promise: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof MeshError && error.code === code);

test("what cannot be is thrown at the call", () => {
  const never = (): Promise<Wasm> => assert.fail("nothing is loaded");
  const codeOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      return (error as MeshError).code;
    }
    return "none";
  };
  assert.equal(codeOf(() => join(never, "a--b")), "invalid-room");
  assert.equal(codeOf(() => join(never, "room", { mesh_limit: 0 })), "invalid-option");
  assert.equal(codeOf(() => join(never, "room", { initData: () => 1 })), "not-encodable");
  assert.equal(codeOf(() => join(never, "room", { initData: "x".repeat(70_000) })), "message-too-large");
  const config = { iceServers: 7 as never };
  assert.equal(codeOf(() => join(never, "room", { connection: { ...connection, config } })), "invalid-option");
  const sockets = FakeSocket.made;
  assert.deepEqual(sockets.map((socket) => socket.closed), [false], "that would be an error in the page's console");
  sockets[0]!.opens();
  assert.deepEqual(sockets.map((socket) => socket.closed), [true], "what was begun is ended");
});

test("the room's host is dialled before the module is there, and not again when that says so", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const [socket, connection] = [FakeSocket.made[0]!, FakeConnection.made[0]!];
  const [, id, token] = /&id=([0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})&token=([0-9a-f]{32})&/.exec(socket.url)!;
  socket.opens();
  socket.hears({ type: "OPEN" });
  await turn();
  assert.deepEqual(socket.said, [], "the offer has no candidate yet");
  connection.finds("one");
  connection.finds("another");
  await turn();
  await turn();
  const [offer, ...more] = socket.said;
  assert.deepEqual(more, []);
  const { connectionId } = offer!["payload"];
  assert.deepEqual(offer, {
    type: "OFFER", dst: "room",
    payload: {
      sdp: { sdp: "an offer with one with another", type: "offer" }, type: "data", connectionId, metadata: { mesh: { v: [1, 1] } },
      label: connectionId, reliable: true, serialization: "binary",
    },
  });
  connection.finds("a late one");
  socket.hears({ type: "ANSWER", src: "room", payload: { sdp: { sdp: "an answer", type: "answer" }, type: "data", connectionId } });
  wasm.due.push(say.openSession(0, id, token), say.dial(0, connectionId), say.offer(0, "room", connectionId, "an offer with one with another"));
  resolve(wasm);
  await made();
  await turn();
  assert.equal(FakeSocket.made.length, 1, "the session is taken over");
  assert.equal(FakeConnection.made.length, 1, "and so is the link");
  assert.deepEqual(socket.said, [offer]);
  const config = wasm.config!.toString("latin1");
  for (const part of [id!, token!, connectionId]) assert.ok(config.includes(part));
  assert.deepEqual(wasm.called("input"), [[3, 0, 0], [4, 0, 0], [0, 0, 0], [1, 0, 0], [1, 0, 0]],
    "described and the candidate that came later; then connected, OPEN and the answer, which would else be nothing's");
  wasm.due.push(say.offer(0, "room", connectionId, "an offer with one with another"), say.offer(0, "room", connectionId, "another"));
  mesh._disconnectHost();
  assert.equal(socket.said.length, 3, "what it says after that is said, also the same once more");
  await mesh.cleanup();
  assert.equal(socket.closed, true);
});

test("a module that never comes leaves nothing open", async () => {
  const mesh = start({}, later<Wasm>().promise);
  await mesh.cleanup();
  FakeSocket.made[0]!.opens();
  assert.deepEqual([FakeSocket.made[0]!.closed, FakeConnection.made[0]!.closed], [true, true]);
});

test("where there is no WebRTC the call says so", () => {
  const kept = globalThis.RTCPeerConnection;
  Reflect.deleteProperty(globalThis, "RTCPeerConnection");
  assert.throws(() => join(() => assert.fail("nothing is loaded"), "room", { connection }),
    (error) => error instanceof MeshError && error.code === "unsupported" && error.type === "browser-incompatible");
  globalThis.RTCPeerConnection = kept;
});

test("events have the arguments of their table", async () => {
  const mesh = await running();
  const value = wasm.data("data", "b", encode({ a: 1 }));
  const init = wasm.data("initData", "b", encode(["x"]));
  tell(mesh, say.joined("a"), say.peerJoined("b", ["a", "b"]), say.hostConnected(false, "b", 3), say.sync(["b", "a"]), value, init,
    say.gap("b", 4, 6), say.error(5, "closed"), say.sync(false));
  assert.deepEqual(heard, [
    ["joined", "a"], ["peerjoined", "b", ["a", "b"]], ["hostconnected", false, { host: "b", term: 3 }], ["sync", ["b", "a"]],
    ["data", { a: 1 }, "b"], ["initData", "b", ["x"]], ["gap", { from: "b", missing: [4, 6] }], ["error", "server-error"],
    ["sync", false],
  ]);
  assert.deepEqual([mesh.id, mesh.isjoined, mesh.isJoined(), mesh.issync, mesh.getPeers()], ["a", true, true, false, ["b", "a"]]);
  await mesh.cleanup();
});

test("a value does not change when the module uses its memory again", async () => {
  const mesh = await running();
  tell(mesh, wasm.data("data", "b", encode(new Uint8Array([1, 2, 3]))));
  wasm.forget();
  assert.deepEqual([...new Uint8Array(heard[0]![1] as ArrayBuffer)], [1, 2, 3]);
  await mesh.cleanup();
});

test("bytes that are no value are one error, and what follows comes", async () => {
  const mesh = await running();
  tell(mesh, wasm.data("data", "b", Uint8Array.of(0xd5)), wasm.data("data", "b", encode(2)));
  assert.deepEqual(heard, [["error", "internal"], ["data", 2, "b"]]);
  await mesh.cleanup();
});

test("a list belongs to who got it", async () => {
  const mesh = await running();
  mesh.on("sync", (peers) => peers && peers.push("intruder"));
  tell(mesh, say.sync(["a"]));
  assert.deepEqual(mesh.getPeers(), ["a"]);
  mesh.getPeers().push("intruder");
  assert.deepEqual(mesh.getPeers(), ["a"]);
  await mesh.cleanup();
});

test("what is sent before the module is there goes out in the order of the calls", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const sent = [mesh.send(1), mesh.send("two", "b"), mesh.send(null)];
  mesh.initData(4);
  assert.deepEqual(wasm.calls, []);
  resolve(wasm);
  await Promise.all(sent);
  assert.deepEqual(wasm.called("send"), [[[...encode(1)], ""], [[...encode("two")], "b"], [[...encode(null)], ""]]);
  assert.deepEqual(wasm.calls.map(([name]) => name), ["send", "send", "send", "set_init_data"]);
  await mesh.cleanup();
});

test("a value is taken as it is at the call", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const value = { n: 1 };
  const sent = mesh.send(value);
  value.n = 2;
  resolve(wasm);
  await sent;
  assert.deepEqual(wasm.called("send"), [[[...encode({ n: 1 })], ""]]);
  await mesh.cleanup();
});

test("a Blob holds back what is sent after it", async () => {
  const mesh = await running();
  const blob = later<ArrayBuffer>();
  const slow = new Blob(["ab"]);
  slow.arrayBuffer = () => blob.promise;
  const sent = [mesh.send(0), mesh.send(slow), mesh.send(2)];
  await sent[0];
  assert.equal(wasm.called("send").length, 1);
  blob.resolve(Uint8Array.of(97, 98).buffer);
  await Promise.all(sent);
  assert.deepEqual(wasm.called("send").map(([payload]) => payload), [[0], [0xa2, 97, 98], [2]]);
  await mesh.cleanup();
});

test("a Blob that cannot be read is rejected, and what is sent after it goes out", async () => {
  const mesh = await running();
  const broken = new Blob(["ab"]);
  broken.arrayBuffer = () => Promise.reject(new Error("gone"));
  const [first, second] = [mesh.send(broken), mesh.send(2)];
  await rejects(first, "not-encodable");
  await second;
  assert.deepEqual(wasm.called("send").map(([payload]) => payload), [[2]]);
  await mesh.cleanup();
});

test("of calls that wait for the module the 1025th is rejected", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const sent = Array.from({ length: 1024 }, (_, index) => mesh.send(index));
  await rejects(mesh.send("one more"), "buffer-full");
  resolve(wasm);
  await Promise.all(sent);
  assert.equal(wasm.called("send").length, 1024);
  await mesh.cleanup();
});

test("a burst goes out in turns between which the page has its own, in the order of the calls", async () => {
  const mesh = await running();
  let done = 0;
  for (let n = 0; n < 5000; n++) void mesh.send(n).then(() => (done += 1));
  const atOnce = wasm.called("send").length;
  assert.ok(atOnce > 0 && atOnce < 1000, `${atOnce} in the task of the calls`);
  const turns: number[] = [];
  while (done < 5000) {
    await turn();
    turns.push(wasm.called("send").length);
  }
  assert.ok(turns[0]! < 5000, "not all in the next task either");
  assert.deepEqual(wasm.called("send").map(([payload]) => payload), Array.from({ length: 5000 }, (_, n) => [...encode(n)]));
  await mesh.cleanup();
});

test("what still waits for its turn is handed over before leaving, and counts as buffered", async () => {
  const mesh = await running();
  for (let n = 0; n < 2000; n++) void mesh.send(n);
  assert.ok(mesh.status().buffered > 0);
  await mesh.cleanup();
  const names = wasm.calls.map(([name]) => name);
  assert.equal(names.filter((name) => name === "send").length, 2000);
  assert.ok(names.lastIndexOf("send") < names.indexOf("leave"));
});

test("more than the budget does not wait for its turn", async () => {
  const mesh = await running();
  const big = new Uint8Array(1 << 20);
  for (let n = 0; n < 300; n++) void mesh.send(n);
  const sent = Array.from({ length: 9 }, () => mesh.send(big));
  await rejects(sent.pop()!, "buffer-full");
  await Promise.all(sent);
  await mesh.send(big);
  await mesh.cleanup();
});

test("a send that waits is settled by its ticket", async () => {
  const mesh = await running();
  wasm.answers = [8, 9];
  const [accepted, refused] = [mesh.send(1), mesh.send(2)];
  let settled = false;
  void accepted.then(() => (settled = true));
  await turn();
  assert.equal(settled, false);
  tell(mesh, say.refused(8, 16), say.accepted(7));
  await accepted;
  await rejects(refused, "member-left");
  await mesh.cleanup();
});

test("a send that is refused at once is rejected with the module's code", async () => {
  const mesh = await running();
  wasm.answers = [-16, -15];
  await rejects(mesh.send(1, "x"), "unknown-member");
  await rejects(mesh.send(1), "buffer-full");
  await rejects(mesh.send(() => 1), "not-encodable");
  await rejects(mesh.send(1, ""), "unknown-member");
  await rejects(mesh.send(1, 7 as never), "invalid-option");
  assert.deepEqual(heard, []);
  await mesh.cleanup();
});

test("null, false and nothing at all mean everybody", async () => {
  const mesh = await running();
  await Promise.all([mesh.send(1), mesh.send(1, null), mesh.send(1, false), mesh.send(1, undefined)]);
  assert.deepEqual(wasm.called("send").map(([, to]) => to), ["", "", "", ""]);
  await mesh.cleanup();
});

test("a rejection that nobody looks at is one error event", async () => {
  const mesh = await running();
  wasm.answers = [-16];
  void mesh.send(1, "x");
  await turn();
  await turn();
  assert.deepEqual(heard, [["error", "unknown-member"]]);
  await mesh.cleanup();
});

test("a listener may call in; events keep their order", async () => {
  const mesh = await running();
  mesh.once("joined", () => {
    wasm.due.push(say.sync(["a"]));
    void mesh.send("from a listener");
  });
  tell(mesh, say.joined("a"), say.hostConnected(true, "a", 1));
  await turn();
  assert.deepEqual(heard.map(([name]) => name), ["joined", "hostconnected", "sync"]);
  assert.equal(wasm.called("send").length, 1);
  await mesh.cleanup();
});

test("no event is told in the middle of another", async () => {
  const mesh = await running();
  mesh.on("joined", () => {
    wasm.due.push(say.sync(["a"]));
    void mesh.send("from a listener");
    heard.push(["end of the listener"]);
  });
  tell(mesh, say.joined("a"));
  await turn();
  assert.deepEqual(heard.map(([name]) => name), ["joined", "end of the listener", "sync"]);
  await mesh.cleanup();
});

test("what happens while the module is drained is told when it has been", async () => {
  const kept = globalThis.WebSocket;
  globalThis.WebSocket = class {
    constructor() {
      throw new Error("a policy of the page forbids it");
    }
  } as never;
  const mesh = await running();
  tell(mesh, say.openSession(3), say.joined("a"));
  assert.deepEqual(wasm.called("input"), [[2, 3, 0]], "session 3 is closed: unreachable");
  assert.deepEqual(heard, [["joined", "a"]]);
  globalThis.WebSocket = kept;
  await mesh.cleanup();
});

test("a module that fails is one error and one left; everything that waits is answered", async () => {
  const mesh = await running();
  wasm.answers = [1];
  const waiting = mesh.send("waits");
  const [synced, joined] = [mesh.waitToSync(), mesh.waitToJoin()];
  wasm.traps = "send";
  await rejects(mesh.send("breaks"), "internal");
  assert.deepEqual(heard, [["error", "internal"], ["left"]]);
  for (const promise of [waiting, synced, joined, mesh.send("after"), mesh.waitToSync()]) await rejects(promise, "internal");
  assert.throws(() => mesh.initData(1), MeshError);
  await mesh.cleanup();
  assert.equal(mesh.status().signalling, "down");
  assert.deepEqual(heard, [["error", "internal"], ["left"]]);
  assert.equal(wasm.called("free").length, 0, "a module that failed is not called again");
});

test("a module that fails in a drain is one error and one left", async () => {
  const mesh = await running();
  wasm.traps = "drain";
  mesh._disconnectHost();
  assert.deepEqual(heard, [["error", "internal"], ["left"]]);
  await mesh.cleanup();
});

test("a module that cannot be loaded is one error and one left", async () => {
  const mesh = start({}, Promise.reject(new Error("refused")));
  const sent = mesh.send(1);
  await rejects(sent, "unsupported");
  assert.deepEqual(heard, [["error", "unsupported"], ["left"]]);
  await mesh.cleanup();
});

test("cleanup leaves, once, and frees the module; nothing is sent after it", async () => {
  const mesh = await running();
  await Promise.all([mesh.cleanup(), mesh.cleanup()]);
  assert.deepEqual(heard, [["left"]]);
  assert.deepEqual(wasm.called("leave"), [[false]]);
  assert.equal(wasm.called("free").length, 1);
  await rejects(mesh.send(1), "left");
  mesh._disconnectHost();
  assert.equal(mesh.isJoined(), false);
});

test("cleanup before the module is there joins nothing", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const sent = mesh.send(1);
  await mesh.cleanup();
  resolve(wasm);
  await rejects(sent, "left");
  await turn();
  assert.deepEqual(heard, [["left"]]);
  assert.equal(wasm.config, undefined);
});

test("waitToJoin and waitToSync resolve when it is so, and at once when it is so already", async () => {
  const mesh = await running();
  const [joined, synced] = [mesh.waitToJoin(), mesh.waitToSync()];
  tell(mesh, say.joined("a"), say.sync(false), say.sync(["a"]));
  assert.equal(await joined, true);
  assert.deepEqual(await synced, ["a"]);
  assert.equal(await mesh.waitToJoin(), true);
  assert.deepEqual(await mesh.waitToSync(), ["a"]);
  assert.deepEqual([mesh.listenerCount("sync"), mesh.listenerCount("joined"), mesh.listenerCount("left")], [1, 1, 1]);
  await mesh.cleanup();
});

test("waitToSync ends after sync_timeout, also when that is 0", async () => {
  const mesh = await running({ sync_timeout: 0 });
  await rejects(mesh.waitToSync(), "sync-timeout");
  await mesh.cleanup();
});

test("waitToJoin ends with join-timeout when the member does", async () => {
  const mesh = await running({ join_timeout: 5 });
  const joined = mesh.waitToJoin();
  tell(mesh, say.error(7, ""));
  await rejects(joined, "join-timeout");
  await mesh.cleanup();
});

for (const mode of ["host", "full"] as const) {
  test(`a status before anything happened has all its fields, and the mode ${mode}`, async () => {
    const mesh = start({ mesh_mode: mode }, later<Wasm>().promise);
    assert.deepEqual(mesh.status(), {
      id: "", room: "room", founding: "0".repeat(32), term: 0, host: null, isHost: false, mode, signalling: "down",
      buffered: 0, peers: [],
    });
    await mesh.cleanup();
  });
}
