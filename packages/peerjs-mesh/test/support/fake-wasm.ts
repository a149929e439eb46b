import type { Wasm, WasmMachine } from "../../src/wasm.js";

/** A piece of a record. */
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const str = (text: string): Buffer => Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)]);
const list = (texts: string[]): Buffer => Buffer.concat([u32(texts.length), ...texts.map(str)]);
const num = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};

/** Records, as the module writes them. Values live at the module's own address. */
export const say = {
  openSession: (session: number, id = "id", token = "token") => Buffer.concat([Buffer.of(1), u32(session), str(id), str(token)]),
  dial: (link: number, label: string) => Buffer.concat([Buffer.of(4), u32(link), str(label)]),
  offer: (session: number, dst: string, id: string, sdp: string) => Buffer.concat([
    Buffer.of(2), u32(session), Buffer.of(1), str(dst), Buffer.of(0), str(id), Buffer.of(0), str(sdp), Buffer.of(1), str(id),
    Buffer.of(2, 1), str("binary"), Buffer.of(0, 1, 1, 0, 1, 0),
  ]),
  accept: (link: number, lanes: boolean, sdp: string) => Buffer.concat([Buffer.of(6), u32(link), Buffer.of(Number(lanes)), str(sdp)]),
  closeSession: (session: number) => Buffer.concat([Buffer.of(3), u32(session)]),
  joined: (id: string) => Buffer.concat([Buffer.of(32), str(id)]),
  hostConnected: (isHost: boolean, host: string, term: number) =>
    Buffer.concat([Buffer.of(33, Number(isHost)), str(host), num(term)]),
  sync: (peers: string[] | false) => peers ? Buffer.concat([Buffer.of(34, 1), list(peers)]) : Buffer.of(34, 0),
  peerJoined: (id: string, peers: string[]) => Buffer.concat([Buffer.of(36), str(id), list(peers)]),
  accepted: (ticket: number) => Buffer.concat([Buffer.of(43), u32(ticket)]),
  refused: (ticket: number, code: number) => Buffer.concat([Buffer.of(44), u32(ticket), Buffer.of(code)]),
  error: (code: number, detail: string) => Buffer.concat([Buffer.of(45, code), str(detail)]),
  gap: (from: string, first: number, last: number) => Buffer.concat([Buffer.of(42), str(from), num(first), num(last)]),
  left: () => Buffer.of(46),
  media: (link: number, dial: boolean) => Buffer.concat([Buffer.of(10), u32(link), Buffer.of(Number(dial))]),
  closeLink: (link: number) => Buffer.concat([Buffer.of(9), u32(link)]),
  stream: (id: string, link: number, kinds: number) => Buffer.concat([Buffer.of(47), str(id), u32(link), Buffer.of(kinds)]),
  streamDrop: (id: string) => Buffer.concat([Buffer.of(48), str(id)]),
  manualStream: (id: string) => Buffer.concat([Buffer.of(49), str(id)]),
};

/** Where drains stand in the memory, and where values do. */
const RECORDS = 1024;
const VALUES = 65_536;

/** A module without a room: it says what the test tells it to, and notes what it is told. */
export class FakeWasm implements Wasm {
  readonly memory = { buffer: new ArrayBuffer(1 << 20) };
  /** What was called, in order. */
  readonly calls: unknown[][] = [];
  /** What the next drain says. */
  due: Buffer[] = [];
  /** What `send` and `set_init_data` return; the first that is there, else 0. */
  answers: number[] = [];
  /** Makes the next call of that name fail as a trap does. */
  traps: string | undefined;
  /** So many streams it tells of whenever it is told anything. */
  tells = 0;
  config: Buffer | undefined;
  #values = VALUES;

  /** A record of a value: its bytes are in the memory until `forget`. */
  data(kind: "data" | "initData", id: string, bytes: Uint8Array): Buffer {
    const at = this.#values;
    new Uint8Array(this.memory.buffer).set(bytes, at);
    this.#values += bytes.length;
    return Buffer.concat([Buffer.of(kind === "data" ? 38 : 39), str(id), u32(at), u32(bytes.length)]);
  }

  /** A record of what the other end of a media connection says. */
  mediaSignal(link: number, signal: string): Buffer {
    const bytes = Buffer.from(signal);
    const at = this.#values;
    new Uint8Array(this.memory.buffer).set(bytes, at);
    this.#values += bytes.length;
    return Buffer.concat([Buffer.of(11), u32(link), u32(at), u32(bytes.length)]);
  }

  make(config: Uint8Array): WasmMachine {
    this.config = Buffer.from(config);
    const call = <T>(name: string, args: unknown[], result: () => T): T => {
      // What a drain said is gone at the next call.
      new Uint8Array(this.memory.buffer).fill(0xff, RECORDS, VALUES);
      this.calls.push([name, ...args]);
      if (this.traps === name) throw new WebAssembly.RuntimeError("unreachable");
      return result();
    };
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
    return {
      input: (_now, kind, id, extra, bytes) =>
        call("input", kind === 9 ? [kind, id, text(bytes)] : [kind, id, extra], () => {
          for (let n = 0; n < this.tells; n++) this.due.push(say.manualStream(`${id}-${n}`));
          return true;
        }),
      timeout: () => call("timeout", [], () => undefined),
      send: (_now, payload, to) => call("send", [[...payload], text(to)], () => this.answers.shift() ?? 0),
      set_init_data: (_now, data) => call("set_init_data", [[...data]], () => this.answers.shift() ?? 0),
      give: (_now, kinds) => call("give", [kinds], () => undefined),
      call_peer: (_now, id) => call("call_peer", [text(id)], () => this.answers.shift() ?? 0),
      drop_host: () => call("drop_host", [], () => undefined),
      set_hidden: (_now, hidden) => call("set_hidden", [hidden], () => undefined),
      leave: (_now, atOnce) => call("leave", [atOnce], () => {
        this.due.push(say.left());
      }),
      drain: () => {
        if (this.traps === "drain") throw new WebAssembly.RuntimeError("unreachable");
        const records = Buffer.concat(this.due);
        this.due = [];
        const memory = Buffer.from(this.memory.buffer);
        memory.writeUInt32LE(12 + records.length, RECORDS);
        memory.writeUInt32LE(0, RECORDS + 4);
        memory.writeDoubleLE(Infinity, RECORDS + 8);
        records.copy(memory, RECORDS + 16);
        return RECORDS;
      },
      status: () => call("status", [], () => {
        Buffer.from(this.memory.buffer).writeUInt32LE(0, 512);
        return 512;
      }),
      free: () => call("free", [], () => undefined),
    };
  }

  /** Overwrites the values, as the module may at any later call. */
  forget(): void {
    new Uint8Array(this.memory.buffer).fill(0xc1, VALUES);
  }

  /** The calls of that name, without it. */
  called(name: string): unknown[][] {
    return this.calls.filter(([other]) => other === name).map(([, ...args]) => args);
  }
}
