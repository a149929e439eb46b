import { Fault } from "./succession.mjs";

export const title = "the host's network is cut for good while all talk: all others have the same of it, and lose nothing";

export default async function hostCutForGood(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  try {
    await fault.strike([host], () => room.net.cut(host.place));
    // It goes on alone; for the others it is gone.
    await host.kill();
    await fault.bury(host);
  } finally {
    await room.net.heal(host.place);
  }
}
