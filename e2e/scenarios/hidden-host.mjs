import assert from "node:assert/strict";
import { calm, marks } from "../harness/oracle.mjs";
import { now, passed, wall } from "../harness/time.mjs";
import { Fault } from "./succession.mjs";

/** How often it is asked meanwhile whether all reach all, ms. */
const LOOK = 10_000;

/** The page of a hidden tab hosts, all others are hidden, too: nobody could take its office. */
export async function hiddenHost(room, ms) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  for (const { name, page } of fault.all) {
    assert.equal(await page.evaluate(() => document.visibilityState), "hidden", `${name} is hidden`);
  }
  const since = marks(fault.all);
  const began = now();
  const slowest = [];
  while (now() - began < ms) {
    await passed(Math.min(LOOK, ms - (now() - began)));
    slowest.push((await fault.recovers(wall(), fault.all)).all);
    calm(since);
  }
  assert.equal(room.host.name, host.name, "it still hosts");
  // Timers of hidden pages run once a second: so seldom do they talk.
  room.note(`a message of each reached all after at most ${Math.round(Math.max(...slowest))} ms, whenever it was asked`);
  await fault.settle();
  calm(since);
}
