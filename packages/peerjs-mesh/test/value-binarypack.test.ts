// The 352 encode rows of npm's BinaryPack packages, those that only JavaScript can express included: our superset has
// the packages' bytes wherever those are exact. Every difference stands here.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decode, encode, encodeWithBlobs } from "../src/value.js";

interface Tagged {
  t: string; v?: unknown; bits?: string; unit?: string; n?: number; kind?: string; hex?: string; buffer_hex?: string;
  offset?: number; byte_length?: number; item?: Tagged; ms?: number; expr?: string;
}
interface Packed { hex?: string; len?: number; sha256?: string; error?: string; read_by_v1?: unknown; read_by_v2?: unknown }
interface Row { id: string; value: Tagged; v1: Packed; v2: Packed }

const url = new URL("../../../testdata/binarypack-vectors.json", import.meta.url);
const { encode: rows, counts } = JSON.parse(readFileSync(url, "utf8")) as { encode: Row[]; counts: { encode: number } };

const unhex = (hex: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(hex, "hex"));
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

class Point { x = 1; y = 2; }
class MyArr extends Array<number> {}
function Old(this: { x: number }): void { this.x = 1; }
function Own(): void {}
Own.prototype.toBinaryPack = () => new Uint8Array([0xb2, 0x68, 0x69]).buffer;

/** What the expressions of the file make, and its bytes: `null` where it must be refused. Missing: as the package's. */
const EXPRESSIONS: Record<string, [value: unknown, hex?: string | null]> = {
  "class MyArr extends Array{}; MyArr.from([1,2])": [MyArr.from([1, 2])],
  "class Point{constructor(){this.x=1;this.y=2}}; new Point()": [new Point()],
  // The packages refuse these two and an object without a prototype; all are maps to us.
  "function Old(){this.x=1}; new Old()": [Reflect.construct(Old, []), "81b17801"],
  "object whose constructor function has toBinaryPack returning b2 68 69": [Reflect.construct(Own, []), "80"],
  "Object.create(null)": [Object.create(null), "80"],
  // The packages send its text.
  "new Date(NaN)": [new Date(NaN), "c58000000000000000"],
  "function(){}": [() => undefined, null],
  "Symbol()": [Symbol(), null],
  "10n": [10n, "0a"],
  "[10n]": [[10n], "910a"],
  "new Map([[1,2]])": [new Map([[1, 2]]), null],
  "new Set([1])": [new Set([1]), null],
  "/x/": [/x/, null],
  'new Error("e")': [new Error("e"), null],
  "new DataView(new ArrayBuffer(2))": [new DataView(new ArrayBuffer(2)), "a20000"],
  "Object(1)": [Object(1), null],
  'Object("s")': [Object("s"), null],
  "Promise.resolve(1)": [Promise.resolve(1), null],
  "Buffer.from([1,2])": [Buffer.from([1, 2])],
  "new SharedArrayBuffer(2)": [new SharedArrayBuffer(2), null],
  "{f(){}}": [{ f() {} }, null],
  "{a:NaN}": [{ a: NaN }, "81b161c47ff8000000000000"],
  "[Infinity]": [[Infinity], "91c47ff0000000000000"],
};

/** Said exactly, on tags of our own. */
const EXACT: Record<string, string> = {
  "basic/undefined": "c1",
  "arr/undefined inside": "9301c102",
  "arr/hole inside": "9301c102",
  "map/undefined value": "82b161c1b16201",
  "num/-0": "c48000000000000000",
  "date/0": "c50000000000000000",
  "date/1": "c50000000000000001",
  "date/1000": "c500000000000003e8",
  "date/1700000000123": "c50000018bcfe5687b",
  "date/-1": "c5ffffffffffffffff",
  "date/8640000000000000": "c5001eb208c2dc0000",
  "date/inside map": "81b164c50000000000000000",
};

const number = (bits: string): number => new DataView(unhex(bits).buffer).getFloat64(0);

