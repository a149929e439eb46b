import assert from "node:assert/strict";
import { Calls } from "../harness/calls.mjs";
import { resident } from "../harness/processes.mjs";
import { median, now, strain } from "../harness/time.mjs";

/** How long it lasts, minutes. Shorter ones are for whoever works on it. */
export const MINUTES = Number(process.env.MESH_SOAK_MINUTES ?? 10);

export const title = `${MINUTES} minutes of pictures, sound and chat: heaps and connections stay as they are, and nothing goes wrong`;

/** Between two lines of each member, ms. */
const LINE = 2_000;
/** Looks at heaps and connections. The first quarter of them is for what a page learns and keeps. */
const LOOKS = 20;
/** What a heap may have grown by at the end, bytes: what the collector leaves for later. */
const GROWTH = 300_000;

export default async function soak(room) {
  await room.gather();
  const calls = new Calls(room);
  const all = room.members;
  const pairs = all.length * (all.length - 1);
  await Promise.all(all.map((member) => calls.call(member)));
  room.note(`all see all after ${Math.round(await calls.allFlows(all, 120_000))} ms, on a machine with a strain of ${strain().toFixed(1)}`);
  const probes = await Promise.all(all.map((member) => Probe.of(member)));
  const memory = () => all.map(({ pid }) => resident(pid));
  const before = memory();

  const began = now();
  const looks = [];
  for (let lines = 0; looks.length < LOOKS; lines++) {
    await Promise.all(all.map((member) => room.ledger.send(member, [{ data: `${member.name} says line ${lines}` }], 30_000)));
    await room.ledger.heard(all, all, 30_000);
    if (now() - began >= ((looks.length + 1) * MINUTES * 60_000) / LOOKS) {
      const heaps = await Promise.all(probes.map((probe) => probe.heap()));
      looks.push({ heaps, ...(await calls.connections()) });
    } else {
      await new Promise((resolve) => setTimeout(resolve, LINE));
    }
  }
  await calls.allFlows(all, 60_000);

  const ends = memory();
  const settled = looks.slice(LOOKS / 4);
  const [first, last] = [settled.slice(0, 5), settled.slice(-5)];
  all.forEach((member, at) => {
    const [heap, after] = [first, last].map((some) => median(some.map(({ heaps }) => heaps[at])));
    const process = `its process ${megabytes(before[at])} MB, at the end ${megabytes(ends[at])} MB`;
    room.note(`${member.name}${member.isHost ? ", host" : ""}: heap ${megabytes(heap)} MB, at the end ${megabytes(after)} MB; ${process}`);
    assert(after <= heap + GROWTH, `the heap of ${member.name} has grown from ${heap} to ${after} bytes`);
  });
  room.note(`ends of media connections: ${last.at(-1).made} made, ${last.at(-1).open} open, for ${pairs} pairs`);
  for (const { open, made, allOpen } of settled) {
    assert.equal(allOpen, settled[0].allOpen, "and as many of all kinds");
    assert.equal(open, pairs, "one connection for each two stays open, both ends counted");
    assert.equal(made, settled[0].made, "none is made anew");
  }
  room.ledger.exact(all, all);
  for (const member of all) {
    const wrong = member.events.filter(({ event }) => ["error", "gap", "peerdropped", "hostdropped", "streamdrop"].includes(event));
    assert.deepEqual(wrong, [], `nothing goes wrong for ${member.name}`);
  }
  room.orderly();
}

const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(2);

/** Asks a Chromium page for what its heap holds that somebody still needs, bytes. */
class Probe {
  constructor(session) {
    this.session = session;
  }

  static async of(member) {
    const session = await member.page.createCDPSession();
    await session.send("HeapProfiler.enable");
    return new Probe(session);
  }

  async heap() {
    await this.session.send("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize = 0 } = await this.session.send("Runtime.getHeapUsage");
    // The module's memory is among the backing stores.
    return usedSize + backingStorageSize;
  }
}
