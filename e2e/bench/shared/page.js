// The page that measures. It knows neither library: the fragment names the module, both are called alike.

// The original logs every message. Silence favours it, and ours says nothing anyway.
for (const name of ["log", "info", "debug", "warn"]) console[name] = () => {};

const { mesh } = await import(decodeURIComponent(location.hash.slice(1)));

/** Milliseconds on a clock that all pages of one machine share. */
const clock = () => performance.timeOrigin + performance.now();

/** Waits for a fact that an event of the mesh may bring. */
function until(member, events, fact, ms) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
    const look = () => {
      if (!fact()) return;
      clearTimeout(timer);
      resolve(clock());
    };
    for (const name of events) member.on(name, look);
    look();
  });
}

let member;
let began;
let id;
let synced;
let arrived = 0;
let firstAt;
let lastAt;
let longest = 0;
let calm = 0;
let listed = 0;
const lists = [];
let chatting;
/** By sender: what came of its numbered messages, `{n, at, sent}`. */
const heard = {};

globalThis.bench = {
  /** Joins; returns at once. */
  join(room, options) {
    began = clock();
    member = mesh(room, options);
    member.on("error", (error) => (bench.error = String(error?.message ?? error)));
    member.on("joined", (own) => (id = own));
    // The lists that the original passes are live and half filled: who came and went is what counts.
    let present = new Set();
    const note = () => {
      listed = present.size;
      lists.push({ at: clock(), count: listed });
    };
    member.on("sync", (list) => {
      if (!Array.isArray(list)) return;
      synced ??= clock();
      present = new Set(list);
      note();
    });
    member.on("peerjoined", (peer) => {
      present.add(peer);
      note();
    });
    member.on("peerdropped", (peer) => {
      present.delete(peer);
      note();
    });
    member.on("data", (data) => {
      if (data?.who !== undefined) (heard[data.who] ??= []).push({ n: data.n, at: clock(), sent: data.sent });
      lastAt = clock();
      firstAt ??= lastAt;
      arrived += 1;
    });
    return began;
  },
  /** Ms from the call to the first `sync`. */
  async synced(ms) {
    await until(member, ["sync"], () => synced !== undefined, ms);
    return synced - began;
  },
  /** The clock when this member came to list `count` members, as it has done since. */
  since(count) {
    let at;
    for (const entry of lists) {
      if (entry.count !== count) at = undefined;
      else at ??= entry.at;
    }
    return at;
  },
  /** Waits until this member lists `count` members. */
  async settles(count, ms) {
    await until(member, ["sync", "peerjoined", "peerdropped"], () => listed === count, ms);
  },
  id: () => id,
  /** All that is to know of what has come: how many, and when the first and the last. */
  arrived: () => ({ arrived, firstAt, lastAt }),
  /** Starts a probe that ticks every 10 ms: a longer gap is time in which the page did not answer. */
  watch() {
    let last = performance.now();
    setInterval(() => {
      const gap = performance.now() - last - 10;
      last = performance.now();
      longest = Math.max(longest, gap);
      calm = gap > 50 ? 0 : calm + 1;
    }, 10);
  },
  longest: () => longest,
  /** Ticks since the last gap of 50 ms. */
  calm: () => calm,
  /** `count` sends of `size` bytes to one member in one task; returns when they began and how long the calls took. */
  burst(count, size, to) {
    const at = clock();
    for (let i = 0; i < count; i++) {
      const payload = new Uint8Array(size);
      new DataView(payload.buffer).setUint32(0, i);
      const sent = member.send(payload, to);
      sent?.catch?.((error) => (bench.error = String(error?.message ?? error)));
    }
    return { at, calls: clock() - at };
  },
  /** Says a numbered message every so many ms, until `hush`, which gives when each was said. */
  chat(who, every) {
    const said = [];
    const timer = setInterval(() => {
      const n = said.length;
      said.push(clock());
      member.send({ who, n, sent: said[n] })?.catch?.((error) => (bench.error = String(error?.message ?? error)));
    }, every);
    chatting = { timer, said };
  },
  hush() {
    clearInterval(chatting.timer);
    return chatting.said;
  },
  clock,
  /** By sender: when the first message came that was said at that time or later. */
  heardSince: (time) =>
    Object.fromEntries(Object.entries(heard).map(([who, all]) => [who, all.find(({ sent }) => sent >= time)?.at])),
  heard: () => heard,
  /** Ends what was joined; `gone`: and returns when it has ended, as far as the library says. */
  end(gone = false) {
    const left = member?.cleanup();
    if (gone) return left;
  },
};
globalThis.ready = true;
