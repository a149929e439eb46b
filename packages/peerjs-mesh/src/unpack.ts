/**
 * Takes out the module as `cargo xtask build` packed it: a raw LZMA stream (lc = 3, lp = pb = 0; the format's
 * specification is in the LZMA SDK). It is a tenth shorter than what browsers can inflate by themselves.
 */

// Where the tables of chances begin, in one array.
const MATCH = 0, REP = 12, REP0 = 24, REP0_LONG = 36, REP1 = 48, REP2 = 60, SLOT = 72, SPECIAL = 328, ALIGN = 443;
/** Lengths of matches at new and at known distances: two choices, then trees of 3, 3 and 8 bits. */
const LENGTH = 459, REP_LENGTH = 733, LITERAL = 1007;
/** One table for each of the upper three bits of the byte before. */
const LITERALS = 0x300;

/** What was packed, from its length on. It is trusted: it came with this code. */
export function unpack(packed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const head = new DataView(packed.buffer, packed.byteOffset);
  const size = head.getUint32(0, true);
  const out = new Uint8Array(size);
  const chances = new Uint16Array(LITERAL + 8 * LITERALS).fill(1024);
  /** The range coder: its range and its code. An array of their type, as engines are slow with other large integers. */
  const coder = new Uint32Array([2 ** 32 - 1, head.getUint32(5)]);
  let next = 9;

  const refill = (): void => {
    if (coder[0]! >>> 24) return;
    coder[0]! <<= 8;
    coder[1] = (coder[1]! << 8) | packed[next++]!;
  };
  const bit = (at: number): number => {
    const chance = chances[at]!;
    const bound = (coder[0]! >>> 11) * chance;
    const one = coder[1]! >= bound;
    if (one) {
      coder[0]! -= bound;
      coder[1]! -= bound;
      chances[at] = chance - (chance >> 5);
    } else {
      coder[0] = bound;
      chances[at] = chance + ((2048 - chance) >> 5);
    }
    refill();
    return Number(one);
  };
  /** So many bits, the highest first. */
  const tree = (table: number, bits: number): number => {
    let value = 1;
    while (value >> bits === 0) value = value * 2 + bit(table + value);
    return value - (1 << bits);
  };
  /** So many bits, the lowest first. */
  const reversed = (table: number, bits: number): number => {
    let value = 0;
    for (let i = 0, node = 1; i < bits; i++) {
      const one = bit(table + node);
      node = node * 2 + one;
      value += one << i;
    }
    return value;
  };
  /** A length, less the shortest. */
  const length = (table: number): number =>
    !bit(table) ? tree(table + 2, 3) : !bit(table + 1) ? tree(table + 10, 3) + 8 : tree(table + 18, 8) + 16;
  const distance = (length: number): number => {
    const slot = tree(SLOT + 64 * Math.min(length, 3), 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    let value = (2 + (slot & 1)) << bits;
    if (slot < 14) return value + reversed(SPECIAL + value - slot, bits);
    for (let i = bits; --i > 3;) {
      coder[0]! >>>= 1;
      if (coder[1]! >= coder[0]!) {
        coder[1]! -= coder[0]!;
        value += 1 << i;
      }
      refill();
    }
    return value + reversed(ALIGN, 4);
  };

  /** The last four distances, the latest first. */
  const known = [0, 0, 0, 0];
  /** What was read lately: below 7, bytes. */
  let state = 0;
  for (let at = 0; at < size;) {
    let count = 1;
    if (!bit(MATCH + state)) {
      const table = LITERAL + LITERALS * (out[at - 1]! >> 5);
      // After a match, the byte that would have gone on with it serves as a hint until it errs.
      let hint = out[at - 1 - known[0]!]!;
      let hinted = state < 7 ? 0 : 256;
      let value = 1;
      while (value < 256) {
        hint <<= 1;
        const one = bit(table + hinted + (hint & hinted) + value);
        hinted &= one ? hint : ~hint;
        value = value * 2 + one;
      }
      out[at++] = value;
      state = state < 4 ? 0 : state - (state < 10 ? 3 : 6);
      continue;
    }
    if (!bit(REP + state)) {
      count = length(LENGTH);
      known.pop();
      known.unshift(distance(count));
      count += 2;
      state = state < 7 ? 7 : 10;
    } else {
      const which = !bit(REP0 + state) ? 0 : !bit(REP1 + state) ? 1 : bit(REP2 + state) + 2;
      if (!which && !bit(REP0_LONG + state)) {
        state = state < 7 ? 9 : 11;
      } else {
        known.unshift(...known.splice(which, 1));
        count = length(REP_LENGTH) + 2;
        state = state < 7 ? 8 : 11;
      }
    }
    while (count--) out[at] = out[at++ - 1 - known[0]!]!;
  }
  return out;
}
