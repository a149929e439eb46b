/** Reads and writes the byte records of the module; their layout is written down in crates/wasm/src/records.rs. */

import { codeOf, type MeshErrorCode } from "./errors.js";
import { MODES, type Mode } from "./options.js";
import type { Answer, Candidate, FromServer, Mark, Offer, Signal, ToServer } from "./signalling.js";
import { hex, textOf, utf8 } from "./utf8.js";

/** "No limit" and "no value". */
export const NEVER = 0xffff_ffff;

/** The kinds of input. */
export const Input = {
  SessionConnected: 0, SessionReceived: 1, SessionClosed: 2, LinkDescribed: 3, LinkCandidate: 4,
  LinkOpened: 5, LinkReceived: 6, LinkDrained: 7, LinkClosed: 8, MediaSignal: 9, Media: 10,
} as const;
/** Why a session is no more. */
export const SessionEnd = { Unreachable: 0, Closed: 1, Garbage: 2 } as const;
/** Why a link is no more. */
export const LinkEnd = { Closed: 0, Failed: 1 } as const;

/** How far a media connection is. */
export const MediaState = { Described: 0, Opened: 1, Failed: 2 } as const;

/** What a member is told once. */
export interface Config {
  room: string;
  /** The own one, and its token at the signalling server. */
  id: string;
  token: string;
  /** The first link's. */
  connectionId: string;
  /** 0: none. */
  meshLimit: number;
  healthMs: number;
  /** {@link NEVER}: none. */
  joinTimeoutMs: number;
  /** How many streams come by themselves. */
  autoCall: number;
  mode: Mode;
  /** Only tests change it. */
  versions: readonly [number, number];
  initData?: Uint8Array;
}

/** What the driver has to do. */
export type Output =
  | { do: "openSession"; session: number; id: string; token: string }
  | { do: "sendSession"; session: number; message: ToServer }
  | { do: "closeSession"; session: number }
  | { do: "dial"; link: number; label: string }
  | { do: "answer" | "accept"; link: number; lanes: boolean; sdp: string }
  | { do: "addCandidate"; link: number; candidate: Candidate }
  | { do: "send"; link: number; lane: number; frame: Uint8Array<ArrayBuffer> }
  | { do: "closeLink"; link: number }
  | { do: "media"; link: number; dial: boolean }
  | { do: "mediaSignal"; link: number; signal: Uint8Array };

/** What the user hears. */
export type Event =
  | { event: "joined"; id: string }
  | { event: "hostconnected"; isHost: boolean; host: string; term: number }
  | { event: "sync"; peers: string[] | false }
  | { event: "hostdropped" }
  | { event: "peerjoined" | "peerdropped"; id: string; peers: string[] }
  | { event: "data" | "initData"; id: string; data: Uint8Array }
  | { event: "meshlimitexceeded"; limit: number; tries: number }
  | { event: "signalling"; up: boolean }
  | { event: "gap"; from: string; first: number; last: number }
  | { event: "accepted"; ticket: number }
  | { event: "refused"; ticket: number; code: MeshErrorCode }
  | { event: "error"; code: MeshErrorCode; detail: string }
  | { event: "left" }
  | { event: "stream"; id: string; link: number; kinds: number }
  | { event: "streamdrop" | "manual-stream"; id: string };

/** A picture of the member. */
export interface Picture {
  id: string; room: string; founding: string; term: number; host: string | null; isHost: boolean;
  signalling: boolean; buffered: number;
  peers: { id: string; direct: boolean; rttMs: number | null }[];
}

class Writer {
  #bytes = new Uint8Array(512);
  #length = 0;

