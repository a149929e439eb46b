import assert from "node:assert/strict";
import { Fault } from "./succession.mjs";

export const title = "the host's network is cut for 10 s while all talk, the host too: nothing is lost for anyone";

const CUT = 10_000;

export default async function hostCut(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  const { id } = host;
  try {
    await fault.strike([host], () => room.net.cut(host.place));
    await fault.lasts(CUT);
  } finally {
    await room.net.heal(host.place);
  }
  await fault.whole();
  assert.equal(host.id, id, "it has kept its id");
  await fault.settle();
  fault.droppedOnce(host);
}
