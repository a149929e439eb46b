/**
 * Takes out the module as `pack.mjs` packed it. For every bit four tables are asked what came of it before, each after
 * something else that was read lately, and one more how often what came after the same bytes came again; an arithmetic
 * coder takes what they say together. That is a seventh shorter than LZMA, for they know how WebAssembly is written, and
 * takes three to four times as long: so it is done in slices. (Six tables: 1.3 kB less, half as long again.)
 */
import { soon } from "./driver/task.js";

const TABLES = 4;
/** As a power of two, the slots that all tables share: each 16 are for half a byte after one context. Double the memory
 * saves 500 bytes and costs a fifth of the time: what is not in a processor's cache is what it waits for. */
const SLOTS = 20;
/** All that are asked: the tables, and what came after the same bytes. */
const ASKED = TABLES + 1;
/** More equal bytes than these are not counted. */
const RUN = 15;
/** Bytes in a slice: some milliseconds. */
const SLICE = 4096;

/** Answers whether the next bit is a one, which was said to be so likely. */
export type Ask = (chance: number) => boolean;

/**
 * The `size` bytes that the answers make. Whoever packs finds the answers in the bytes, whoever unpacks in what was
 * packed: both come here, and must come to the same chances to the last bit, in any engine. So it has no functions of
 * `Math` but those that are exact.
 */
export async function model(size: number, ask: Ask): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(size);
  /** Twelve bits: how likely a one is. The lower four: how often that was learnt, as far as it matters. */
  const slots = new Uint16Array((1 << SLOTS) + 2 * RUN + 2).fill(2 ** 15);
  /** What each one's word is worth: after the bits of the byte before it, and behind each opcode. */
  const worth = new Float64Array(ASKED * 512).fill(0.15);
  /** About the logarithm of p / (1 - p), for 4096 p. */
  const logs = new Float64Array(4096);
  for (let i = 2048, log = 0; i < 4096; i++) {
    logs[i] = log;
    logs[4095 - i] = -log;
    log += 4096 / ((i + 1) * (4095.5 - i));
  }
  const contexts = new Int32Array(TABLES), places = new Int32Array(ASKED), said = new Float64Array(ASKED);

  /** Where the last three bytes were read before; where they were now, and how many bytes before that are equal. */
  const seen = new Int32Array(1 << 16);
  let from = 0, run = 0;
  /** The last opcodes; how many numbers are still to come behind the last; the bytes last read behind each. */
  let opcodes = 0, due = 0, first = true;
  const behind = new Int32Array(256);

  for (let at = 0; at < size;) {
    if (!(at % SLICE)) await new Promise<void>(soon);
    const last = out[at - 1]! | 0;
    const key = Math.imul(last | out[at - 2]! << 8 | out[at - 3]! << 16, 0x9e3779b1) >>> 16;
    if (run && out[from] === last) {
      from++;
      if (run < RUN) run++;
    } else {
      from = seen[key]!;
      for (run = 0; from && run < RUN && out[from - run - 1] === out[at - run - 1];) run++;
    }
    seen[key] = at;

    const opcode = opcodes & 255;
    const more = due && !first && last > 127 ? last : 0;
    const state = Math.imul(due ? opcode * 2 + +first : 1, 0x9e3779b1) + more * 0x5ebca6b;
    contexts[0] = opcode;
    contexts[1] = opcodes;
    contexts[2] = behind[opcode]! & 0xffff;
    contexts[3] = opcodes << 16;
    for (let i = 0; i < TABLES; i++) contexts[i] = Math.imul(contexts[i]!, 0x2c1b3c6d + (i << 26)) + state + i;
    const worths = ASKED * (due ? 256 + opcode : 256);
    let value = 1;
    for (let half = 16, left = 8; left;) {
      if (half > 15) {
        half = 1;
        for (let i = 0; i < TABLES; i++) {
          const hash = Math.imul(contexts[i]! + Math.imul(value, 0x85ebca6b), 0x2c1b3c6d);
          places[i] = Math.imul(hash ^ hash >>> 15, 0x297a2d39) >>> 32 - SLOTS & -16;
        }
      }
      // What came then, as long as it has been right about this byte.
      const then = (256 | out[from]!) >> --left;
      places[TABLES] = (1 << SLOTS) - half + (run && then >> 1 === value ? 2 * run + (then & 1) : 0);
      let sum = 0;
      for (let i = 0; i < ASKED; i++) {
        said[i] = logs[slots[places[i]! + half]! >> 4]!;
        sum += said[i]! * (worth[ASKED * value + i]! + worth[worths + i]!);
      }
      // e to the power of -sum.
      let odds = 1 - (sum > 11 ? 11 : sum < -11 ? -11 : sum) / 1024;
      for (let i = 0; i < 10; i++) odds *= odds;
      const chance = 1 / (1 + odds);
      const one = +ask(chance);
      for (let i = 0; i < ASKED; i++) {
        const change = (one - chance) * 0.003 * said[i]!;
        worth[ASKED * value + i]! += change;
        worth[worths + i]! += change;
        const place = places[i]! + half, slot = slots[place]!, times = slot & 15;
        slots[place] = slot + ((one * 65535 - slot) / (times + 1.15) & -16) + +(times < 8);
      }
      value = value * 2 + one;
      half = half * 2 + one;
    }
    value = out[at++] = value & 255;
    if (due) {
      behind[opcode] = behind[opcode]! << 8 | value;
      if (opcode === 33 || opcode === 34) behind[32] = value;
      // The first number of a br_table says how many follow it and the one that always does.
      if (first && opcode === 14) due += value;
      if (value < 128) due--;
      first = false;
    } else {
      opcodes = opcodes << 8 | value;
      due = +"0011100000001111120000000000000011111000222222222222222222222221111"[value]! || 0;
      first = true;
    }
  }
  return out;
}

/** What was packed: its length, then what the coder made of the answers. It is trusted: it came with this code. */
export function unpack(packed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const head = new DataView(packed.buffer, packed.byteOffset);
  /** The coder: its range and its code. An array of their type, as engines are slow with other large integers. */
  const coder = new Uint32Array([2 ** 32 - 1, head.getUint32(4)]);
  let next = 8;
  return model(head.getUint32(0), (chance) => {
    const bound = (coder[0]! >>> 16) * (chance * 65535 | 0 || 1);
    const is = coder[1]! < bound;
    if (is) coder[0] = bound;
    else {
      coder[0]! -= bound;
      coder[1]! -= bound;
    }
    while (!(coder[0]! >>> 24)) {
      coder[0]! <<= 8;
      coder[1] = coder[1]! << 8 | packed[next++]!;
    }
    return is;
  });
}
