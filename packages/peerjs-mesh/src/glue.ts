import type { Wasm } from "./wasm.js";

/** The exports of crates/wasm (exports.rs), by name: the build takes the names off. `member` and `inbox` are addresses. */
type Exports = [
  memory: WebAssembly.Memory,
  call_peer: (member: number, inbox: number, now: number) => number,
  drain: (member: number) => number,
  drop_host: (member: number, now: number) => void,
  give: (member: number, now: number, kinds: number) => void,
  inbox: () => number,
  input: (member: number, inbox: number, now: number, kind: number, id: number, extra: number) => number,
  leave: (member: number, now: number, atOnce: boolean) => void,
  room: (inbox: number, length: number) => number,
  send: (member: number, inbox: number, now: number, length: number) => number,
  set_hidden: (member: number, now: number, hidden: boolean) => void,
  set_init_data: (member: number, inbox: number, now: number) => number,
  start: (inbox: number, config: number, now: number) => number,
  status: (member: number) => number,
  stop: (member: number) => void,
  timeout: (member: number, now: number) => void,
];

/** A module made ready for use. */
export function instance(module: WebAssembly.Module): Wasm {
  const exports = Object.values(new WebAssembly.Instance(module).exports) as unknown as Exports;
  const [memory, callPeer, drain, dropHost, give, makeInbox, input, leave, room, send, setHidden, setInitData, start, status, stop, timeout] =
    exports;
  const inbox = makeInbox();
  let view = new Uint8Array(memory.buffer);

  /** Puts bytes where the next call reads them. */
  const put = (bytes: Uint8Array, then?: Uint8Array): void => {
    const at = room(inbox, bytes.length + (then?.length ?? 0)) >>> 0;
    // Memory that has grown is another buffer.
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer);
    view.set(bytes, at);
    if (then) view.set(then, at + bytes.length);
  };

  return {
    memory,
    make(config, seed, now) {
      put(config, seed);
      let address = start(inbox, config.length, now);
      const member = (): number => {
        if (!address) throw new Error("freed");
        return address;
      };
      return {
        input(now, kind, id, extra, bytes) {
          put(bytes);
          return input(member(), inbox, now, kind, id, extra) !== 0;
        },
        timeout: (now) => timeout(member(), now),
        send(now, payload, to) {
          put(payload, to);
          return send(member(), inbox, now, payload.length);
        },
        set_init_data(now, data) {
          put(data);
          return setInitData(member(), inbox, now);
        },
        give: (now, kinds) => give(member(), now, kinds),
        call_peer(now, id) {
          put(id);
          return callPeer(member(), inbox, now);
        },
        drop_host: (now) => dropHost(member(), now),
        set_hidden: (now, hidden) => setHidden(member(), now, hidden),
        leave: (now, atOnce) => leave(member(), now, atOnce),
        drain: () => drain(member()),
        status: () => status(member()),
        free() {
          stop(member());
          address = 0;
        },
      };
    },
  };
}
