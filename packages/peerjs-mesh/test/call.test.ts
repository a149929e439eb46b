import assert from "node:assert/strict";
import { after, before, beforeEach, mock, test } from "node:test";
import { MeshError } from "../src/errors.js";
import { join, type Mesh, type MeshEvents } from "../src/mesh.js";
import { FakeConnection, FakeStream, FakeTrack } from "./support/fake-media.js";
import { FakeSocket } from "./support/fake-page.js";
import { FakeWasm, say } from "./support/fake-wasm.js";

const SIGNAL = 9, MEDIA = 10;
const DESCRIBED = 0, OPENED = 1, FAILED = 2;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

let wasm: FakeWasm;
let mesh: Mesh;
let heard: unknown[][];
let warned: string[];
const warn = console.warn;
before(() => {
  Object.assign(globalThis, {
    RTCPeerConnection: FakeConnection, WebSocket: FakeSocket, MediaStream: FakeStream,
  });
  console.warn = (text: string) => void warned.push(text);
});
after(() => (console.warn = warn));
beforeEach(async () => {
  wasm = new FakeWasm();
  heard = [];
  warned = [];
  FakeConnection.all = [];
  FakeConnection.refuses = undefined;
  mesh = join(() => Promise.resolve(wasm), "room", { connection: { host: "nowhere.invalid", config: { iceServers: [] } } });
  const names: (keyof MeshEvents)[] = ["stream", "streamchanged", "streamdrop", "manual-stream", "error"];
  for (const name of names) {
    mesh.on(name, (...args: unknown[]) => heard.push([name, ...args.map((arg) => (arg instanceof MeshError ? arg.code : arg))]));
  }
  while (!wasm.config) await turn();
});

const stream = (...tracks: FakeTrack[]): MediaStream => new FakeStream(tracks) as never;
const track = (kind: "audio" | "video", id: string): FakeTrack => new FakeTrack(kind, id);
/** Lets the module say something, and what follows from that happen. */
async function tell(...records: Buffer[]): Promise<void> {
  wasm.due.push(...records);
  mesh._disconnectHost();
  await turn();
}
const signals = (): unknown[][] => wasm.called("input").filter(([kind]) => kind === SIGNAL).map(([, ...args]) => args);
/** The connections that came to this state. */
const inState = (state: number): unknown[] =>
  wasm.called("input").filter(([kind, , extra]) => kind === MEDIA && extra === state).map(([, id]) => id);
