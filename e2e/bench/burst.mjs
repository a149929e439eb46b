// A burst of small messages to one member: how many a second arrive, and how long the sending page does not answer.
//
//   node bench/burst.mjs [--out FILE] [--check] [--runs N] [--only ours|peer]

import { randomUUID } from "node:crypto";
import { within } from "../harness/time.mjs";
import { Bench, RUNS, SIDES } from "./shared/bench.mjs";

const PATIENCE = 30_000;
const SIZE = 100;

/** The bursts. After the large one the original does not answer for minutes: one run of it is enough. */
const BURSTS = [
  { count: 1000, peerRuns: RUNS },
  { count: 10_000, peerRuns: 1 },
];
/** How long a burst is watched, ms: a page that has not answered by then counts as frozen for just so long. */
const LIMIT = 45_000;
/** A page is calm again after that many ticks of 10 ms without a gap of 50 ms. */
const CALM_TICKS = 100;

const bench = await Bench.open("burst");

async function burst(side, count) {
  const room = randomUUID();
  const sender = await bench.page(side);
  const receiver = await bench.page(side);
  try {
    await sender.call("join", room, bench.options("npm-peer"));
    await sender.call("synced", PATIENCE);
    await receiver.call("join", room, bench.options("npm-peer"));
    await receiver.call("synced", PATIENCE);
    await sender.call("settles", 2, PATIENCE);
    const to = await receiver.call("id");
    await sender.call("watch");
    const began = await sender.call("burst", count, SIZE, to);
    const calm = () => sender.page.waitForFunction((ticks) => globalThis.bench.calm() >= ticks, { timeout: LIMIT, polling: 100 }, CALM_TICKS);
    const complete = () => receiver.page.waitForFunction((n) => globalThis.bench.arrived().arrived >= n, { timeout: LIMIT, polling: 20 }, count);
    const ended = await Promise.allSettled([within(complete(), LIMIT, "all arrived"), within(calm(), LIMIT, "calm again")]);
    const { arrived, lastAt } = await receiver.call("arrived");
    // A page that does not answer cannot say for how long: then the limit is the least that it was.
    const longest = ended[1].status === "fulfilled" ? await sender.call("longest") : LIMIT;
    const seconds = ended[0].status === "fulfilled" ? (lastAt - began.at) / 1000 : LIMIT / 1000;
    return { arrived, rate: arrived / seconds, longest };
  } finally {
    await Promise.all([sender.close(), receiver.close()]);
  }
}

for (const { count, peerRuns } of BURSTS) {
  const figures = { ours: [], peer: [] };
  for (let run = 0; run < RUNS; run++) {
    for (const side of SIDES) {
      if (side === "peer" && run >= peerRuns) continue;
      figures[side].push(await burst(side, count));
    }
  }
  const of = (side, what) => figures[side].map((figure) => figure[what]);
  const name = `${count} x ${SIZE} B, hosting page to one page`;
  bench.row({ case: name, metric: "arrived", unit: "", goal: `ours >= ${count}` }, of("ours", "arrived"), of("peer", "arrived"));
  bench.row({ case: name, metric: "rate", unit: "msg/s", goal: "ratio >= 1" }, of("ours", "rate"), of("peer", "rate"));
  bench.row({ case: name, metric: "longest freeze", unit: "ms", goal: "ours <= 100" }, of("ours", "longest"), of("peer", "longest"));
}

process.exit(await bench.finish());
