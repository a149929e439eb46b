import { Fault, leftAt } from "./succession.mjs";

export const title = "the host leaves politely while all talk: nothing is lost, of its own neither";

export default async function hostLeaves(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  const leaves = async () => {
    // What it has said by now is accepted; leaving delivers it.
    await fault.chatter.hush([host]);
    await host.leave();
  };
  await fault.strike([host], leaves, () => leftAt(host));
  fault.left();
  await fault.bury(host);
  room.ledger.exact([host], fault.survivors, room.all);
}
