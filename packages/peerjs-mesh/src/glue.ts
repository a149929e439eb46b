import type { Wasm } from "./wasm.js";

/** The exports of crates/wasm (exports.rs). `member` and `inbox` are addresses. */
interface Exports {
  memory: WebAssembly.Memory;
  inbox(): number;
  room(inbox: number, length: number): number;
  start(inbox: number, config: number, now: number): number;
  stop(member: number): void;
  input(member: number, inbox: number, now: number, kind: number, id: number, extra: number): number;
  timeout(member: number, now: number): void;
  send(member: number, inbox: number, now: number, length: number): number;
  set_init_data(member: number, inbox: number, now: number): number;
  give(member: number, now: number, kinds: number): void;
  call_peer(member: number, inbox: number, now: number): number;
  drop_host(member: number, now: number): void;
  set_hidden(member: number, now: number, hidden: boolean): void;
  leave(member: number, now: number, atOnce: boolean): void;
  drain(member: number): number;
  status(member: number): number;
}

/** A module made ready for use. */
export function instance(module: WebAssembly.Module): Wasm {
  const wasm = new WebAssembly.Instance(module).exports as unknown as Exports;
  const { memory } = wasm;
  const inbox = wasm.inbox();
  let view = new Uint8Array(memory.buffer);

  /** Puts bytes where the next call reads them. */
  const put = (bytes: Uint8Array, then?: Uint8Array): void => {
    const at = wasm.room(inbox, bytes.length + (then?.length ?? 0)) >>> 0;
    // Memory that has grown is another buffer.
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer);
    view.set(bytes, at);
    if (then) view.set(then, at + bytes.length);
  };

  return {
    memory,
    make(config, seed, now) {
      put(config, seed);
      let address = wasm.start(inbox, config.length, now);
      const member = (): number => {
        if (!address) throw new Error("freed");
        return address;
      };
      return {
        input(now, kind, id, extra, bytes) {
          put(bytes);
          return wasm.input(member(), inbox, now, kind, id, extra) !== 0;
        },
        timeout: (now) => wasm.timeout(member(), now),
        send(now, payload, to) {
          put(payload, to);
          return wasm.send(member(), inbox, now, payload.length);
        },
        set_init_data(now, data) {
          put(data);
          return wasm.set_init_data(member(), inbox, now);
        },
        give: (now, kinds) => wasm.give(member(), now, kinds),
        call_peer(now, id) {
          put(id);
          return wasm.call_peer(member(), inbox, now);
        },
        drop_host: (now) => wasm.drop_host(member(), now),
        set_hidden: (now, hidden) => wasm.set_hidden(member(), now, hidden),
        leave: (now, atOnce) => wasm.leave(member(), now, atOnce),
        drain: () => wasm.drain(member()),
        status: () => wasm.status(member()),
        free() {
          wasm.stop(member());
          address = 0;
        },
      };
    },
  };
}
