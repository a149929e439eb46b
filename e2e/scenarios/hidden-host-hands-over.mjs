import assert from "node:assert/strict";
import { marks, said } from "../harness/oracle.mjs";
import { now, wall } from "../harness/time.mjs";
import { Fault } from "./succession.mjs";

export const title = "the page of a hidden tab hands its office to somebody who is seen, or is a program, and nobody notices";

/** After 30 s in hiding it does. */
const HANDED = 120_000;

export default async function hiddenHostHandsOver(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  assert.equal(host.kind, "hidden", "a hidden page hosts");
  const since = marks(fault.all);
  const began = now();
  await host.until(() => !host.isHost, HANDED, "it no longer hosts");
  room.note(`it gave its office away after ${Math.round((now() - began) / 1000)} s`);
  await fault.recovers(wall(), fault.all);
  fault.oneHost();
  assert.notEqual(room.host.kind, "hidden", "who hosts now can be seen, or is a program");
  await fault.settle();
  said(since, "nobody was taken for gone", ({ event }) => event === "peerdropped", 0);
}
