// Records what goes into the module of the npm package and what comes out of it, at the exports of the module itself:
// the package is as it is for everybody. Bundled with the package's own reader of records (recording.test.mjs).
//
// A line a call, numbers in decimal and bytes in hex, `-` for none; crates/wasm/examples/replay.rs repeats them. Drains
// and answers are told as they came. What views point to stands behind the drain, in order.

import { readDrain } from "../../packages/peerjs-mesh/src/records.ts";

/** What the module exports, by name: the build takes the names off. */
const EXPORTS = [
  "memory", "call_peer", "drain", "drop_host", "give", "inbox", "input", "leave", "room", "send", "set_hidden",
  "set_init_data", "start", "status", "stop", "timeout",
];

/** Starts recording; from then on the text of all lines is `globalThis.recording()`. */
export function record() {
  const lines = [];
  globalThis.recording = () => lines.join("\n");
  const Real = WebAssembly.Instance;
  WebAssembly.Instance = class {
    constructor(module) {
      const { exports } = new Real(module);
      const all = Object.values(exports);
      // The other one that a page makes takes this one out of its packing.
      if (all.length < 4) return void (this.exports = exports);
      // One that is not on the tape would be missed by whoever repeats it.
      if (all.length !== EXPORTS.length) throw new Error(`the recorder knows ${EXPORTS.length} exports, not ${all.length}`);
      const tape = taped(Object.fromEntries(all.map((it, at) => [EXPORTS[at], it])), lines);
      this.exports = Object.fromEntries(Object.keys(exports).map((letter, at) => [letter, tape[EXPORTS[at]]]));
    }
  };
}

function taped(wasm, lines) {
  let inbox = [0, 0];
  const bytes = (from = 0, to = inbox[1]) => hex(new Uint8Array(wasm.memory.buffer, inbox[0] + from, to - from));
  const say = (...words) => void lines.push(words.join(" "));
  /** The module takes whole microseconds. */
  const time = (now) => Math.trunc(now);
  return {
    memory: wasm.memory,
    inbox: wasm.inbox,
    stop: wasm.stop,
    room(box, length) {
      const at = wasm.room(box, length);
      inbox = [at >>> 0, length];
      return at;
    },
    start(box, config, now) {
      say("start", time(now), bytes(0, config), bytes(config));
      return wasm.start(box, config, now);
    },
    input(member, box, now, kind, id, extra) {
      say("input", time(now), kind, id, extra, bytes());
      return wasm.input(member, box, now, kind, id, extra);
    },
    timeout(member, now) {
      say("timeout", time(now));
      wasm.timeout(member, now);
    },
    send(member, box, now, length) {
      const words = [bytes(0, length), bytes(length)];
      const answer = wasm.send(member, box, now, length);
      say("send", time(now), ...words, answer);
      return answer;
    },
    set_init_data(member, box, now) {
      const data = bytes();
      const answer = wasm.set_init_data(member, box, now);
      say("init", time(now), data, answer);
      return answer;
    },
    give(member, now, kinds) {
      say("give", time(now), kinds);
      wasm.give(member, now, kinds);
    },
    call_peer(member, box, now) {
      const id = bytes();
      const answer = wasm.call_peer(member, box, now);
      say("call", time(now), id, answer);
      return answer;
    },
    drop_host(member, now) {
      say("drop", time(now));
      wasm.drop_host(member, now);
    },
    leave(member, now, atOnce) {
      say("leave", time(now), Number(atOnce));
      wasm.leave(member, now, atOnce);
    },
    set_hidden(member, now, hidden) {
      say("hidden", time(now), Number(hidden));
      wasm.set_hidden(member, now, hidden);
    },
    drain(member) {
      const address = wasm.drain(member);
      const { buffer } = wasm.memory;
      const views = [];
      readDrain(buffer, address, ({ frame, signal }) => views.push(frame ?? signal), ({ data }) => views.push(data));
      say("drain", withLength(buffer, address), ...views.filter(Boolean).map(hex));
      return address;
    },
    status(member) {
      const address = wasm.status(member);
      say("status", withLength(wasm.memory.buffer, address));
      return address;
    },
  };
}

/** A record with its length before it. */
function withLength(buffer, address) {
  const length = new DataView(buffer, address >>> 0, 4).getUint32(0, true);
  return hex(new Uint8Array(buffer, address >>> 0, 4 + length));
}

function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text || "-";
}