const gives = (): unknown[] => wasm.called("give").map(([kinds]) => kinds);
const rejects = (promise: Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(promise, (error) => error instanceof MeshError && error.code === code);

test("a dialled connection offers both kinds, whether there is something to send or not", async () => {
  await tell(say.media(7, true));
  const [connection] = FakeConnection.all;
  assert.equal(connection!.config.bundlePolicy, "max-bundle");
  assert.deepEqual(connection!.sent, [undefined, undefined]);
  assert.deepEqual(connection!.transceivers.map(({ direction }) => direction), ["sendrecv", "sendrecv"]);
  assert.deepEqual(signals(), [[7, JSON.stringify({ type: "offer", sdp: "o" })]]);
  assert.deepEqual(connection!.offers, [{ iceRestart: false }]);
  connection!.becomes("connected");
  assert.deepEqual(inState(OPENED), [7]);
  await mesh.cleanup();
  assert.ok(connection!.closed);
});

test("an answered connection sends and receives too, and candidates wait for the offer", async () => {
  const [a, v] = [track("audio", "a"), track("video", "v")];
  await mesh.call(stream(a, v));
  const candidate = { candidate: "c", sdpMid: "0" };
  await tell(say.media(8, false), wasm.mediaSignal(8, JSON.stringify(candidate)));
  const [connection] = FakeConnection.all;
  assert.deepEqual(connection!.candidates, []);
  await tell(wasm.mediaSignal(8, JSON.stringify({ type: "offer", sdp: "o" })), wasm.mediaSignal(8, JSON.stringify({ candidate: "bad" })));
  assert.deepEqual(connection!.candidates, [candidate, { candidate: "bad" }]);
  assert.deepEqual(connection!.sent, ["a", "v"]);
  assert.deepEqual(connection!.transceivers.map(({ direction }) => direction), ["sendrecv", "sendrecv"]);
  assert.deepEqual(signals(), [[8, JSON.stringify({ type: "answer", sdp: "a" })]]);
  assert.deepEqual([inState(DESCRIBED), inState(FAILED)], [[8], []], "a candidate that is of no use does no harm");
  await mesh.cleanup();
});

test("of two answers the second does nothing", async () => {
  await tell(say.media(1, true));
  const answer = JSON.stringify({ type: "answer", sdp: "a" });
  await tell(wasm.mediaSignal(1, answer));
  await tell(wasm.mediaSignal(1, answer));
  assert.deepEqual(FakeConnection.all[0]!.remote, ["answer"]);
  assert.deepEqual(inState(FAILED), []);
  await mesh.cleanup();
});

test("a connection that failed is dialled again in place, by another way", async () => {
  await tell(say.media(1, true));
  FakeConnection.all[0]!.becomes("failed");
  assert.deepEqual(inState(FAILED), [1]);
  await tell(say.media(1, true));
  assert.equal(FakeConnection.all.length, 1);
  assert.deepEqual(FakeConnection.all[0]!.offers, [{ iceRestart: false }, { iceRestart: true }]);
  await mesh.cleanup();
});

for (const signal of ["no JSON", "null", "[]", '{"type":"offer"}x', "7"]) {
  test(`what a remote says may be ${signal}`, async () => {
    await tell(say.media(1, true), wasm.mediaSignal(1, signal));
    await mesh.cleanup();
    assert.deepEqual(heard, []);
  });
}

test("a browser that refuses a connection is a failure of that connection only", async () => {
  FakeConnection.refuses = new Error("too many");
  await tell(say.media(3, true));
  assert.deepEqual(inState(FAILED), [3]);
  assert.deepEqual(heard, []);
  await mesh.cleanup();
});

test("much that is to be told at once is told a little at a time, in order, and the page answers in between", async () => {
  const links = Array.from({ length: 50 }, (_, link) => link);
  await tell(...links.map((link) => say.media(link, true)));
  wasm.tells = 100;
  for (const connection of FakeConnection.all) connection.becomes("connected");
  assert.deepEqual(inState(OPENED), links.slice(0, 10), "a thousand events in one go");
  assert.equal(heard.length, 1_000);
  for (let answers = 0; heard.length < 5_000; answers++) {
    assert.ok(answers < 1_000, "the rest is told");
    await turn();
  }
  assert.deepEqual(inState(OPENED), links);
  assert.deepEqual(heard.map(([, id]) => id), links.flatMap((link) => Array.from({ length: 100 }, (_, n) => `${link}-${n}`)));
  wasm.tells = 0;
  await mesh.cleanup();
});

test("pictures are small until a while after the last connection was made", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const soon = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  wasm.due.push(say.media(1, true));
  mesh._disconnectHost();
  await soon();
  const { transceivers: [, picture] } = FakeConnection.all[0]!;
  assert.equal(picture!.sender.scale, 4);
  FakeConnection.all[0]!.becomes("connected");
  mock.timers.tick(1_400);
  FakeConnection.all[0]!.becomes("connected");
  mock.timers.tick(1_400);
  assert.equal(picture!.sender.scale, 4);
  mock.timers.tick(200);
  await soon();
  assert.equal(picture!.sender.scale, 1);
  mock.timers.reset();
  await mesh.cleanup();
});

test("an offer that comes again leaves pictures as large as they are", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const hear = async (...records: Buffer[]): Promise<void> => {
    wasm.due.push(...records);
    mesh._disconnectHost();
    for (let i = 0; i < 40; i++) await Promise.resolve();
  };
  const offer = (): Buffer => wasm.mediaSignal(8, JSON.stringify({ type: "offer", sdp: "o" }));
  await hear(say.media(8, false), offer());
  const { transceivers: [, picture] } = FakeConnection.all[0]!;
  assert.equal(picture!.sender.scale, 4);
  FakeConnection.all[0]!.becomes("connected");
  mock.timers.tick(1_600);
  await hear(offer());
  assert.equal(FakeConnection.all[0]!.remote.length, 2);
  assert.equal(picture!.sender.scale, 1);
  mock.timers.reset();
  await mesh.cleanup();
});

