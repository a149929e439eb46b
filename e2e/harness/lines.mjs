// The lines of `peerjs-mesh join --json`: every event, its fields and their types. A line that is otherwise breaks what
// scripts rely on, whatever else the member does well.

const type = (name, is) => ({ name, is });
const optional = (field) => ({ ...field, optional: true });

const text = type("text", (value) => typeof value === "string");
const truth = type("true or false", (value) => typeof value === "boolean");
const number = type("a number", (value) => typeof value === "number");
const whole = type("a whole number from 0", (value) => Number.isSafeInteger(value) && value >= 0);
/** Data and tags: whatever JSON can say. */
const any = type("anything", (value) => value !== undefined);

const word = (...words) => type(words.map((each) => JSON.stringify(each)).join(" or "), (value) => words.includes(value));
const like = (name, pattern) => type(name, (value) => typeof value === "string" && pattern.test(value));
const either = (one, other) => type(`${one.name} or ${other.name}`, (value) => one.is(value) || other.is(value));
const list = (item) => type(`a list of ${item.name}`, (value) => Array.isArray(value) && value.every(item.is));
const object = (name, fields) => type(name, (value) => wrongField(value, fields) === undefined);

const nothing = word(null);
const ids = list(text);
const id = like("an id", /./);
const tag = optional(any);
const state = word("up", "down");

const peer = object("{id, dialect, path, rttMs}", {
  id,
  dialect: word("ours", "original", "peerjs"),
  path: word("direct", "member", "relay"),
  rttMs: either(number, nothing),
});

const CODES = [
  "invalid-room", "invalid-option", "bad-command", "server-unreachable", "invalid-key", "server-error", "id-taken",
  "join-timeout", "sync-timeout", "mesh-full", "host-unavailable", "version-mismatch", "not-encodable", "message-too-large",
  "buffer-full", "unknown-member", "member-left", "too-slow", "left", "media-denied", "port-in-use", "unsupported",
  "internal", "call-failed",
];

/** By event: the fields besides `event` and `t`. */
export const LINES = {
  joined: { id },
  hostconnected: { ishost: truth, host: id, term: whole },
  sync: { peers: either(ids, word(false)) },
  peerjoined: { id, peers: ids },
  peerdropped: { id, peers: ids },
  data: { from: id, data: any },
  initData: { id, data: any },
  stream: { id },
  streamdrop: { id },
  hostdropped: {},
  meshlimitexceeded: { limit: whole, tries: whole },
  signalling: { state },
  gap: { from: id, missing: type("two numbers, the first not after the last", (value) => isRange(value)) },
  // A command may have come without a tag: then its answer has none.
  sent: { tag },
  status: {
    id: text,
    room: text,
    founding: like("32 hex digits", /^[0-9a-f]{32}$/),
    term: whole,
    host: either(id, nothing),
    isHost: truth,
    mode: word("host", "full"),
    signalling: state,
    buffered: whole,
    peers: list(peer),
    tag,
  },
  error: { code: word(...CODES), message: text, hint: text, tag },
  left: {},
};

/** A page (`e2e/agent.html`) says more: what only pages can tell, and answers that are for tests alone. */
export const PAGE_LINES = {
  ...LINES,
  streamchanged: { id, audio: truth, video: truth, muted: truth },
  "manual-stream": { id },
  called: { tag },
  media: { streams: type("an object", (value) => value !== null && typeof value === "object"), sent: whole, connections: any, tag },
  watching: { tag },
  watched: { intervals: list(number), black: whole, tag },
  hushed: { count: whole, tag },
};

/** The lines of a crowd (`crates/peerjs-mesh/examples/crowd.rs`) tell which of its members says them. */
export const CROWD_LINES = Object.fromEntries(Object.entries(LINES).map(([event, fields]) => [event, { member: whole, ...fields }]));

const isRange = (value) => Array.isArray(value) && value.length === 2 && value.every(whole.is) && value[0] <= value[1];

/** What is wrong with an object's fields, in words; undefined if nothing is. */
function wrongField(value, fields) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "is no object";
  for (const [name, field] of Object.entries(fields)) {
    const has = Object.hasOwn(value, name);
    if (!has && !field.optional) return `has no ${name}`;
    if (has && !field.is(value[name])) return `has a ${name} that is not ${field.name}`;
  }
  const strange = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
  return strange === undefined ? undefined : `has a ${strange}, which is not of it`;
}

/** What is wrong with a line, read as JSON, by one of the tables above: in words; undefined if nothing is. */
export function wrongWith(event, lines) {
  if (typeof event?.event !== "string") return "no object with an event";
  if (!Object.hasOwn(lines, event.event)) return `no such event: ${event.event}`;
  const wrong = wrongField(event, { event: text, t: number, ...lines[event.event] });
  return wrong && `${event.event} ${wrong}`;
}
