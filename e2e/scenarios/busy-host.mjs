import { calm, marks } from "../harness/oracle.mjs";
import { wall } from "../harness/time.mjs";
import { Fault } from "./succession.mjs";

export const title = "the hosting page does nothing else for 2 s while all talk: nobody takes it for dead";

const BUSY = 2_000;

export default async function busyHost(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  if (!host.page) throw new Error(`${host.name} hosts, and is no page`);
  const since = marks(fault.all);
  await host.page.evaluate((ms) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  }, BUSY);
  const { all } = await fault.recovers(wall(), fault.all);
  room.note(`${fault.line}: one of each reached all ${Math.round(all)} ms after it was no longer busy`);
  await fault.settle();
  calm(since);
}
