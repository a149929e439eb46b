import assert from "node:assert/strict";
import { now, strain } from "../harness/time.mjs";

export const title = "20 native members in one process and 5 pages that start together list each other within 5 s";

/** Ms on a machine that nobody else works on; by its strain more on one that is busy. */
const LISTED = 5000;
const LOOKS = 10;
/** How long the fact itself is waited for. */
const PATIENCE = 40_000;

export default async function crowd(room) {
  // A page's own process takes its time to start; the joint start is that of the members, not of their browser.
  const pages = await Promise.all(Array.from({ length: 5 }, () => room.prepare("chromium")));
  // What others take of the machine, before the crowd does: at its calmest, for the browser has only just started.
  const factor = Math.min(...Array.from({ length: LOOKS }, () => strain()));
  const began = now();
  room.startCrowd(20);
  await Promise.all(pages.map((page) => page.start()));
  await room.listed(PATIENCE);
  const took = Math.round(now() - began);
  room.note(`all list all after ${took} ms, on a machine that had a strain of ${factor.toFixed(1)}`);
  assert(took <= LISTED * factor, `all list all after ${took} ms only, on a machine that had a strain of ${factor.toFixed(1)}`);
  room.orderly();
}
