// The vector file that the Rust tests of crates/protocol read too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode, encode } from "../src/value.js";
import { fromTagged, toTagged } from "../src/tagged.js";

interface Row { name: string; json: string; hex: string; only?: "js" | "rust"; reads?: string; read?: boolean; error?: boolean }
const url = new URL("../../../testdata/values.json", import.meta.url);
const { rows } = JSON.parse(readFileSync(url, "utf8")) as { rows: Row[] };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));

/** Deep and strict; two invalid dates are the same. */
function same(a: unknown, b: unknown): void {
  if (a instanceof Date && b instanceof Date) assert.ok(Object.is(a.getTime(), b.getTime()));
  else assert.deepStrictEqual(a, b);
}

test("the vector file is whole", () => assert.ok(rows.length > 150, `${rows.length} rows`));

for (const row of rows.filter(({ error }) => error)) {
  test(`no value: ${row.name}`, () => assert.throws(() => decode(unhex(row.hex))));
}

for (const row of rows.filter(({ error }) => !error)) {
  test(`value: ${row.name}`, () => {
    const written = fromTagged(JSON.parse(row.json));
    if (!row.read && row.only !== "rust") assert.equal(hex(encode(written)), row.hex);
    const json = row.reads ?? row.json;
    const value = fromTagged(JSON.parse(json));
    const read = decode(unhex(row.hex));
    same(read, value);
    assert.equal(JSON.stringify(toTagged(read)), JSON.stringify(JSON.parse(json)), "tagged again");
    // The same from the middle of a larger buffer.
    const padded = unhex(`ffff${row.hex}ffff`);
    same(decode(padded.subarray(2, padded.length - 2)), value);
  });
}
