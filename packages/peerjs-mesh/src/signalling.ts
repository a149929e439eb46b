/** The words that members exchange through a PeerServer, typed. Text ↔ words; the words themselves are core's business. */

import { isObject } from "./options.js";
import { utf8 } from "./utf8.js";

/** The lowest and the highest wire version that the sender speaks. */
export interface Mark { min: number; max: number }

export interface Offer {
  signal: "offer"; connectionId: string; media: boolean; sdp: string;
  label?: string; reliable?: boolean; serialization?: string; browser?: string; mesh?: Mark;
}
export interface Answer {
  signal: "answer"; connectionId: string; media: boolean; sdp: string; browser?: string; mesh?: Mark;
}
export interface Candidate {
  signal: "candidate"; connectionId: string; media: boolean;
  candidate: string; sdpMid?: string; sdpMLineIndex?: number; usernameFragment?: string;
}
export interface Echo { signal: "echo"; nonce: bigint; term: number; member: string }

export type Signal = Offer | Answer | Candidate | Echo;

export type FromServer =
  | { type: "open" } | { type: "id-taken" } | { type: "invalid-key" } | { type: "unknown" }
  | { type: "error"; message: string }
  | { type: "expire"; src: string } | { type: "leave"; src: string }
  | { type: "relayed"; src: string; signal: Signal };

export type ToServer = { type: "heartbeat" } | { type: "relay"; dst: string; signal: Signal };

/** Why a text is no message of a server's. The last three may be the fault of the client whose words it passes on. */
export type NotReadable = "not-JSON" | "not-an-object" | "too-long" | "too-deep" | "bad-message";

type Json = Record<string, unknown>;

/** The longest text read, bytes. */
const LONGEST = 1 << 20;
/** How deep objects and arrays may stand in each other. */
const DEEPEST = 64;

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const isU16 = (value: unknown): value is number => Number.isInteger(value) && (value as number) >>> 16 === 0;

/** What a server's text says, or why it says nothing. */
export function parse(text: string): FromServer | NotReadable {
  if (text.length * 3 > LONGEST && utf8(text).length > LONGEST) return "too-long";
  if (isDeep(text)) return "too-deep";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "not-JSON";
  }
  return isObject(json) ? parseMessage(json) : "not-an-object";
}

/** Whether brackets outside of strings open deeper than allowed. */
function isDeep(text: string): boolean {
  if ((text.match(/[[{]/g)?.length ?? 0) <= DEEPEST) return false;
  let depth = 0;
  // Strings are taken whole. One without an end is one, too: what fails is tried again from each quote within.
  for (const [piece] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[[{]|[\]}]/gs)) {
    if (piece === "[" || piece === "{") depth += 1;
    else if (piece === "]" || piece === "}") depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return true;
  }
  return false;
}

function parseMessage(json: Json): FromServer | "bad-message" {
  const type = json["type"];
  const src = textOf(json["src"]);
  const payload = isObject(json["payload"]) ? json["payload"] : undefined;
  switch (type) {
    case "OPEN": return { type: "open" };
    case "ID-TAKEN": return { type: "id-taken" };
    case "INVALID-KEY": return { type: "invalid-key" };
    case "ERROR": return { type: "error", message: textOf(payload?.["msg"]) ?? "" };
    case "EXPIRE": return src === undefined ? "bad-message" : { type: "expire", src };
    case "LEAVE": return src === undefined ? "bad-message" : { type: "leave", src };
    case "OFFER": case "ANSWER": case "CANDIDATE": break;
    default: return { type: "unknown" };
  }
  const kind = textOf(payload?.["type"]);
  if (!payload || kind === undefined) return "bad-message";
  let signal: Signal | undefined;
  if (type === "CANDIDATE" && kind === "mesh-echo") signal = parseEcho(payload);
  else if (kind === "data" || kind === "media") signal = parseConnection(type, kind === "media", payload);
  else return { type: "unknown" };
  return src === undefined || !signal ? "bad-message" : { type: "relayed", src, signal };
}

function parseConnection(type: "OFFER" | "ANSWER" | "CANDIDATE", media: boolean, payload: Json): Signal | undefined {
  const connectionId = textOf(payload["connectionId"]);
  if (connectionId === undefined) return undefined;
  const head = { connectionId, media };
  if (type === "CANDIDATE") return parseCandidate(head, payload["candidate"]);

  const sdp = isObject(payload["sdp"]) ? textOf(payload["sdp"]["sdp"]) : undefined;
  if (sdp === undefined) return undefined;
  const browser = textOf(payload["browser"]);
  if (type === "ANSWER") return { signal: "answer", ...head, sdp, browser, mesh: parseMark(payload["mesh"]) };
  const metadata = payload["metadata"];
  return {
    signal: "offer", ...head, sdp, label: textOf(payload["label"]),
    reliable: typeof payload["reliable"] === "boolean" ? payload["reliable"] : undefined,
    serialization: textOf(payload["serialization"]), browser,
    mesh: isObject(metadata) ? parseMark(metadata["mesh"]) : undefined,
  };
}

function parseCandidate(head: { connectionId: string; media: boolean }, candidate: unknown): Candidate | undefined {
  if (!isObject(candidate) || typeof candidate["candidate"] !== "string") return undefined;
  const index = candidate["sdpMLineIndex"];
  return {
    signal: "candidate", ...head, candidate: candidate["candidate"], sdpMid: textOf(candidate["sdpMid"]),
    sdpMLineIndex: isU16(index) ? index : undefined, usernameFragment: textOf(candidate["usernameFragment"]),
  };
}

function parseEcho({ nonce, term, member }: Json): Echo | undefined {
  if (typeof nonce !== "string" || !/^[0-9a-f]{16}$/.test(nonce)) return undefined;
  if (!Number.isSafeInteger(term) || (term as number) < 0 || typeof member !== "string") return undefined;
  return { signal: "echo", nonce: BigInt(`0x${nonce}`), term: term as number, member };
}

/** Our mark. Anything else in its place is a stock program's own business. */
function parseMark(mark: unknown): Mark | undefined {
  const v = isObject(mark) ? mark["v"] : undefined;
  if (!Array.isArray(v) || v.length !== 2) return undefined;
  const [min, max] = v as unknown[];
  return isU16(min) && isU16(max) && min <= max ? { min, max } : undefined;
}

/** The text of a message to the server. */
export function stringify(message: ToServer): string {
  if (message.type === "heartbeat") return '{"type":"HEARTBEAT"}';
  const { signal, dst } = message;
  const type = signal.signal === "echo" ? "CANDIDATE" : signal.signal.toUpperCase();
  return JSON.stringify({ type, dst, payload: payloadOf(signal) });
}

function payloadOf(signal: Signal): Json {
  if (signal.signal === "echo") {
    const { nonce, term, member } = signal;
    return { type: "mesh-echo", nonce: nonce.toString(16).padStart(16, "0"), term, member };
  }
  const head = { type: signal.media ? "media" : "data", connectionId: signal.connectionId };
  if (signal.signal === "candidate") {
    // The browser's own JSON form: absent fields are null.
    const { candidate, sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = signal;
    return { candidate: { candidate, sdpMid, sdpMLineIndex, usernameFragment }, ...head };
  }
  const { sdp, browser, mesh } = signal;
  const mark = mesh && { v: [mesh.min, mesh.max] };
  if (signal.signal === "answer") return { sdp: { sdp, type: "answer" }, ...head, mesh: mark, browser };
  const { label, reliable, serialization } = signal;
  return { sdp: { sdp, type: "offer" }, ...head, metadata: mark && { mesh: mark }, browser, label, reliable, serialization };
}
