import { Fault } from "./succession.mjs";

export const title = "the host's process or page is killed while all talk: all others have the same of it, and lose nothing";

export default async function hostKilled(room) {
  const fault = await Fault.begin(room);
  await fault.strike([fault.host], () => fault.host.kill());
  await fault.bury(fault.host);
}
