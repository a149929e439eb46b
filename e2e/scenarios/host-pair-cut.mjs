import assert from "node:assert/strict";
import { now, passed } from "../harness/time.mjs";
import { waysOf } from "./pair-cut.mjs";
import { Fault } from "./succession.mjs";

export const title =
  "full mode: the host and one of its guests cannot reach each other any more: the office goes to one that both reach, and nothing is lost";

/** Members that can reach each other have direct links that many ms after they list each other. */
const DIRECT = 30_000;
const LOOK = 250;
const LOST = 30_000;
/** The guest is out of the room after 2.3 s, and has been sent back to the host four times some 10 s later. */
const WHOLE = 60_000;

export default async function hostPairCut(room) {
  const fault = await Fault.begin(room);
  const { host, all } = fault;
  const guest = all.findLast((member) => member !== host);
  const { net } = room;
  const began = now();
  const isDirect = async () => Object.values(await waysOf(guest, all)).every((way) => way === "direct");
  while (!(await isDirect())) {
    assert(now() - began < DIRECT, `${guest.name} has no direct way to somebody after ${DIRECT} ms`);
    await passed(LOOK, now());
  }
  const cut = now();
  try {
    await net.cut(host.place, guest.place);
    await guest.until(() => guest.list === undefined, LOST, "it has lost the host");
    await fault.whole(WHOLE);
    room.note(`${host.name} and ${guest.name} are in one room again ${Math.round(now() - cut)} ms after they were cut off from each other`);
    assert(![host, guest].includes(room.host), `${room.host.name} hosts, and is not reached by one`);
    const ways = await waysOf(guest, all);
    assert.equal(ways[host.id], "member", "and hear each other by way of a member");
  } finally {
    await net.heal(host.place, guest.place);
  }
  await fault.settle();
}
