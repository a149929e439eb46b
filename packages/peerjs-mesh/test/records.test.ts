import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf } from "../src/errors.js";
import {
  NEVER, readDrain, readStatus, writeCandidate, writeConfig, writeMessage, type Event, type Output,
} from "../src/records.js";
import type { FromServer, Signal } from "../src/signalling.js";
import { named, vector, vectors } from "./support/vectors.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const offer: Signal = {
  signal: "offer", connectionId: "dc_é", media: false, sdp: "v=0\r\n", label: "label", reliable: true,
  serialization: "binary", browser: undefined, mesh: { min: 1, max: 65535 },
};
const answer: Signal = { signal: "answer", connectionId: "mc_1", media: true, sdp: "", browser: "chrome", mesh: undefined };
const candidate = {
  signal: "candidate", connectionId: "", media: false, candidate: "candidate:1 1 udp 1 ::1 9 typ host", sdpMid: "0",
  sdpMLineIndex: 258, usernameFragment: undefined,
} as const;
const echo: Signal = { signal: "echo", nonce: 0xfedc_ba98_7654_3210n, term: Number.MAX_SAFE_INTEGER, member: "m" };

const MESSAGES: Record<string, FromServer> = {
  "open": { type: "open" },
  "id taken": { type: "id-taken" },
  "invalid key": { type: "invalid-key" },
  "error": { type: "error", message: "no" },
  "expire": { type: "expire", src: "room" },
  "leave": { type: "leave", src: "bob" },
  "unknown": { type: "unknown" },
  "relayed offer": { type: "relayed", src: "al", signal: offer },
  "relayed answer": { type: "relayed", src: "al", signal: answer },
  "relayed candidate": { type: "relayed", src: "al", signal: candidate },
  "relayed echo": { type: "relayed", src: "al", signal: echo },
};
for (const [name, message] of Object.entries(MESSAGES)) {
  test(`a server's "${name}" is written as the module reads it`, () => {
    assert.equal(hex(writeMessage(message)), vectors.get(name));
  });
}

test("a config is written as the module reads it", () => {
  const plain = { room: "room", id: "id", token: "token", connectionId: "dc", meshLimit: 0, healthMs: 500, joinTimeoutMs: NEVER, autoCall: NEVER, mode: "host", versions: [0, 0] } as const;
  assert.equal(hex(writeConfig(plain)), vectors.get("plain config"));
  const full = {
    room: "room", id: "id", token: "token", connectionId: "dc", meshLimit: 3, healthMs: 1000, joinTimeoutMs: 0, autoCall: 5, mode: "full", versions: [2, 3], initData: new Uint8Array([1, 2, 3]),
  } as const;
  assert.equal(hex(writeConfig(full)), vectors.get("full config"));
});

test("a record longer than the writer's first buffer is whole", () => {
  const long = "x".repeat(100_000);
  const bytes = writeCandidate({ ...candidate, candidate: long });
  assert.equal(Buffer.from(bytes).toString().indexOf(long), 9);
});

const link = 0x0102_0304;
const say = (signal: Signal): Output => ({ do: "sendSession", session: 1, message: { type: "relay", dst: "bob", signal } });
const OUTPUTS: Record<string, Output> = {
  "open session": { do: "openSession", session: 7, id: "a b", token: "t" },
  "say heartbeat": { do: "sendSession", session: 1, message: { type: "heartbeat" } },
  "say offer": say(offer),
  "say answer": say(answer),
  "say candidate": say(candidate),
  "say echo": say(echo),
  "close session": { do: "closeSession", session: 7 },
  "dial": { do: "dial", link, label: "dc_1" },
  "answer": { do: "answer", link, lanes: true, sdp: "v=0" },
  "accept": { do: "accept", link, lanes: false, sdp: "v=0" },
  "add candidate": { do: "addCandidate", link, candidate },
  "close link": { do: "closeLink", link },
  "media": { do: "media", link, dial: true },
};
const EVENTS: Record<string, Event> = {
  "joined": { event: "joined", id: "a" },
  "host connected": { event: "hostconnected", isHost: true, host: "a", term: 2 ** 40 },
  "sync": { event: "sync", peers: ["a", "é"] },
  "no sync": { event: "sync", peers: false },
  "host dropped": { event: "hostdropped" },
  "peer joined": { event: "peerjoined", id: "é", peers: ["a", "é"] },
  "peer dropped": { event: "peerdropped", id: "x", peers: [] },
  "limit exceeded": { event: "meshlimitexceeded", limit: 10, tries: 2 },
  "signalling down": { event: "signalling", up: false },
  "gap": { event: "gap", from: "a", first: 3, last: 2 ** 33 },
  "accepted": { event: "accepted", ticket: 9 },
  "refused": { event: "refused", ticket: 9, code: "member-left" },
  "fault": { event: "error", code: "server-error", detail: "closed" },
  "left": { event: "left" },
  "stream": { event: "stream", id: "a", link, kinds: 5 },
  "stream drop": { event: "streamdrop", id: "a" },
  "manual stream": { event: "manual-stream", id: "a" },
};

