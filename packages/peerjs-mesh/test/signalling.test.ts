import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { writeMessage } from "../src/records.js";
import { parse, stringify, type FromServer, type Signal, type ToServer } from "../src/signalling.js";

interface Row {
  name: string; from: "server" | "client"; text?: string; build?: [piece: string, times: number][];
  parsed?: Record<string, unknown>; error?: string; writes?: boolean;
}
const url = new URL("../../../testdata/signalling.json", import.meta.url);
const rows = (JSON.parse(readFileSync(url, "utf8")) as { rows: Row[] }).rows;
const textOf = (row: Row): string => row.text ?? row.build!.map(([piece, times]) => piece.repeat(times)).join("");

const textOfUtf8 = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text));

const TYPES: Record<string, string> = { "id-taken": "idTaken", "invalid-key": "invalidKey" };

/** Our words in those of the vector file, where absent fields are null. */
function plain(message: FromServer | ToServer | string): unknown {
  if (typeof message === "string") return message;
  const type = TYPES[message.type] ?? message.type;
  return { ...message, type, ...("signal" in message ? { signal: plainSignal(message.signal) } : {}) };
}

function plainSignal(signal: Signal): unknown {
  const { signal: type, ...fields } = signal;
  const entries = Object.entries(fields).map(([key, value]) => {
    if (key === "media") return ["kind", value ? "media" : "data"];
    if (key === "mesh" && value) return [key, [(value as { min: number }).min, (value as { max: number }).max]];
    if (key === "nonce") return [key, (value as bigint).toString(16).padStart(16, "0")];
    return [key, value ?? null];
  });
  return { type, ...Object.fromEntries(entries) as object };
}

/** The vector file's words in ours. */
function ours(parsed: Record<string, unknown>): ToServer {
  if (parsed["type"] === "heartbeat") return { type: "heartbeat" };
  const { type, kind, mesh, nonce, ...rest } = parsed["signal"] as Record<string, unknown>;
  const fields = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, value ?? undefined]));
  return {
    type: "relay", dst: parsed["dst"] as string,
    signal: {
      signal: type, ...fields,
      ...(kind === undefined ? {} : { media: kind === "media" }),
      ...(mesh ? { mesh: { min: (mesh as number[])[0], max: (mesh as number[])[1] } } : {}),
      ...(nonce === undefined ? {} : { nonce: BigInt(`0x${nonce as string}`) }),
    } as Signal,
  };
}

for (const row of rows.filter(({ from }) => from === "server")) {
  test(`a server's ${row.name} reads as ${row.error ?? "its words"}`, () => {
    // Half a character stays one in JavaScript's text, and becomes U+FFFD on its way into the module.
    const read = JSON.stringify(plain(parse(textOf(row))), (_key, value: unknown) => typeof value === "string" ? textOfUtf8(value) : value);
    assert.deepEqual(JSON.parse(read), row.error ?? row.parsed);
  });
}

for (const row of rows.filter(({ from, writes }) => from === "client" && writes)) {
  test(`our ${row.name} is written as PeerJS writes it`, () => {
    assert.equal(stringify(ours(row.parsed!)), row.text);
  });
}

for (const row of rows.filter(({ from, writes, parsed }) => from === "server" && writes && parsed?.["type"] === "relayed")) {
  test(`${row.name} goes out as it comes in`, () => {
    const { src: _src, ...rest } = JSON.parse(textOf(row)) as Record<string, unknown>;
    const message = parse(textOf(row)) as { signal: Signal };
    assert.equal(stringify({ type: "relay", dst: rest["dst"] as string, signal: message.signal }), JSON.stringify(rest));
  });
}

/** The same numbers from the same seed: MESH_SEED, or 1. */
const SEED = Number(BigInt.asUintN(32, BigInt(process.env["MESH_SEED"] ?? 1)));
let state = SEED;
const random = (below: number): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const one = <T>(of: readonly T[]): T => of[random(of.length)]!;