test("a stream is one object from its beginning to its end; its tracks come and go", async () => {
  await tell(say.media(1, true), say.media(2, true));
  await tell(say.stream("b", 1, 3));
  const [, first] = heard[0]! as [string, unknown];
  const given = first as unknown as FakeStream;
  assert.deepEqual(heard, [["stream", given, "b"], ["streamchanged", "b", { audio: true, video: true, muted: false }]]);
  assert.deepEqual(given.ids, ["0-audio", "0-video"]);
  heard.length = 0;
  await tell(say.stream("b", 1, 5));
  assert.deepEqual(given.ids, ["0-audio"]);
  // On another connection.
  await tell(say.stream("b", 2, 2));
  assert.deepEqual(given.ids, ["1-video"]);
  await tell(say.stream("b", 2, 0));
  assert.deepEqual(given.ids, []);
  const none = { audio: false, video: false, muted: false };
  assert.deepEqual(heard, [
    ["streamchanged", "b", { ...none, audio: true, muted: true }], ["streamchanged", "b", { ...none, video: true }], ["streamchanged", "b", none],
  ]);
  heard.length = 0;
  await tell(say.streamDrop("b"), say.manualStream("c"), say.stream("b", 1, 1));
  assert.deepEqual(heard.map(([name]) => name), ["streamdrop", "manual-stream", "stream", "streamchanged"]);
  assert.notEqual(heard[2]![1], given, "the next stream is another");
  await mesh.cleanup();
});

test("call replaces tracks on every connection and says what there is", async () => {
  await tell(say.media(1, true), say.media(2, true));
  const sent = (): (string | undefined)[][] => FakeConnection.all.map((connection) => connection.sent);
  await mesh.call(stream(track("audio", "a"), track("video", "v")));
  assert.deepEqual(sent(), [["a", "v"], ["a", "v"]]);
  await mesh.call(stream(track("video", "screen")));
  assert.deepEqual(sent(), [["a", "screen"], ["a", "screen"]], "the sound goes on");
  await mesh.call(stream(track("audio", "b")), false);
  assert.deepEqual(sent(), [["b", undefined], ["b", undefined]], "the picture does not");
  await mesh.call(undefined, false);
  assert.deepEqual(sent(), [[undefined, undefined], [undefined, undefined]]);
  await mesh.call(stream(track("audio", "c"), track("video", "u")));
  mesh.disconnectCall();
  await turn();
  assert.deepEqual(gives(), [3, 3, 1, 0, 3, 255]);
  assert.deepEqual(sent(), [[undefined, undefined], [undefined, undefined]], "who has hung up sends nothing, though a connection stays");
  await mesh.call(stream(track("video", "w")));
  assert.deepEqual(sent()[0], [undefined, "w"], "what was given before hanging up is not kept");
  await mesh.cleanup();
});

test("who has muted stays muted, whatever it gives", async () => {
  const [a, b] = [track("audio", "a"), track("audio", "b")];
  mesh.mute();
  await mesh.call(stream(a));
  await mesh.call(stream(b));
  assert.deepEqual([a.enabled, b.enabled], [false, false]);
  mesh.mute(false);
  assert.equal(b.enabled, true);
  assert.deepEqual(gives(), [255, 5, 5, 1]);
  await mesh.cleanup();
});

test("a track that ends by itself is dropped for everybody, an old one's end is nobody's business", async () => {
  const [a, old, v] = [track("audio", "a"), track("video", "old"), track("video", "v")];
  await tell(say.media(1, true));
  await mesh.call(stream(a, old));
  await mesh.call(stream(v));
  old.ends();
  assert.deepEqual(gives(), [3, 3]);
  v.ends();
  assert.deepEqual([gives(), FakeConnection.all[0]!.sent], [[3, 3, 1], ["a", undefined]]);
  await mesh.cleanup();
});

test("of several tracks of a kind the first counts, with one warning", async () => {
  await tell(say.media(1, true));
  const two = stream(track("video", "v"), track("video", "w"), track("audio", "a"));
  await mesh.call(two);
  await mesh.call(two);
  assert.deepEqual(FakeConnection.all[0]!.sent, ["a", "v"]);
  assert.equal(warned.length, 1);
  await mesh.cleanup();
});

test("what is no stream, and an id that is nobody's, are rejected", async () => {
  await rejects(mesh.call({} as never), "invalid-option");
  wasm.answers = [-16];
  await rejects(mesh.callPeer("x"), "unknown-member");
  await mesh.callPeer("b");
  assert.deepEqual(wasm.called("call_peer"), [["x"], ["b"]]);
  await mesh.cleanup();
  await rejects(mesh.call(stream()), "left");
  await rejects(mesh.callPeer("b"), "left");
  mesh.disconnectCall();
  mesh.mute();
});

test("a link that is closed and is a media connection's is closed as one", async () => {
  await tell(say.media(1, true), say.closeLink(1));
  assert.ok(FakeConnection.all[0]!.closed);
  FakeConnection.all[0]!.becomes("failed");
  await turn();
  assert.deepEqual([inState(FAILED), signals()], [[], []]);
  await mesh.cleanup();
});
