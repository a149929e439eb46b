import assert from "node:assert/strict";
import { now } from "../harness/time.mjs";
import { traffic } from "./host-lost.mjs";
import { waysOf } from "./pair-cut.mjs";

export const title = "full mode: a newcomer that cannot reach the host is in the room all the same, by way of one that both reach";

/** Its link to the host is given up after 7 s, then a guest is asked to dial it, and gets the office: 10 s, here. */
const LISTED = 45_000;
const ARRIVE = 60_000;
const ROUND = 16;

/** The last of the mix comes when it is cut off from the host already, and from nobody else. */
export default async function newcomerPairCut(room) {
  const { net, ledger } = room;
  const kind = room.mix.at(-1);
  room.mix = room.mix.slice(0, -1);
  await room.gather();
  const { host } = room;
  const place = room.nextPlace(kind);
  try {
    await net.cut(host.place, place);
    const came = now();
    const newcomer = await room.start(kind);
    ledger.enter(newcomer);
    await room.listed(LISTED);
    const took = Math.round(now() - came);
    const all = room.members;
    const others = (member) => all.filter((it) => it !== member);
    await Promise.all(all.map((member) => ledger.send(member, traffic(member, others(member), ROUND, 0), ARRIVE)));
    await ledger.heard(all, all, ARRIVE);
    await ledger.fence(all, ARRIVE);
    ledger.exact(all, all);
    assert(!host.isHost && !newcomer.isHost, "one that both reach hosts");
    assert.equal((await waysOf(newcomer, all))[host.id], "member");
    room.note(`${newcomer.name}, cut off from ${host.name}, is listed by all after ${took} ms; ${room.host.name} hosts`);
    room.orderly();
  } finally {
    await net.heal(host.place, place);
  }
}