/** A memory that holds a drain of these records at that address. */
function memoryWith(records: Uint8Array, address: number, flags = 0, deadline = Infinity): ArrayBuffer {
  const memory = new ArrayBuffer(address + 16 + records.length + 64);
  const view = new DataView(memory, address);
  view.setUint32(0, 12 + records.length, true);
  view.setUint32(4, flags, true);
  view.setFloat64(8, deadline, true);
  new Uint8Array(memory).set(records, address + 16);
  return memory;
}

test("all that the module says is read, in order", () => {
  const names = [...Object.keys(OUTPUTS), ...Object.keys(EVENTS)];
  const memory = memoryWith(Buffer.concat(names.map(vector)), 1235, 1, 2e15);
  const said: (Output | Event)[] = [];
  const drained = readDrain(memory, 1235, (output) => said.push(output), (event) => said.push(event));
  assert.deepEqual(said, [...Object.values(OUTPUTS), ...Object.values(EVENTS)]);
  assert.deepEqual(drained, { more: true, deadline: 2e15 });
});

test("every error code has the number that the module gives it, and there is no other", () => {
  const codes = named("code ");
  assert.ok(codes.length >= 24, `${codes.length} codes`);
  const records = Buffer.concat(codes.map((code) => vector(`code ${code}`)));
  const said: unknown[] = [];
  readDrain(memoryWith(records, 8), 8, () => assert.fail("nothing is to be done"), (event) => said.push(event));
  assert.deepEqual(said, codes.map((code) => ({ event: "error", code, detail: "" })));
  // What has no row of its own is an error inside: a row more than the module knows would be none.
  const others = Array.from({ length: 256 - codes.length }, (_, n) => codeOf(codes.length + n));
  assert.deepEqual(new Set(others), new Set(["internal"]));
});

test("a frame and a value are views of the module's memory, not copies", () => {
  const records = Buffer.from([8, 5, 0, 0, 0, 1, 4, 0, 0, 0, 3, 0, 0, 0, 38, 1, 0, 0, 0, 97, 5, 0, 0, 0, 2, 0, 0, 0]);
  const memory = memoryWith(records, 64);
  new Uint8Array(memory).set([10, 11, 12], 4);
  const said: unknown[] = [];
  readDrain(memory, 64, (output) => {
    assert.ok(output.do === "send" && output.frame.buffer === memory);
    said.push(output.link, output.lane, [...output.frame]);
  }, (event) => {
    assert.ok(event.event === "data" && event.data.buffer === memory);
    said.push(event.id, [...event.data]);
  });
  assert.deepEqual(said, [5, 1, [10, 11, 12], "a", [11, 12]]);
});

test("a record of an unknown kind is an error, not silence", () => {
  for (const kind of [0, 12, 31, 50, 255]) {
    const memory = memoryWith(Uint8Array.of(kind, 0, 0, 0, 0, 0), 8);
    assert.throws(() => readDrain(memory, 8, () => undefined, () => undefined), RangeError, String(kind));
  }
});

test("a status is read as the module writes it", () => {
  const record = vector("status");
  const memory = new ArrayBuffer(8 + record.length);
  new DataView(memory).setUint32(4, record.length, true);
  new Uint8Array(memory).set(record, 8);
  assert.deepEqual(readStatus(memory, 4), {
    id: "a", room: "room", founding: "00112233445566778899aabbccddeeff", term: 5, host: "b", isHost: false,
    signalling: true, buffered: 2 ** 20,
    peers: [{ id: "b", direct: true, rttMs: 1.5 }, { id: "c", direct: false, rttMs: null }],
  });
});
