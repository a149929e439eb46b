/** What went wrong, as a word that programs can compare. */
export type MeshErrorCode =
  | "invalid-room" | "invalid-option" | "bad-command" | "server-unreachable" | "invalid-key" | "server-error"
  | "id-taken" | "join-timeout" | "sync-timeout" | "mesh-full" | "host-unavailable" | "version-mismatch"
  | "not-encodable" | "message-too-large" | "buffer-full" | "unknown-member" | "member-left" | "too-slow" | "left"
  | "media-denied" | "port-in-use" | "unsupported" | "internal" | "call-failed";

/**
 * Code, message, hint, PeerJS's word for it (empty where it has none). Their order is the numbering of the module.
 * What only programs come by has no words here.
 */
const TABLE: readonly (readonly [MeshErrorCode, string, string, string])[] = [
  ["invalid-room", "the room's name cannot be used",
    "use up to 128 letters and digits, with single spaces, - or _ between them", "invalid-id"],
  ["invalid-option", "an option cannot be used", "", ""],
  ["bad-command", "", "", ""],
  ["server-unreachable", "the signalling server cannot be reached",
    "check connection.host, port, path and secure, and that the server runs; it is tried again", "network"],
  ["invalid-key", "the signalling server refuses the key", "set connection.key to the server's key", "invalid-key"],
  ["server-error", "the signalling server reports an error", "", "server-error"],
  ["id-taken", "this id is taken at the signalling server", "", "unavailable-id"],
  ["join-timeout", "the room was not joined in time", "raise join_timeout, or check the server", ""],
  ["sync-timeout", "the room was not whole in time", "raise sync_timeout, or check the network", ""],
  ["mesh-full", "the room is full", "its host sets mesh_limit", ""],
  ["host-unavailable", "the room's host does not answer", "it is tried again", "peer-unavailable"],
  ["version-mismatch", "the room speaks another version", "use the same release everywhere", ""],
  ["not-encodable", "this value cannot be sent", "send plain objects, arrays, text, numbers, dates and bytes", ""],
  ["message-too-large", "the message is too large", "a message may weigh 256 MiB, init data 64 KiB", "message-too-big"],
  ["buffer-full", "too many messages are waiting", "await send() before the next one", ""],
  ["unknown-member", "no member has this id", "getPeers() lists who is there", "peer-unavailable"],
  ["member-left", "the member left before it got the message", "", ""],
  ["too-slow", "dropped: this member took nothing for too long", "", ""],
  ["left", "this member has left", "make a new one with mesh()", "disconnected"],
  ["media-denied", "camera or microphone was refused", "", ""],
  ["port-in-use", "", "", ""],
  ["unsupported", "not supported", "", ""],
  ["internal", "an error inside peerjs-mesh", "please report it", ""],
  ["call-failed", "no media connection to this member could be made",
    "it is tried again; behind strict networks a TURN server is needed", "webrtc"],
];

/** An error of a mesh. Its `code` says what; `hint` what to do about it. */
export class MeshError extends Error {
  override readonly name = "MeshError";
  /** What went wrong. */
  readonly code: MeshErrorCode;
  /** What to do about it; may be empty. */
  readonly hint: string;
  /** PeerJS's word for it; empty where it has none. */
  readonly type: string;

  /** `detail` is appended to the code's own text. */
  constructor(code: MeshErrorCode, detail = "", more: { hint?: string; cause?: unknown; type?: string } = {}) {
    const [, text, hint, type] = TABLE.find((row) => row[0] === code)!;
    super(detail ? `${text}: ${detail}` : text, "cause" in more ? { cause: more.cause } : undefined);
    this.code = code;
    this.hint = more.hint ?? hint;
    this.type = more.type ?? type;
  }
}

/** The code with that number in the module. */
export const codeOf = (number: number): MeshErrorCode => TABLE[number]?.[0] ?? "internal";

/** What the module tells besides the answers to calls. `detail`: the server's words, an id, or empty. */
export const toldError = (code: MeshErrorCode, detail: string): MeshError =>
  code === "unsupported"
    ? new MeshError(code, `${detail} is stock PeerJS or the original package`, {
        hint: "it was turned away: such members cannot be in the room yet",
      })
    : new MeshError(code, detail);
