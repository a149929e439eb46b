import { Fault } from "./succession.mjs";

export const title = "the host and its first deputy are killed at once while all talk: all others have the same of both, and lose nothing";

export default async function hostAndDeputyKilled(room) {
  const fault = await Fault.begin(room);
  const { host, deputy } = fault;
  fault.line = `${host.name} hosts, ${deputy.name} is next`;
  await fault.strike([host, deputy], () => Promise.all([host.kill(), deputy.kill()]));
  await fault.bury(host, deputy);
}
