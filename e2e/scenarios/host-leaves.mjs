import { silence } from "../harness/chatter.mjs";
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
  const still = Math.round(silence(fault.at, fault.end, fault.survivors));
  room.note(`it was gone ${Math.round(leftAt(host) - fault.at)} ms after it was told to leave; the longest silence was ${still} ms`);
  await fault.bury(host);
  room.ledger.exact([host], fault.survivors, room.all);
}
