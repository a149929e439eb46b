// The page that measures calls. It knows neither library: the fragment names the module, both are called alike.

import { counts, show } from "../../pages/call.js";

for (const name of ["log", "info", "debug", "warn"]) console[name] = () => {};
const { mesh } = await import(decodeURIComponent(location.hash.slice(1)));

/** Milliseconds on a clock that all pages of one machine share. */
const clock = () => performance.timeOrigin + performance.now();
const soon = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let member;
/** By sender: when its first picture was shown. */
const pictures = {};
/** By sender: whenever its stream ended, as far as the library says. */
const ends = {};
const times = { stream: 0, streamdrop: 0 };
let own;
let listed = [];

globalThis.bench = {
  join(room, options) {
    member = mesh(room, options);
    member.on("error", (error) => (bench.error = String(error?.message ?? error)));
    member.on("joined", (id) => (own = id));
    member.on("sync", (list) => (listed = list || []));
    member.on("peerjoined", (_, list) => (listed = list));
    member.on("stream", (stream, id) => {
      times.stream += 1;
      if (pictures[id] !== undefined) return;
      pictures[id] = null;
      show(id, stream).requestVideoFrameCallback(() => (pictures[id] = clock()));
    });
    member.on("streamdrop", (id) => {
      times.streamdrop += 1;
      (ends[id] ??= []).push(clock());
    });
  },
  /** Waits until so many members are listed, this one included. */
  async settles(count, ms) {
    for (let left = ms; listed.length !== count || !own; left -= 20) {
      if (left <= 0) throw new Error(`lists ${listed.length} of ${count} after ${ms} ms`);
      await soon(20);
    }
  },
  id: () => own,
  /** Calls at that moment, with `video` of the browser's fake camera; it and the microphone are ready before. */
  async call(at, video) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video });
    await soon(Math.max(0, at - clock()));
    await member.call(stream);
  },
  /** When the first picture of each other was shown; waits until all are there, or so long. */
  async pictures(count, ms) {
    for (let left = ms; left > 0; left -= 20) {
      if (Object.values(pictures).filter(Boolean).length >= count) break;
      await soon(20);
    }
    return pictures;
  },
  hangUp() {
    const at = clock();
    member.disconnectCall();
    return at;
  },
  /** When the end of that member's stream was first told at `since` or later; waits for it, or so long. */
  async ended(id, since, ms) {
    const told = () => ends[id]?.find((at) => at >= since);
    for (let left = ms; left > 0 && !told(); left -= 10) await soon(10);
    return told() ?? null;
  },
  times: () => times,
  connections: () => counts(),
  end() {
    member.cleanup();
  },
};
globalThis.ready = true;
