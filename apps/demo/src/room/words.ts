import { MeshError, type MeshErrorCode } from "peerjs-mesh";

/** What to tell a person of an error of the room. */
export function inPlainWords(error: unknown): string {
  if (!(error instanceof MeshError)) return OUR_FAULT;
  if (error.code !== "unsupported") return WORDS[error.code];
  return isStranger(error) ? "Another kind of program tried to come in and was turned away." : TOO_OLD;
}

/** Of the two things that "unsupported" says, this one: the other end is no member of ours. Nothing is wrong with this page. */
export const isStranger = (error: MeshError): boolean =>
  error.code === "unsupported" && error.type !== "browser-incompatible" && error.cause === undefined;

/** What nobody but who made this page can put right. The rest of such an error is for the console. */
export const OUR_FAULT = "Something went wrong in this page. Reloading it may help.";

const TOO_OLD = "This browser cannot take part: something that calls need is missing or switched off. The newest Chrome, Edge, Firefox and Safari can.";

const LATE = "The room could not be entered in time.";
const GONE = "That person has left.";

/** One for each, so that a new code is not built without words of its own. */
const WORDS: Record<Exclude<MeshErrorCode, "unsupported">, string> = {
  "invalid-room": "A room’s name has only letters and digits, in groups between hyphens.",
  "server-unreachable": "The server does not answer.",
  "invalid-key": "The server does not let this page in: it asks for another key.",
  "server-error": "The server has trouble of its own. Try again in a while.",
  "id-taken": "The server takes this page for one that is open already. Reload it.",
  "version-mismatch": "The others in this room use another version of this page. Everybody should reload it.",
  "too-slow": "This device was too busy to follow and fell out of the room. It is coming back.",
  "host-unavailable": "The person who holds the room does not answer. Still trying.",
  "join-timeout": LATE,
  "sync-timeout": LATE,
  "mesh-full": "The room is full.",
  "message-too-large": "That is too long to be sent.",
  "buffer-full": "Too much waits to be sent. Try again in a moment.",
  "unknown-member": GONE,
  "member-left": GONE,
  "left": "You have left the room.",
  "media-denied": "The browser did not allow the camera or the microphone.",
  "call-failed": "Somebody cannot be seen or heard yet: no way was found between your networks. It is tried again.",
  "invalid-option": OUR_FAULT,
  "bad-command": OUR_FAULT,
  "not-encodable": OUR_FAULT,
  "port-in-use": OUR_FAULT,
  "internal": OUR_FAULT,
};

/** Text as it was written, anything else as JSON: programs may be in the room, too. */
export function readable(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof ArrayBuffer) return `${value.byteLength} bytes`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
