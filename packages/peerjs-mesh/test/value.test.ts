// What values mean in JavaScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, encodeWithBlobs } from "../src/value.js";
import { fromTagged, toTagged } from "../src/tagged.js";

const trip = (value: unknown): unknown => decode(encode(value));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** That a value is refused, for this reason, at this place. */
function refuses(value: unknown, message: string): void {
  assert.throws(() => encode(value), { name: "Error", code: "not-encodable", message });
}

test("plain values come back as they were", () => {
  const values = [
    null, undefined, true, false, 0, -0, 1, -1, 0.5, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 2 ** 53, -(2 ** 53),
    2 ** 60, "", "text", "é😃\0", [], [[]], {}, { a: { b: [1, "2", null] } }, [undefined], { a: undefined }, new Date(0),
    new Date(8.64e15),
  ];
  for (const value of values) assert.deepStrictEqual(trip(value), value);
  assert.deepStrictEqual(trip(values), values);
  assert.ok(Number.isNaN((trip(new Date(NaN)) as Date).getTime()), "an invalid date stays one");
});

test("an integer beyond 2^53 is a number where it is exact, else a BigInt", () => {
  const cases: [bigint, number | bigint][] = [
    [5n, 5], [-5n, -5], [2n ** 53n, 2 ** 53], [2n ** 53n + 1n, 2n ** 53n + 1n], [-(2n ** 53n) - 1n, -(2n ** 53n) - 1n],
    [2n ** 60n, 2 ** 60], [2n ** 63n - 1n, 2n ** 63n - 1n], [2n ** 63n, 2 ** 63], [2n ** 63n + 1n, 2n ** 63n + 1n],
    [2n ** 64n - 1n, 2n ** 64n - 1n], [-(2n ** 63n), -(2 ** 63)],
  ];
  for (const [sent, read] of cases) assert.strictEqual(trip(sent), read);
  refuses({ n: 2n ** 64n }, "value.n: an integer beyond 64 bits cannot be sent");
  refuses(-(2n ** 63n) - 1n, "value: an integer beyond 64 bits cannot be sent");
});

test("whatever holds bytes arrives as an ArrayBuffer of just those bytes", () => {
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const views = [
    buffer, new Uint8Array(buffer), new DataView(buffer), new Float64Array(buffer), new BigInt64Array(buffer),
    new Uint16Array(buffer), Buffer.from(buffer), new Uint8ClampedArray(buffer),
  ];
  for (const view of views) {
    const read = trip([view, 1]) as [ArrayBuffer, number];
    assert.ok(read[0] instanceof ArrayBuffer);
    assert.deepStrictEqual(read, [buffer, 1]);
  }
  assert.deepStrictEqual(trip(new Uint16Array(buffer, 2, 2)), new Uint8Array([3, 4, 5, 6]).buffer);
  assert.deepStrictEqual(trip(new DataView(buffer, 7)), new Uint8Array([8]).buffer);
});

test("what is read does not share memory with the bytes it was read from", () => {
  const bytes = encode(new Uint8Array([1, 2, 3]));
  for (const given of [bytes, Buffer.from(bytes)]) {
    const read = decode(given) as ArrayBuffer;
    given.fill(0);
    assert.deepStrictEqual([...new Uint8Array(read)], [1, 2, 3]);
  }
});

test("what is written is not overwritten by the next", () => {
  const first = encode("first");
  const text = hex(first);
  encode("other");
  encode("x".repeat(5000));
  assert.equal(hex(first), text);
});

test("instances of classes are maps of their own properties", () => {
  class Point { x = 1; #secret = 2; get sum(): number { return this.x + this.#secret; } static s = 3; }
  assert.deepStrictEqual(trip(new Point()), { x: 1 });
  assert.deepStrictEqual(trip(Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3 } })), { own: 2 });
  assert.deepStrictEqual(trip({ [Symbol("s")]: 1, a: 2 }), { a: 2 });
  assert.deepStrictEqual(trip({ get g() { return 5; } }), { g: 5 });
  assert.deepStrictEqual(trip({ toJSON: 1, toBinaryPack: 2 }), { toJSON: 1, toBinaryPack: 2 });
});

