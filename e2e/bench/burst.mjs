// A burst of small messages to one member: how many a second arrive, and how long its pages do not answer.
//
//   node bench/burst.mjs [--out FILE] [--check] [--runs N] [--only ours|peer]

import { randomUUID } from "node:crypto";
import { within } from "../harness/time.mjs";
import { Bench, largest, RUNS, SIDES, smallest } from "./shared/bench.mjs";

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

/** Who sends to whom. */
const WAYS = {
  "hosting page to a guest page": ([host, guest]) => [host, guest],
  "guest page to the hosting page": ([host, guest]) => [guest, host],
};

async function burst(side, count, way) {
  const room = randomUUID();
  const pages = [await bench.page(side), await bench.page(side)];
  try {
    for (const page of pages) {
      await page.call("join", room, bench.options("npm-peer"));
      await page.call("synced", PATIENCE);
    }
    await Promise.all(pages.map((page) => page.call("settles", 2, PATIENCE)));
    const [sender, receiver] = way(pages);
    const to = await receiver.call("id");
    for (const page of pages) await page.call("watch");
    const began = await sender.call("burst", count, SIZE, to);
    const calm = ({ page }) => page.waitForFunction((ticks) => globalThis.bench.calm() >= ticks, { timeout: LIMIT, polling: 100 }, CALM_TICKS);
    const complete = () => receiver.page.waitForFunction((n) => globalThis.bench.arrived().arrived >= n, { timeout: LIMIT, polling: 20 }, count);
    const [all, ...calmed] = await Promise.allSettled([
      within(complete(), LIMIT, "all arrived"),
      ...[sender, receiver].map((page) => within(calm(page), LIMIT, "calm again")),
    ]);
    const { arrived, lastAt } = await receiver.call("arrived");
    // A page that does not answer cannot say for how long: then the limit is the least that it was.
    const [longest, receiving] = await Promise.all(
      [sender, receiver].map((page, i) => (calmed[i].status === "fulfilled" ? page.call("longest") : LIMIT)),
    );
    const seconds = all.status === "fulfilled" ? (lastAt - began.at) / 1000 : LIMIT / 1000;
    return { arrived, rate: arrived / seconds, longest, receiving };
  } finally {
    await Promise.all(pages.map((page) => page.close()));
  }
}

for (const [route, way] of Object.entries(WAYS)) {
  for (const { count, peerRuns } of BURSTS) {
    const figures = { ours: [], peer: [] };
    for (let run = 0; run < RUNS; run++) {
      for (const side of SIDES) {
        if (side === "peer" && run >= peerRuns) continue;
        figures[side].push(await burst(side, count, way));
      }
    }
    const row = (metric, what, unit, goal, worst) => {
      const of = (side) => figures[side].map((figure) => figure[what]);
      bench.row({ case: `${count} x ${SIZE} B, ${route}`, metric, unit, goal }, of("ours"), of("peer"), worst);
    };
    row("arrived, worst", "arrived", "", `ours >= ${count}`, smallest);
    row("rate", "rate", "msg/s", "ratio >= 1");
    row("freeze, worst", "longest", "ms", "ours <= 100", largest);
    row("receiver's, worst", "receiving", "ms", "ours <= 100", largest);
  }
}

process.exit(await bench.finish());
