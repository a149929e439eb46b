import assert from "node:assert/strict";
import { test } from "node:test";
import { pack } from "../pack.mjs";
import { model, unpack } from "../src/unpack.js";

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

for (const length of [0, 1, 2, 300, 5000, 20_000]) {
  test(`what was packed is taken out: ${length} bytes`, async () => {
    const bytes = sample(length + 1, length);
    assert.deepEqual(await unpack(await pack(bytes, model)), bytes);
  });
}

test("bytes that say nothing about the next are taken out too, and repeats weigh nearly nothing", async () => {
  const noise = Uint8Array.from({ length: 5000 }, (_, i) => Math.imul(i * i + 1, 0x9e3779b1) >>> 24);
  assert.deepEqual(await unpack(await pack(noise, model)), noise);
  const zeros = new Uint8Array(10_000);
  const packed = await pack(zeros, model);
  assert.ok(packed.length < 100, `${packed.length} bytes`);
  assert.deepEqual(await unpack(packed), zeros);
});

test("what is packed is the same wherever it is packed", async () => {
  const packed = Buffer.from(await pack(sample(7, 300), model)).toString("base64");
  assert.equal(packed, "AAABLI6Kke/Vw0MJN1d3jGgntSqkF4MKo63N");
});
