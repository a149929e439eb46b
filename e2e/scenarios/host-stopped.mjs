import assert from "node:assert/strict";
import { Fault } from "./succession.mjs";

export const title = "the host is stopped for 10 s while all talk: it comes back under its own id, and nothing is lost for anyone";

/** Well within the 30 s for which the others keep what it lacks. */
const STOPPED = 10_000;

export default async function hostStopped(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  const { id } = host;
  await fault.strike([host], () => host.freeze());
  await fault.lasts(STOPPED);
  await host.thaw();
  await fault.whole();
  assert.equal(host.id, id, "it has kept its id");
  await fault.settle();
  fault.droppedOnce(host);
}
