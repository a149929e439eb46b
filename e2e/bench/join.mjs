// How long it takes to be in a room: the first member of an empty one, and a joiner into a running one.
//
//   node bench/join.mjs [--out FILE] [--check] [--runs N] [--only ours|peer]

import { randomUUID } from "node:crypto";
import { startNative } from "../harness/native-member.mjs";
import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { Bench, RUNS, SIDES } from "./shared/bench.mjs";

/** The original waits 5–6 s for the server's EXPIRE; this is far above it. */
const PATIENCE = 30_000;

const bench = await Bench.open("join");
/** Each side's own server, npm `peer` for both, and ours on ours besides. */
const homes = [
  ["npm-peer", SIDES],
  ["ours", SIDES.filter((side) => side === "ours")],
];

// First member of an empty room: from the call of mesh() to the first `sync`.
const first = {};
/** `peerjs-mesh/url` as well, where the module is a file of its own that need not be unpacked. */
const ENTRIES = SIDES.flatMap((side) => (side === "ours" ? ["ours", "file"] : [side]));
for (let run = 0; run < RUNS; run++) {
  for (const [server, sides] of homes) {
    for (const side of server === "npm-peer" ? ENTRIES : sides) {
      const page = await bench.page(side);
      await page.call("join", randomUUID(), bench.options(server));
      ((first[server] ??= {})[side] ??= []).push(await page.call("synced", PATIENCE));
      await page.call("end");
      await page.close();
    }
  }
}
for (const [server] of homes) {
  const what = { case: `first member of an empty room, ${server}`, metric: "sync", unit: "ms", goal: "ours <= 150" };
  bench.row(what, first[server]?.ours, server === "npm-peer" ? first[server]?.peer : first["npm-peer"]?.peer);
}

if (first["npm-peer"]?.file) {
  const what = { case: "first member, module as a file, npm-peer", metric: "sync", unit: "ms", goal: "ours <= 150" };
  bench.row(what, first["npm-peer"].file, first["npm-peer"].peer);
}

// A joiner into a running room of pages, until it has `sync`, and until all list all.
for (const size of [2, 4, 8]) {
  const sync = { ours: [], file: [], peer: [] };
  const all = { ours: [], file: [], peer: [] };
  const rooms = {};
  for (const side of SIDES) {
    const room = (rooms[side] = { name: randomUUID(), pages: [] });
    for (let i = 0; i < size - 1; i++) {
      const page = await bench.page(side);
      await page.call("join", room.name, bench.options("npm-peer"));
      await page.call("synced", PATIENCE);
      room.pages.push(page);
    }
    await Promise.all(room.pages.map((page) => page.call("settles", size - 1, PATIENCE)));
  }
  for (let run = 0; run < RUNS; run++) {
    for (const side of ENTRIES) {
      const room = rooms[side] ?? rooms.ours;
      const joiner = await bench.page(side);
      const others = room.pages.map((page) => page.call("settles", size, PATIENCE));
      const began = await joiner.call("join", room.name, bench.options("npm-peer"));
      sync[side].push(await joiner.call("synced", PATIENCE));
      await joiner.call("settles", size, PATIENCE);
      await Promise.all(others);
      const times = await Promise.all([joiner, ...room.pages].map((page) => page.call("since", size)));
      all[side].push(Math.max(...times) - began);
      await joiner.call("end");
      await joiner.close();
      await Promise.all(room.pages.map((page) => page.call("settles", size - 1, PATIENCE)));
    }
  }
  for (const side of SIDES) for (const page of rooms[side].pages) await page.close();
  bench.row({ case: `joiner, pages, ${size} members`, metric: "sync", unit: "ms", goal: "ratio <= 1" }, sync.ours, sync.peer);
  bench.row({ case: `joiner, pages, ${size} members`, metric: "all list all", unit: "ms", goal: "ratio <= 1" }, all.ours, all.peer);
  if (SIDES.includes("ours")) {
    bench.row({ case: `joiner, module as a file, ${size} members`, metric: "sync", unit: "ms", goal: "ratio <= 1" }, sync.file, sync.peer);
  }
  if (size === 2) bench.pageJoin = sync.peer;
}

// Native members, beside the original's page into a room of two. Their time includes the start of the process.
if (SIDES.includes("ours")) {
  const server = bench.servers["npm-peer"];
  const native = async (room) => {
    const began = now();
    const member = startNative(bench.place, "native", { room, server });
    await member.next((event) => event.event === "sync" && event.peers, PATIENCE);
    return { member, ms: member.events.find((event) => event.event === "sync" && event.peers).at - began };
  };
  const alone = [];
  const joined = { native: [], page: [] };
  // A running room, as above: one page hosts for all runs, and what it loads at first is loaded.
  const page = await bench.page("ours");
  const mixed = randomUUID();
  await page.call("join", mixed, bench.options("npm-peer"));
  await page.call("synced", PATIENCE);
  await (await native(mixed)).member.leave();
  for (let run = 0; run < RUNS; run++) {
    await page.call("settles", 1, PATIENCE);
    const room = randomUUID();
    const host = await native(room);
    alone.push(host.ms);
    const joiner = await native(room);
    joined.native.push(joiner.ms);
    await listEachOther([host.member, joiner.member], PATIENCE);
    await joiner.member.leave();
    await host.member.leave();

    const guest = await native(mixed);
    joined.page.push(guest.ms);
    await guest.member.leave();
  }
  await page.call("end");
  await page.close();
  bench.row({ case: "first member, native (with process start)", metric: "sync", unit: "ms", goal: "ours <= 150" }, alone, first["npm-peer"].peer);
  bench.row({ case: "joiner, native to native", metric: "sync", unit: "ms", goal: "ratio <= 1" }, joined.native, bench.pageJoin);
  bench.row({ case: "joiner, native to a page", metric: "sync", unit: "ms", goal: "ratio <= 1" }, joined.page, bench.pageJoin);
}

process.exit(await bench.finish());
