import assert from "node:assert/strict";
import { orderly } from "../harness/oracle.mjs";
import { ARRIVE, Fault } from "./succession.mjs";

export const title = "the host is stopped for 60 s while all talk: dropped once, then in the room again within 5 s, and told once per sender what it missed";

/** Twice as long as anybody keeps anything for it. */
const STOPPED = 60_000;
const BACK = 5_000;

export default async function hostStoppedLong(room) {
  const fault = await Fault.begin(room);
  const { host } = fault;
  const { id } = host;
  await fault.strike([host], () => host.freeze());
  await fault.lasts(STOPPED);
  await host.thaw();
  await fault.whole(BACK);
  assert.equal(host.id, id, "it has kept its id");

  const { ledger } = room;
  const { all, survivors } = fault;
  await fault.chatter.hush(all);
  for (const receiver of all) await ledger.caughtUp(all, receiver, ARRIVE);
  ledger.exact(survivors, survivors, all);
  for (const sender of survivors) ledger.gapped(sender, host, 1, 1);
  // What it had said before it was stopped reached them, or they are told.
  for (const receiver of survivors) ledger.gapped(host, receiver, 0, 1);
  fault.droppedOnce(host);
  for (const member of room.all) orderly(member, { gaps: true });
}
