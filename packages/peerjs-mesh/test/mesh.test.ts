import assert from "node:assert/strict";
import { test } from "node:test";
import { MeshError } from "../src/errors.js";
import { join } from "../src/mesh.js";
import { encode } from "../src/value.js";
import type { Wasm } from "../src/wasm.js";
import { FakeConnection, FakeSocket } from "./support/fake-page.js";
import { say } from "./support/fake-wasm.js";
import { connection, heard, later, made, rejects, running, start, tell, turn, until, wasm } from "./support/fake-mesh.js";

test("the offer leaves before the module's loading begins, which would hold it up", async () => {
  let saidBefore: number | undefined;
  const mesh = join(() => {
    saidBefore = FakeSocket.made[0]!.said.length;
    return later<Wasm>().promise;
  }, "room", { connection });
  FakeSocket.made[0]!.opens();
  FakeSocket.made[0]!.hears({ type: "OPEN" });
  await turn();
  FakeConnection.made[0]!.finds("a way");
  await until(() => saidBefore !== undefined);
  assert.equal(saidBefore, 1);
  await mesh.cleanup();
});

test("a browser that makes no offer has its module all the same: join_timeout can be told", async (t) => {
  t.mock.method(FakeConnection.prototype, "createOffer", () => later<object>().promise);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const mesh = start();
  await turn();
  assert.equal(wasm.config, undefined);
  t.mock.timers.tick(1_000);
  await made();
  assert.notEqual(wasm.config, undefined);
  await mesh.cleanup();
});

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

for (const lanes of [true, false]) {
  test(`what the host answers is applied before the module is there, and told when the member accepts it: ${lanes ? "a member" : "PeerJS"}`, async () => {
    const { promise, resolve } = later<Wasm>();
    const mesh = start({}, promise);
    const [socket, connection] = [FakeSocket.made[0]!, FakeConnection.made[0]!];
    const [, id, token] = /&id=([^&]+)&token=([^&]+)&/.exec(socket.url)!;
    socket.opens();
    socket.hears({ type: "OPEN" });
    await turn();
    connection.finds("one");
    await turn();
    await turn();
    const { connectionId } = socket.said[0]!["payload"];
    const answer = (to: string, sdp: string, src = "room"): void =>
      socket.hears({ type: "ANSWER", src, payload: { sdp: { sdp, type: "answer" }, type: "data", connectionId: to } });
    answer("another's", "another answer");
    answer(connectionId, "a stranger's answer", "stranger");
    answer(connectionId, "an answer");
    answer(connectionId, "the same once more");
    await turn();
    assert.deepEqual(connection.remote, ["an answer"]);
    connection.connects();
    wasm.due.push(say.openSession(0, id, token), say.dial(0, connectionId));
    resolve(wasm);
    await made();
    await turn();
    const opened = (): unknown[][] => wasm.called("input").filter(([kind]) => kind === 5);
    assert.deepEqual(opened(), [], "the member does not know of the answer yet");
    wasm.due.push(say.accept(0, lanes, "an answer"));
    mesh._disconnectHost();
    await turn();
    assert.deepEqual(connection.remote, ["an answer"], "once");
    assert.equal(opened().length, lanes ? 0 : 1, "with lanes it is open when all of them are");
    connection.connects();
    assert.equal(opened().length, 1);
    await mesh.cleanup();
  });
}

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