const VIEWS: Record<string, (buffer: ArrayBuffer, offset?: number, bytes?: number) => ArrayBufferView | ArrayBuffer | Blob> = {
  ArrayBuffer: (buffer) => buffer,
  Blob: (buffer) => new Blob([buffer]),
  File: (buffer) => new File([buffer], "name"),
  Uint8Array: (buffer, offset, bytes) => new Uint8Array(buffer, offset, bytes),
  Uint8ClampedArray: (buffer) => new Uint8ClampedArray(buffer),
  Int8Array: (buffer) => new Int8Array(buffer),
  Uint16Array: (buffer, offset, bytes) => new Uint16Array(buffer, offset, bytes === undefined ? bytes : bytes / 2),
  Int32Array: (buffer) => new Int32Array(buffer),
  Float32Array: (buffer) => new Float32Array(buffer),
  Float64Array: (buffer) => new Float64Array(buffer),
  BigInt64Array: (buffer) => new BigInt64Array(buffer),
};

function untag(tagged: Tagged): unknown {
  const { t, v, n = 0 } = tagged;
  switch (t) {
    case "undefined": return undefined;
    case "null": return null;
    case "bool": case "str": return v;
    case "num": return number(tagged.bits!);
    case "str16": return unhex(tagged.hex!).reduce((text, byte, at, bytes) =>
      at % 2 ? text + String.fromCharCode(bytes[at - 1]! * 256 + byte) : text, "");
    case "str_rep": return tagged.unit!.repeat(n);
    case "bytes": return VIEWS[tagged.kind!]!(unhex(tagged.hex!).buffer);
    case "bytes_seq": return VIEWS[tagged.kind!]!(Uint8Array.from({ length: n }, (_, at) => at).buffer);
    case "bytes_view": return VIEWS[tagged.kind!]!(unhex(tagged.buffer_hex!).buffer, tagged.offset, tagged.byte_length);
    case "arr": {
      const items = v as Tagged[];
      const list: unknown[] = new Array(items.length);
      items.forEach((item, at) => { if (item.t !== "hole") list[at] = untag(item); });
      return list;
    }
    case "arr_rep": return Array.from({ length: n }, () => untag(tagged.item!));
    case "map": return Object.fromEntries((v as [string, Tagged][]).map(([key, item]) => [key, untag(item)]));
    case "map_seq": return Object.fromEntries(Array.from({ length: n }, (_, at) => [`k${at}`, at & 0x7f]));
    case "date": return new Date(tagged.ms!);
    default: throw new Error(`a tag this test does not know: ${t}`);
  }
}

/** The bytes that a row must have: in hex, or as the packages' digest. */
function expected({ id, value, v1, v2 }: Row): string | Packed {
  const listed = EXACT[id];
  if (listed) return listed;
  if (value.t === "num") {
    const size = Math.abs(number(value.bits!));
    // Integers beyond 2^53 are doubles to us.
    if (Number.isInteger(size) && size <= 2 ** 53) return v2;
    return (size >= 2 ** -1022 && size < Infinity ? "cb" : "c4") + value.bits!;
  }
  // Package 2 overflows its stack at large arrays and maps; package 1's bytes are right.
  if (v2.error) return v1;
  assert.ok(v2.read_by_v2 === "same" || value.t === "str16", `${id} belongs into a table`);
  return v2;
}

test("the file is whole", () => assert.equal(rows.length, counts.encode));

for (const row of rows) {
  test(`encode row ${row.id}`, async () => {
    let value: unknown;
    let bytes: string | Packed | null;
    if (row.value.t === "js") {
      const [given, hex] = EXPRESSIONS[row.value.expr!]!;
      value = given;
      bytes = hex === undefined ? row.v2 : hex;
    } else {
      value = untag(row.value);
      bytes = expected(row);
    }
    if (bytes === null) {
      assert.throws(() => encode(value), { code: "not-encodable" });
      return;
    }
    const packed = await encodeWithBlobs(value);
    if (typeof bytes === "string") assert.equal(toHex(packed), bytes);
    else if (bytes.hex !== undefined) assert.equal(toHex(packed), bytes.hex);
    else {
      assert.equal(packed.length, bytes.len);
      assert.equal(createHash("sha256").update(packed).digest("hex"), bytes.sha256);
    }
    decode(packed);
  });
}
