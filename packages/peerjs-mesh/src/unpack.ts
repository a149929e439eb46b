import { soon } from "./driver/task.js";

type Bytes = Uint8Array<ArrayBuffer>;

/** Exports of crates/packing (exports.rs), by name: the build takes the names off. */
type Unpacker = [memory: WebAssembly.Memory, room: () => number, take: (count: number) => number];

/** Bytes taken out in one task: some milliseconds. */
const SLICE = 8192;

/** Takes out what was packed: its length, then what `unpacker`, a WebAssembly module, makes of the rest. */
export async function unpack(unpacker: Bytes, packed: Bytes): Promise<Bytes> {
  const exports = Object.values(new WebAssembly.Instance(new WebAssembly.Module(unpacker)).exports) as unknown as Unpacker;
  const [{ buffer }, room, take] = exports;
  new Uint8Array(buffer).set(packed.subarray(4), room());
  const size = new DataView(packed.buffer, packed.byteOffset).getUint32(0);
  for (let left = size; ; left -= SLICE) {
    const at = take(Math.min(left, SLICE));
    if (left <= SLICE) return new Uint8Array(buffer, at, size);
    await new Promise<void>(soon);
  }
}
