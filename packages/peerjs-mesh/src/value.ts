/**
 * Values to bytes and back: BinaryPack, extended where it cannot say a thing exactly (undefined on c1, odd floats on
 * c4, dates on c5). The same bytes as `crates/protocol` writes and reads; `testdata/values.json` holds the two together.
 */

/** How deep arrays and objects may stand in each other. */
const DEEPEST = 100;
/** How many values one message may consist of. */
const MOST = 1 << 22;
/** What is longer gets a buffer of its own, bytes. */
const KEPT = 1 << 16;
const TWO_32 = 2 ** 32;
/** Up to here a number holds every integer. */
const SAFE = 2 ** 53;

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Kept from message to message; taken while one is being written, as a getter may send another. */
let spare: Writer | undefined;

type Key = string | number;
/** A Blob, and where its bytes belong. */
type Hole = [blob: Blob, at: number];

/** The bytes of a value. Throws an `Error` with `code: "not-encodable"` whose message names the place in the value. */
export function encode(value: unknown): Uint8Array {
  return written(value);
}

/**
 * As `encode`, but takes Blobs and Files too: then the bytes come later. All else is written at once, so that changing
 * the value afterwards changes nothing. Who sends in order must hold back what is sent meanwhile.
 */
export function encodeWithBlobs(value: unknown): Uint8Array | Promise<Uint8Array> {
  const holes: Hole[] = [];
  const bytes = written(value, holes);
  if (!holes.length) return bytes;
  return Promise.all(holes.map(async ([blob, at]) => bytes.set(new Uint8Array(await blob.arrayBuffer()), at))).then(
    () => bytes,
    (cause: unknown) => {
      throw refusal("value: a Blob cannot be read", cause);
    },
  );
}

/** The value that bytes of ours stand for. Throws an `Error` if they stand for none. */
export function decode(bytes: Uint8Array): unknown {
  return new Reader(bytes).all();
}

function written(value: unknown, holes?: Hole[]): Uint8Array {
  const writer = spare ?? new Writer();
  spare = undefined;
  const bytes = writer.all(value, holes);
  if (bytes.length <= KEPT) spare = writer;
  return bytes;
}

const refusal = (message: string, cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code: "not-encodable" });

