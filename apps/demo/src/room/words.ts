import { MeshError } from "peerjs-mesh";

/** What to tell a person of an error of the room. */
export function inPlainWords(error: unknown): string {
  if (!(error instanceof MeshError)) return `Something went wrong: ${error instanceof Error ? error.message : String(error)}.`;
  switch (error.code) {
    case "invalid-room":
      return "A room’s name has only letters and digits, in groups between hyphens.";
    case "server-unreachable":
      return "The server does not answer.";
    case "invalid-key":
      return "The server does not let this page in: it asks for another key.";
    case "version-mismatch":
      return "The others in this room use another version of this page. Everybody should reload it.";
    case "too-slow":
      return "This device was too busy to follow and fell out of the room. It is coming back.";
    case "host-unavailable":
      return "The person who holds the room does not answer. Still trying.";
    case "join-timeout":
    case "sync-timeout":
      return "The room could not be entered in time.";
    case "message-too-large":
      return "That is too long to be sent.";
    case "buffer-full":
      return "Too much waits to be sent. Try again in a moment.";
    case "unknown-member":
    case "member-left":
      return "That person has left.";
    case "left":
      return "You have left the room.";
    case "media-denied":
      return "The browser did not allow the camera or the microphone.";
    case "unsupported":
      return `This browser cannot do that: ${error.message}.`;
    default:
      return [error.message, error.hint].filter(Boolean).map(sentence).join(" ");
  }
}

const sentence = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1).replace(/\.?$/, ".");

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