test("holes of arrays are undefined, other properties of arrays are not sent", () => {
  const list = Object.assign([1, , 3], { extra: 1 });
  assert.deepStrictEqual(trip(list), [1, undefined, 3]);
});

test("__proto__ is a key as any other and sets no prototype", () => {
  const sent = JSON.parse('{"__proto__":{"polluted":true},"a":1}') as object;
  const read = trip(sent) as Record<string, unknown>;
  assert.deepStrictEqual(Object.keys(read), ["__proto__", "a"]);
  assert.strictEqual(Object.getPrototypeOf(read), Object.prototype);
  assert.strictEqual(read["polluted"], undefined);
  assert.deepStrictEqual(Object.getOwnPropertyDescriptor(read, "__proto__"),
    { value: { polluted: true }, writable: true, enumerable: true, configurable: true });
  assert.strictEqual(({} as Record<string, unknown>)["polluted"], undefined);
});

test("a surrogate without its partner becomes U+FFFD", () => {
  assert.strictEqual(trip("a\ud800b"), "a\ufffdb");
  assert.strictEqual(trip("\udc00\ud800"), "\ufffd\ufffd");
  assert.deepStrictEqual(trip({ "\ud83d": "x".repeat(100) + "\ud83d" }), { "\ufffd": "x".repeat(100) + "\ufffd" });
});

test("text of any length and mixture comes back", () => {
  for (let length = 0; length < 80; length++) {
    for (const last of ["", "é", "中", "😃"]) {
      const text = "x".repeat(length) + last;
      assert.strictEqual(trip(text), text);
      assert.deepStrictEqual(trip({ [text]: [text] }), { [text]: [text] });
    }
  }
  for (const length of [1000, 65535, 65536, 300_000]) {
    assert.strictEqual(trip("é".repeat(length)), "é".repeat(length));
  }
});

test("what cannot be sent is refused with its place", () => {
  refuses(() => undefined, "value: a function cannot be sent");
  refuses({ list: [0, 1, 2, { f() {} }] }, "value.list[3].f: a function cannot be sent");
  refuses([Symbol("s")], "value[0]: a symbol cannot be sent");
  refuses({ "a b": { "": new Map() } }, 'value["a b"][""]: a Map object cannot be sent');
  refuses({ ok: [[1]], s: new Set() }, "value.s: a Set object cannot be sent");
  refuses([{ ok: 1 }, Promise.resolve()], "value[1]: a Promise object cannot be sent");
  refuses(new Error("x"), "value: an Error object cannot be sent");
  refuses(Object(5), "value: a Number object cannot be sent");
  refuses([new WeakMap()], "value[0]: a WeakMap object cannot be sent");
  refuses({ b: new Blob([]) }, "value.b: a Blob object cannot be sent");
});

test("cycles are refused where they close, and the same object twice is no cycle", () => {
  const cycle: Record<string, unknown> = { a: 1 };
  cycle["self"] = cycle;
  refuses(cycle, "value.self: a cycle cannot be sent");
  const list: unknown[] = [];
  list.push([{ list }]);
  refuses({ x: list }, "value.x[0][0].list: a cycle cannot be sent");
  const shared = { s: 1 };
  assert.deepStrictEqual(trip([shared, { shared }, shared]), [{ s: 1 }, { shared: { s: 1 } }, { s: 1 }]);
});

test("100 levels can be sent, 101 cannot", () => {
  const nested = (levels: number): unknown => (levels ? [nested(levels - 1)] : 0);
  assert.deepStrictEqual(trip(nested(100)), nested(100));
  refuses(nested(101), "value: more than 100 levels cannot be sent");
  refuses({ a: nested(100) }, "value: more than 100 levels cannot be sent");
});

test("as many values as allowed can be sent and read, one more cannot", () => {
  const most = 2 ** 22;
  const bytes = encode(new Array(most - 1).fill(null));
  assert.equal((decode(bytes) as unknown[]).length, most - 1);
  refuses(new Array(most).fill(null), `value: more than ${most} values cannot be sent`);
  const more = new Uint8Array([...[0xdd, 0, 0x40, 0, 0]].concat(new Array(most).fill(0xc0)));
  assert.throws(() => decode(more), /too many values/);
});

