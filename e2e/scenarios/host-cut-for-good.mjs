import { now, passed, wall } from "../harness/time.mjs";
import { Fault } from "./succession.mjs";

export const title = "the host's network is cut for good while all talk, and somebody comes meanwhile: all others have the same of it, and lose nothing";

/** The newcomer and all others list each other. */
const NEWCOMER = 10_000;
/** So long all others go on while the host is there and cannot be reached, ms after they have recovered. */
const CUT = 15_000;

export default async function hostCutForGood(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  try {
    await fault.strike([host], () => room.net.cut(host.place));
    const recovered = now();
    const newcomer = await fault.joinedBy("native", NEWCOMER);
    await passed(CUT, recovered);
    await fault.recovers(wall(), fault.survivors);
    // It goes on alone; for the others it is gone.
    await host.kill();
    await fault.bury(host);
    await newcomer.leave();
  } finally {
    await room.net.heal(host.place);
  }
}