class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #left = 0;
  #depth = 0;
  /** The arrays and objects being written, and the key at which each stands open. */
  readonly #open: object[] = [];
  readonly #keys: Key[] = [];
  #holes: Hole[] | undefined;

  all(value: unknown, holes?: Hole[]): Uint8Array {
    this.#at = this.#depth = 0;
    this.#left = MOST;
    this.#holes = holes;
    this.#value(value);
    // What was sent is its owner's alone again.
    this.#open.length = 0;
    return this.#at > KEPT ? this.#bytes.subarray(0, this.#at) : this.#bytes.slice(0, this.#at);
  }

  #value(value: unknown): void {
    if (this.#left-- <= 0) throw refusal(`value: more than ${MOST} values cannot be sent`);
    switch (typeof value) {
      case "string": return this.#text(value);
      case "number": return this.#number(value);
      case "boolean": return this.#byte(value ? 0xc3 : 0xc2);
      case "undefined": return this.#byte(0xc1);
      case "bigint": return this.#bigint(value);
      case "object": return value ? this.#object(value) : this.#byte(0xc0);
      default: this.#refuse(`a ${typeof value}`);
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof Uint8Array) return this.#binary(value);
    if (ArrayBuffer.isView(value)) return this.#binary(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    switch (kind) {
      case "Object": return this.#map(value as Record<string, unknown>);
      case "ArrayBuffer": return this.#binary(new Uint8Array(value as ArrayBuffer));
      case "Date": return this.#date((value as Date).getTime());
      case "Blob": case "File":
        if (this.#holes) {
          const { size } = value as Blob;
          this.#head(size, 0xa0, 0xda);
          this.#holes.push([value as Blob, this.#room(size)]);
          return;
        }
    }
    this.#refuse(`${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind} object`);
  }

  #list(list: readonly unknown[]): void {
    const { length } = list;
    this.#head(length, 0x90, 0xdc);
    this.#enter(list);
    for (let index = 0; index < length; index++) {
      this.#keys[this.#depth - 1] = index;
      this.#value(list[index]);
    }
    this.#depth--;
  }

  #map(map: Record<string, unknown>): void {
    const keys = Object.keys(map);
    this.#head(keys.length, 0x80, 0xde);
    this.#enter(map);
    for (const key of keys) {
      this.#text(key);
      this.#keys[this.#depth - 1] = key;
      this.#value(map[key]);
    }
    this.#depth--;
  }

  #enter(value: object): void {
    if (this.#depth >= DEEPEST) {
      const open = this.#open;
      open.push(value);
      this.#depth = open.findIndex((object, index) => open.indexOf(object) < index);
      if (this.#depth > 0) this.#refuse("a cycle");
      throw refusal(`value: more than ${DEEPEST} levels cannot be sent`);
    }
    this.#open[this.#depth++] = value;
    this.#open.length = this.#depth;
  }

  #refuse(what: string): never {
    const path = this.#keys.slice(0, this.#depth).map((key) =>
      typeof key === "string" && /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
    throw refusal(`value${path.join("")}: ${what} cannot be sent`);
  }

  #text(text: string): void {
    const { length } = text;
    // Short text of ASCII, as keys are, without a detour.
    if (length < 40) {
      const start = this.#at;
      this.#head(length, 0xb0, 0xd8);
      const at = this.#room(length);
      let index = 0;
      for (let unit; index < length && (unit = text.charCodeAt(index)) < 128; index++) this.#bytes[at + index] = unit;
      if (index === length) return;
      this.#at = start;
    }
    this.#binary(encoder.encode(text), 0xb0, 0xd8);
  }

  #binary(bytes: Uint8Array, short = 0xa0, long = 0xda): void {
    this.#head(bytes.length, short, long);
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #date(ms: number): void {
    // An invalid one is the least integer: no valid date.
    const valid = ms === ms;
    this.#fixed(0xc5, 4, valid ? Math.floor(ms / TWO_32) : 0x80000000);
    this.#view.setUint32(this.#room(4), valid ? ms : 0);
  }

  #number(value: number): void {
    const size = Math.abs(value);
    if (size <= SAFE && value === Math.floor(value) && (value || 1 / value > 0)) return this.#integer(value);
    if (value !== value) {
      // NaN has many forms: always the same one.
      this.#fixed(0xc4, 4, 0x7ff80000);
      this.#view.setUint32(this.#room(4), 0);
    } else {
      // Normal doubles as BinaryPack has them; zeros, subnormals and infinities, which its readers mistake, on our tag.
      this.#fixed(size >= 2 ** -1022 && size < Infinity ? 0xcb : 0xc4, 8, value);
    }
  }

  #integer(value: number): void {
    if (value >= -32 && value < 128) this.#byte(value & 255);
    else if (value >= 0 && value < TWO_32) {
      if (value < 0x100) this.#fixed(0xcc, 1, value);
      else if (value < 0x10000) this.#fixed(0xcd, 2, value);
      else this.#fixed(0xce, 4, value);
    } else if (value < 0 && value >= -0x80000000) {
      if (value >= -0x80) this.#fixed(0xd0, 1, value);
      else if (value >= -0x8000) this.#fixed(0xd1, 2, value);
      else this.#fixed(0xd2, 4, value);
    } else {
      this.#fixed(0xd3, 4, Math.floor(value / TWO_32));
      this.#view.setUint32(this.#room(4), value);
    }
  }

  #bigint(value: bigint): void {
    if (value >= -SAFE && value <= SAFE) return this.#integer(Number(value));
    const unsigned = value > 0 && BigInt.asIntN(64, value) !== value;
    if ((unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value)) !== value) this.#refuse("an integer beyond 64 bits");
    this.#byte(unsigned ? 0xcf : 0xd3);
    this.#view.setBigUint64(this.#room(8), BigInt.asUintN(64, value));
  }

  /** A length behind the tag that has room for it; there is no 8-bit form. */
  #head(length: number, short: number, long: number): void {
    if (length < 16) this.#byte(short | length);
    else if (length < 0x10000) this.#fixed(long, 2, length);
    else this.#fixed(long + 1, 4, length);
  }

  #byte(byte: number): void {
    const at = this.#room(1);
    this.#bytes[at] = byte;
  }

  /** A tag and a number of 1, 2 or 4 bytes, modulo their range, or a double of 8. */
  #fixed(tag: number, size: 1 | 2 | 4 | 8, value: number): void {
    const at = this.#room(size + 1);
    const view = this.#view;
    view.setUint8(at, tag);
    if (size === 1) view.setUint8(at + 1, value);
    else if (size === 2) view.setUint16(at + 1, value);
    else if (size === 4) view.setUint32(at + 1, value);
    else view.setFloat64(at + 1, value);
  }

  /** Where the next so many bytes go. */
  #room(size: number): number {
    const at = this.#at;
    if ((this.#at += size) > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#at, at * 2));
      bytes.set(this.#bytes.subarray(0, at));
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #left = MOST;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  all(): unknown {
    const value = this.#value(DEEPEST);
    if (this.#at < this.#bytes.length) throw bad("bytes follow the value");
    return value;
  }

  #value(depth: number): unknown {
    if (this.#left-- <= 0) throw bad("too many values");
    const tag = this.#unsigned(1);
    if (tag < 0x80) return tag;
    if (tag >= 0xe0) return tag - 0x100;
    if (tag < 0xc0) return this.#sized(tag & 0xf0, tag & 15, depth);
    switch (tag) {
      case 0xc0: return null;
      case 0xc1: return undefined;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xcb: return this.#view.getFloat64(this.#take(8));
      case 0xc5: return new Date(this.#signed(4) * TWO_32 + this.#unsigned(4));
      case 0xcc: return this.#unsigned(1);
      case 0xcd: return this.#unsigned(2);
      case 0xce: return this.#unsigned(4);
      case 0xd0: return this.#signed(1);
      case 0xd1: return this.#signed(2);
      case 0xd2: return this.#signed(4);
      case 0xcf: case 0xd3: return this.#wide(tag === 0xd3);
    }
    if (tag < 0xd8) throw bad("an unknown type");
    // d8 text, da bytes, dc lists, de maps: with a length of 16 bits, and one above of 32.
    return this.#sized([0xb0, 0xa0, 0x90, 0x80][(tag - 0xd8) >> 1]!, this.#unsigned(tag & 1 ? 4 : 2), depth);
  }

  #sized(kind: number, length: number, depth: number): unknown {
    if (length > this.#bytes.length - this.#at) throw bad("it ends too early");
    if (kind === 0xb0) return this.#text(length);
    if (kind === 0xa0) {
      const at = this.#take(length);
      return new Uint8Array(this.#bytes.subarray(at, at + length)).buffer;
    }
    if (!depth--) throw bad("too deep");
    if (kind === 0x90) {
      const list: unknown[] = [];
      while (length--) list.push(this.#value(depth));
      return list;
    }
    const map: Record<string, unknown> = {};
    while (length--) {
      const tag = this.#unsigned(1);
      const size = tag === 0xd8 ? this.#unsigned(2) : tag === 0xd9 ? this.#unsigned(4) : tag - 0xb0;
      if (tag < 0xb0 || tag > 0xd9 || (tag > 0xbf && tag < 0xd8)) throw bad("a key that is no text");
      const key = this.#text(size);
      const value = this.#value(depth);
      // Assigned, this key would set the prototype.
      if (key === "__proto__") {
        Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
      } else map[key] = value;
    }
    return map;
  }

  #text(length: number): string {
    const at = this.#take(length);
    const end = at + length;
    if (length < 24) {
      let text = "";
      let index = at;
      for (let byte; index < end && (byte = this.#bytes[index]!) < 128; index++) text += String.fromCharCode(byte);
      if (index === end) return text;
    }
    return decoder.decode(this.#bytes.subarray(at, end));
  }

  /** A number where it is exact, else a BigInt. */
  #wide(signed: boolean): number | bigint {
    const at = this.#take(8);
    const high = signed ? this.#view.getInt32(at) : this.#view.getUint32(at);
    const near = high * TWO_32 + this.#view.getUint32(at + 4);
    if (near > -SAFE && near < SAFE) return near;
    const exact = signed ? this.#view.getBigInt64(at) : this.#view.getBigUint64(at);
    return BigInt(near) === exact ? near : exact;
  }

  #unsigned(size: 1 | 2 | 4): number {
    const at = this.#take(size);
    return size === 1 ? this.#bytes[at]! : size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #signed(size: 1 | 2 | 4): number {
    const shift = 32 - size * 8;
    return (this.#unsigned(size) << shift) >> shift;
  }

  /** Where the next so many bytes stand. */
  #take(size: number): number {
    const at = this.#at;
    if ((this.#at += size) > this.#bytes.length) throw bad("it ends too early");
    return at;
  }
}

const bad = (what: string): Error => new Error(`these bytes are no value: ${what}`);