test("a getter may send a message of its own", () => {
  let inner: Uint8Array | undefined;
  const outer = encode({ before: "b".repeat(2000), get now() { inner = encode(["inner", "i".repeat(500)]); return 1; }, after: 2 });
  assert.deepStrictEqual(decode(inner!), ["inner", "i".repeat(500)]);
  assert.deepStrictEqual(decode(outer), { before: "b".repeat(2000), now: 1, after: 2 });
});

test("after a refusal everything goes on", () => {
  for (let times = 0; times < 3; times++) refuses([1, [() => 1]], "value[1][0]: a function cannot be sent");
  assert.deepStrictEqual(trip([1, [2]]), [1, [2]]);
});

test("Blobs and Files are bytes, later; all else is written at once", async () => {
  assert.ok(encodeWithBlobs({ a: 1 }) instanceof Uint8Array, "without a Blob nothing waits");
  const value = { before: "x", small: new Blob(["hé"]), list: [new File([new Uint8Array(70_000).fill(7)], "f"), 5], empty: new Blob([]) };
  const later = encodeWithBlobs(value);
  assert.ok(later instanceof Promise);
  value.before = "changed";
  encode("in between");
  const read = decode(await later) as { before: string; small: ArrayBuffer; list: [ArrayBuffer, number]; empty: ArrayBuffer };
  assert.equal(read.before, "x");
  assert.equal(new TextDecoder().decode(read.small), "hé");
  assert.deepStrictEqual(read.list, [new Uint8Array(70_000).fill(7).buffer, 5]);
  assert.equal(read.empty.byteLength, 0);
});

test("a Blob that cannot be read is refused later", async () => {
  const broken = Object.assign(new Blob(["abc"]), { arrayBuffer: () => Promise.reject(new Error("gone")) });
  await assert.rejects(async () => await encodeWithBlobs([broken]), { code: "not-encodable", message: "value: a Blob cannot be read" });
});

test("any bytes are a value or an error, and a value comes back from its own bytes", () => {
  // A small seeded generator: the same bytes each time.
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const seeds = [
    { a: [1, "two", null, undefined, true, 0.5, -0, NaN], b: new Uint8Array(20), d: new Date(5) },
    ["x".repeat(30), { k: { k: { k: [] } } }, 2n ** 63n, -(2 ** 40), 70000, -200],
  ].map(encode);
  let read = 0;
  for (let times = 0; times < 50_000; times++) {
    let bytes: Uint8Array;
    if (random(3)) {
      bytes = seeds[random(seeds.length)]!.slice();
      for (let change = random(3); change >= 0; change--) bytes[random(bytes.length)] = random(256);
      if (!random(4)) bytes = bytes.subarray(0, random(bytes.length));
    } else bytes = Uint8Array.from({ length: random(40) }, () => random(256));
    let value: unknown;
    try {
      value = decode(bytes);
    } catch {
      continue;
    }
    read++;
    const again = encode(value);
    assert.equal(hex(encode(decode(again))), hex(again));
  }
  assert.ok(read > 1000, `${read} were values`);
});

test("the tagged form refuses what is none, and reads other ways to write a value", () => {
  const wrong = [
    { $bytes: "AQ" }, { $bytes: "A-8A" }, { $bytes: 5 }, { $date: "now" }, { $num: "5" }, { $num: 5 }, { $num: "toString" },
    { $int: 5 }, { $int: "x" }, { $undefined: false }, { $map: {} }, { $map: [["a"]] }, { $map: [[1, 2]] }, { $map: [5] }, { $other: 1 }, { $: 1 },
  ];
  for (const json of wrong) assert.throws(() => fromTagged(json), /form/, JSON.stringify(json));
  assert.deepStrictEqual(fromTagged({ $a: 1, $b: 2 }), { $a: 1, $b: 2 });
  assert.deepStrictEqual(toTagged({ $a: 1 }), { $map: [["$a", 1]] });
  assert.deepStrictEqual(toTagged(new Uint8Array([1])), { $bytes: "AQ==" });
  assert.deepStrictEqual(toTagged([, 1]), [{ $undefined: true }, 1]);
  const large = new Uint8Array(100_000).fill(3).buffer;
  assert.deepStrictEqual(fromTagged(toTagged(large)), large);
});
