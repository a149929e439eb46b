import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { unpack } from "../src/unpack.js";

/** Bytes with repeats near and far, short and long, always the same for a seed. */
function sample(seed: number, length: number): Uint8Array {
  const bytes: number[] = [];
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
  while (bytes.length < length) {
    const kind = below(4);
    if (bytes.length < 16 || kind === 0) {
      for (let count = 1 + below(6); count--;) bytes.push(97 + below(20));
    } else {
      const distance = 1 + below(Math.min(bytes.length, [4, 300, 60_000][kind - 1]!));
      for (let count = 1 + below([4, 40, 400][kind - 1]!); count--;) bytes.push(bytes[bytes.length - distance]!);
    }
  }
  return Uint8Array.from(bytes.slice(0, length));
}

const { rows } = JSON.parse(readFileSync(new URL("../../../testdata/lzma.json", import.meta.url), "utf8"));
for (const { seed, length, packed } of rows as { seed: number; length: number; packed: string }[]) {
  test(`what liblzma packed is taken out: ${length} bytes`, () => {
    const bytes = Uint8Array.from(Buffer.from(packed, "base64"));
    assert.deepEqual(unpack(bytes), sample(seed, length));
  });
}