  #room(size: number): DataView {
    if (this.#length + size > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#length + size));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    const view = new DataView(this.#bytes.buffer, this.#length, size);
    this.#length += size;
    return view;
  }
  u8(value: number | boolean): void { this.#room(1).setUint8(0, Number(value)); }
  u16(value: number): void { this.#room(2).setUint16(0, value, true); }
  u32(value: number): void { this.#room(4).setUint32(0, value, true); }
  num(value: number): void { this.#room(8).setFloat64(0, value, true); }
  u64(value: bigint): void { this.#room(8).setBigUint64(0, value, true); }
  raw(value: Uint8Array): void {
    const { byteOffset } = this.#room(value.length);
    this.#bytes.set(value, byteOffset);
  }
  str(value: string): void {
    const bytes = utf8(value);
    this.u32(bytes.length);
    this.raw(bytes);
  }
  opt<T>(value: T | undefined, write: (value: T) => void): void {
    this.u8(value !== undefined);
    if (value !== undefined) write.call(this, value);
  }
  take(): Uint8Array { return this.#bytes.subarray(0, this.#length); }
}

/** A *config* record. */
export function writeConfig(config: Config): Uint8Array {
  const w = new Writer();
  w.str(config.room);
  w.str(config.id);
  w.str(config.token);
  w.str(config.connectionId);
  w.u32(config.meshLimit);
  w.u32(config.healthMs);
  w.u32(config.joinTimeoutMs);
  w.u32(config.autoCall);
  w.u8(MODES.indexOf(config.mode));
  config.versions.forEach((version) => w.u16(version));
  if (config.initData) w.raw(config.initData);
  return w.take();
}

/** A *message from the server* record. */
export function writeMessage(message: FromServer): Uint8Array {
  const w = new Writer();
  const kinds = ["open", "id-taken", "invalid-key", "error", "expire", "leave", "relayed", "unknown"] as const;
  w.u8(kinds.indexOf(message.type));
  if (message.type === "error") w.str(message.message);
  if ("src" in message) w.str(message.src);
  if (message.type === "relayed") putSignal(w, message.signal);
  return w.take();
}

/** A *candidate* record. */
export function writeCandidate(candidate: Candidate): Uint8Array {
  const w = new Writer();
  putCandidate(w, candidate);
  return w.take();
}

function putSignal(w: Writer, signal: Signal): void {
  w.u8((["offer", "answer", "candidate", "echo"] as const).indexOf(signal.signal));
  if (signal.signal === "echo") {
    w.u64(signal.nonce);
    w.num(signal.term);
    w.str(signal.member);
  } else if (signal.signal === "candidate") {
    putCandidate(w, signal);
  } else {
    w.str(signal.connectionId);
    w.u8(signal.media);
    w.str(signal.sdp);
    if (signal.signal === "offer") {
      w.opt(signal.label, w.str);
      w.u8(signal.reliable === undefined ? 0 : signal.reliable ? 2 : 1);
      w.opt(signal.serialization, w.str);
    }
    w.opt(signal.browser, w.str);
    w.opt(signal.mesh, ({ min, max }) => {
      w.u16(min);
      w.u16(max);
    });
  }
}

function putCandidate(w: Writer, candidate: Candidate): void {
  w.str(candidate.connectionId);
  w.u8(candidate.media);
  w.str(candidate.candidate);
  w.opt(candidate.sdpMid, w.str);
  w.opt(candidate.sdpMLineIndex, w.u16);
  w.opt(candidate.usernameFragment, w.str);
}

class Reader {
  readonly #view: DataView<ArrayBuffer>;
  #at = 0;

  constructor(readonly memory: ArrayBuffer, address: number, length: number) {
    this.#view = new DataView(memory, address, length);
  }
  #skip(size: number): number {
    const at = this.#at;
    this.#at += size;
    return at;
  }
  more(): boolean { return this.#at < this.#view.byteLength; }
  u8(): number { return this.#view.getUint8(this.#skip(1)); }
  flag(): boolean { return this.u8() !== 0; }
  u16(): number { return this.#view.getUint16(this.#skip(2), true); }
  u32(): number { return this.#view.getUint32(this.#skip(4), true); }
  num(): number { return this.#view.getFloat64(this.#skip(8), true); }
  u64(): bigint { return this.#view.getBigUint64(this.#skip(8), true); }
  raw(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory, this.#view.byteOffset + this.#skip(length), length);
  }
  str(): string { return textOf(this.raw(this.u32())); }
  opt<T>(read: () => T): T | undefined { return this.flag() ? read.call(this) : undefined; }
  list(): string[] { return Array.from({ length: this.u32() }, () => this.str()); }
  /** Bytes elsewhere in the memory. Good until the module is called again. */
  view(): Uint8Array<ArrayBuffer> {
    const address = this.u32();
    return new Uint8Array(this.memory, address, this.u32());
  }
}

/** What a drain says before its records. */
export interface Drained {
  /** Whether to drain again. */
  more: boolean;
  /** When to call `timeout`, in microseconds; infinity: never. */
  deadline: number;
}

/** Reads a drain at this address: `act` for each thing to do, `hear` for each event, in order. */
export function readDrain(
  memory: ArrayBuffer, address: number, act: (output: Output) => void, hear: (event: Event) => void,
): Drained {
  // An address with its highest bit set comes out of the module as a negative number.
  const start = address >>> 0;
  const length = new DataView(memory, start, 4).getUint32(0, true);
  const r = new Reader(memory, start + 4, length);
  const more = (r.u32() & 1) !== 0;
  const deadline = r.num();
  while (r.more()) {
    const kind = r.u8();
    if (kind < 32) act(readOutput(r, kind));
    else hear(readEvent(r, kind));
  }
  return { more, deadline };
}

function readOutput(r: Reader, kind: number): Output {
  const name = r.u32();
  switch (kind) {
    case 1: return { do: "openSession", session: name, id: r.str(), token: r.str() };
    case 2: return { do: "sendSession", session: name, message: readToServer(r) };
    case 3: return { do: "closeSession", session: name };
    case 4: return { do: "dial", link: name, label: r.str() };
    case 5: return { do: "answer", link: name, lanes: r.flag(), sdp: r.str() };
    case 6: return { do: "accept", link: name, lanes: r.flag(), sdp: r.str() };
    case 7: return { do: "addCandidate", link: name, candidate: readCandidate(r) };
    case 8: return { do: "send", link: name, lane: r.u8(), frame: r.view() };
    case 9: return { do: "closeLink", link: name };
    case 10: return { do: "media", link: name, dial: r.flag() };
    case 11: return { do: "mediaSignal", link: name, signal: r.view() };
    default: throw new RangeError(`record ${kind}`);
  }
}

function readEvent(r: Reader, kind: number): Event {
  switch (kind) {
    case 32: return { event: "joined", id: r.str() };
    case 33: return { event: "hostconnected", isHost: r.flag(), host: r.str(), term: r.num() };
    case 34: return { event: "sync", peers: r.opt(r.list) ?? false };
    case 35: return { event: "hostdropped" };
    case 36: return { event: "peerjoined", id: r.str(), peers: r.list() };
    case 37: return { event: "peerdropped", id: r.str(), peers: r.list() };
    case 38: return { event: "data", id: r.str(), data: r.view() };
    case 39: return { event: "initData", id: r.str(), data: r.view() };
    case 40: return { event: "meshlimitexceeded", limit: r.u32(), tries: r.u32() };
    case 41: return { event: "signalling", up: r.flag() };
    case 42: return { event: "gap", from: r.str(), first: r.num(), last: r.num() };
    case 43: return { event: "accepted", ticket: r.u32() };
    case 44: return { event: "refused", ticket: r.u32(), code: codeOf(r.u8()) };
    case 45: return { event: "error", code: codeOf(r.u8()), detail: r.str() };
    case 46: return { event: "left" };
    case 47: return { event: "stream", id: r.str(), link: r.u32(), kinds: r.u8() };
    case 48: return { event: "streamdrop", id: r.str() };
    case 49: return { event: "manual-stream", id: r.str() };
    default: throw new RangeError(`record ${kind}`);
  }
}

function readToServer(r: Reader): ToServer {
  if (!r.flag()) return { type: "heartbeat" };
  return { type: "relay", dst: r.str(), signal: readSignal(r) };
}

function readSignal(r: Reader): Signal {
  switch (r.u8()) {
    case 0: return readOffer(r);
    case 1: return readAnswer(r);
    case 2: return readCandidate(r);
    default: return { signal: "echo", nonce: r.u64(), term: r.num(), member: r.str() };
  }
}

const readMark = (r: Reader) => (): Mark => ({ min: r.u16(), max: r.u16() });

function readOffer(r: Reader): Offer {
  return {
    signal: "offer", connectionId: r.str(), media: r.flag(), sdp: r.str(), label: r.opt(r.str),
    reliable: [undefined, false, true][r.u8()], serialization: r.opt(r.str), browser: r.opt(r.str),
    mesh: r.opt(readMark(r)),
  };
}

function readAnswer(r: Reader): Answer {
  return {
    signal: "answer", connectionId: r.str(), media: r.flag(), sdp: r.str(), browser: r.opt(r.str),
    mesh: r.opt(readMark(r)),
  };
}

function readCandidate(r: Reader): Candidate {
  return {
    signal: "candidate", connectionId: r.str(), media: r.flag(), candidate: r.str(), sdpMid: r.opt(r.str),
    sdpMLineIndex: r.opt(r.u16), usernameFragment: r.opt(r.str),
  };
}

/** Reads a status at this address. */
export function readStatus(memory: ArrayBuffer, address: number): Picture | undefined {
  const start = address >>> 0;
  const length = new DataView(memory, start, 4).getUint32(0, true);
  if (length === 0) return undefined;
  const r = new Reader(memory, start + 4, length);
  return {
    id: r.str(), room: r.str(),
    founding: hex(r.raw(16)),
    term: r.num(), host: r.opt(r.str) ?? null, isHost: r.flag(), signalling: r.flag(), buffered: r.num(),
    peers: Array.from({ length: r.u32() }, () => {
      const id = r.str();
      const direct = r.flag();
      const micros = r.u32();
      return { id, direct, rttMs: micros === NEVER ? null : micros / 1000 };
    }),
  };
}