const seeds = rows.map(textOf).filter((text) => text.length < 4096);
/** Keys and texts that mean something where they stand, and some that do nowhere. */
const WORDS = [...new Set(seeds.join().match(/[\w-]+/g))].concat("", "__proto__", "constructor", "\ud800", "\0", "00000000000000ff");
const NUMBERS = [0, -0, 1, -1, 0.5, 65_535, 65_536, 2 ** 53 - 1, 2 ** 53, 1e300];

function anyJson(depth: number): unknown {
  const kind = random(depth > 0 ? 7 : 5);
  if (kind < 2) return one(WORDS);
  if (kind === 2) return one(NUMBERS);
  if (kind < 5) return one([null, true, false, "data", "media", "mesh-echo"]);
  const values = Array.from({ length: random(5) }, () => anyJson(depth - 1));
  return kind === 5 ? values : Object.fromEntries(values.map((value) => [one(WORDS), value]));
}

/** With one of its parts another. */
function changedJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !random(4)) return anyJson(3);
  const entries = Object.entries(value);
  if (entries.length === 0) return anyJson(3);
  const [key, part] = one(entries);
  if (Array.isArray(value)) return value.with(Number(key), changedJson(part));
  return { ...value, [random(4) ? key : one(WORDS)]: changedJson(part) };
}

/** With a few letters others, gone, doubled or from elsewhere. */
function changedText(text: string): string {
  for (let change = random(4); change >= 0; change--) {
    const at = random(text.length + 1);
    const [before, after] = [text.slice(0, at), text.slice(at)];
    const more = one([text, one(seeds)]).slice(random(text.length)).slice(0, random(16));
    text = one([
      before + after.slice(1), before, before + more + after, before + "[".repeat(random(80)) + after,
      before + one([...'{}[]",:\\-0e.u ']) + after.slice(random(2)), before + String.fromCharCode(random(0x1_0000)) + after.slice(1),
    ]);
  }
  return text;
}

const anyText = (): string => {
  switch (random(4)) {
    case 0: return JSON.stringify(anyJson(5));
    case 1: return changedText(one(seeds));
    case 2: return String.fromCharCode(...Array.from({ length: random(40) }, () => random(one([128, 0x1_0000]))));
    default: {
      const seed = one(seeds);
      return parse(seed) === "not-JSON" ? changedText(seed) : JSON.stringify(changedJson(JSON.parse(seed)));
    }
  }
};

/** What the text is; throws if something does not hold of it that must. */
function outcome(text: string): string {
  const read = parse(text);
  if (typeof read === "string") return read;
  assert.ok(writeMessage(read).length > 0, "the module is told");
  if (read.type === "relayed") {
    const { signal, src } = read;
    const relay = JSON.parse(stringify({ type: "relay", dst: "", signal })) as object;
    assert.equal(JSON.stringify(plain(parse(JSON.stringify({ ...relay, src })))), JSON.stringify(plain(read)), "it comes back");
    return signal.signal;
  }
  return read.type;
}

test("any text is a message or a reason why it is none, and a message comes back from its own text", () => {
  const came = new Set<string>();
  for (let count = 1; count <= 20_000; count++) {
    const text = anyText();
    try {
      came.add(outcome(text));
    } catch (cause) {
      throw new Error(`seed ${SEED}, input ${count}: ${JSON.stringify(text)}`, { cause });
    }
  }
  assert.deepEqual([...came].sort(), [
    "answer", "bad-message", "candidate", "echo", "error", "expire", "id-taken", "invalid-key", "leave", "not-JSON",
    "not-an-object", "offer", "open", "too-deep", "unknown",
  ], "each of them came, and nothing else");
});

test("the time that a text takes grows with its length only, however it is malformed", () => {
  // More brackets than may be open, so that they are counted; 40 000 times 40 000 steps would be many seconds.
  const many = 40_000;
  const texts = ['"'.repeat(many), '"' + '\\"'.repeat(many), '"' + '\\"'.repeat(many) + "\\", '"\\'.repeat(many), "[".repeat(many), "]".repeat(many)];
  for (const text of texts) {
    const began = performance.now();
    assert.ok(["not-JSON", "too-deep"].includes(outcome("[]".repeat(100) + text)));
    const took = performance.now() - began;
    assert.ok(took < 2_000, `${took} ms for ${text.slice(0, 8)}`);
  }
});
