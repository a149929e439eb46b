import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
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
