// How long a call takes, beside the original: from `call` to the first picture, to everybody seeing everybody; and what
// it leaves behind.
//
//   node bench/call.mjs [--out FILE] [--check] [--runs N] [--only ours|peer]

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../harness/time.mjs";
import { Bench, largest, RUNS, SIDES, smallest } from "./shared/bench.mjs";

const PATIENCE = 30_000;
/** All pages call at one moment, so many ms after they are told: their streams are ready by then. */
const AHEAD = 1_000;
/** What is open after so long is left open, ms: who leaves may take 5 s to deliver what it has said. */
const CLOSING = 8_000;
/** What the fake camera shows if nothing else is asked for, 640 × 480, and a sixteenth of that: of eight pages on one
 * machine each draws seven pictures and reads seven, and two cores cannot. Then it is the machine that is measured. */
const FULL = true;
const SMALL = { width: 160, height: 120, frameRate: 10 };
const CASES = [
  { size: 2, video: FULL },
  { size: 4, video: FULL },
  { size: 8, video: SMALL },
  { size: 8, video: FULL },
];

const bench = await Bench.open("call");

/** One call of `size` pages with this `video`, all at the same moment; its figures. */
async function measure(side, { size, video }) {
  const room = randomUUID();
  const pages = [];
  for (let i = 0; i < size; i++) {
    const page = await bench.page(side, "call.html");
    await page.call("join", room, { ...bench.options("npm-peer"), auto_call_peer: 20 });
    // The host first; the original cannot do otherwise either.
    await page.call("settles", i + 1, PATIENCE);
    pages.push(page);
  }
  await Promise.all(pages.map((page) => page.call("settles", size, PATIENCE)));
  const ids = await Promise.all(pages.map((page) => page.call("id")));

  const began = Date.now() + AHEAD;
  await Promise.all(pages.map((page) => page.call("call", began, video)));
  const seen = (await Promise.all(pages.map((page) => page.call("pictures", size - 1, PATIENCE))))
    .flatMap((pictures, i) => ids.filter((id) => id !== ids[i]).map((id) => pictures[id]))
    .filter(Boolean)
    .map((at) => at - began);
  const pairs = size * (size - 1);

  const hung = await pages[0].call("hangUp");
  const ends = await Promise.all(pages.slice(1).map((page) => page.call("ended", ids[0], hung, PATIENCE)));
  const times = await pages[1].call("times");
  for (const page of pages) await page.call("end");
  const ended = now();
  let connections;
  const sum = (name) => connections.reduce((all, one) => all + one[name], 0);
  do {
    await sleep(100);
    connections = await Promise.all(pages.map((page) => page.call("connections")));
  } while (sum("allOpen") > 0 && now() - ended < CLOSING);
  await Promise.all(pages.map((page) => page.close()));
  return {
    first: Math.min(...seen),
    all: seen.length === pairs ? Math.max(...seen) : undefined,
    pairs: seen.length,
    hangUp: ends.includes(null) ? undefined : Math.max(...ends) - hung,
    told: times.stream / (size - 1),
    media: sum("made"),
    made: sum("all"),
    left: sum("allOpen"),
  };
}

for (const one of CASES) {
  const { size, video } = one;
  const figures = { ours: [], peer: [] };
  for (let run = 0; run < (size === 8 ? Math.min(RUNS, 3) : RUNS); run++) {
    for (const side of SIDES) figures[side].push(await measure(side, one));
  }
  const of = (side, name) => figures[side].map((figure) => figure[name]).filter((figure) => figure !== undefined);
  const row = (metric, name, unit, goal, worst) =>
    bench.row({ case: `call, ${size} pages at once${video === SMALL ? ", small" : ""}`, metric, unit, goal }, of("ours", name), of("peer", name), worst);
  const pairs = size * (size - 1);
  // The first of many is a matter of luck: which two of the pages come first to the processor.
  row("first picture", "first", "ms", size === 2 ? "ratio <= 1" : undefined);
  row("all see all", "all", "ms", size === 2 ? "ratio <= 1" : "ratio <= 0.5");
  row("pairs, worst", "pairs", "", `ours >= ${pairs}`, smallest);
  row("hang-up told", "hangUp", "ms", "ratio <= 1");
  row("streams told, worst", "told", "", "ours <= 1", largest);
  row("media connections", "media", "", `ours <= ${size === 8 ? pairs + 6 : pairs}`);
  row("connections made", "made", "", "ratio <= 1");
  row("left open, worst", "left", "", "ours <= 0", largest);
}

process.exit(await bench.finish());
