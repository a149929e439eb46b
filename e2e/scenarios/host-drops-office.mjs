import assert from "node:assert/strict";
import { hears, marks, said } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { traffic } from "./host-lost.mjs";

export const title = "a host that drops its office stays as a guest, a program as well as a page: another hosts, and nothing is lost";

/** Ms until everybody has another host: it is handed over, so nobody has to suspect anybody. */
const HANDED = 10_000;
/** What was underway may take longer: the lab's loss slows it. */
const ARRIVE = 60_000;

export default async function hostDropsOffice(room) {
  // All others are pages: so the one that follows the program is one, and drops the office in its turn.
  const members = await room.gather("native");
  const since = marks(members);
  for (const [round, kind] of ["program", "page"].entries()) {
    const { host, ledger } = room;
    assert.equal(host.kind === "native" ? "program" : "page", kind, `a ${kind} hosts`);
    const sent = members.map((member, i) => ledger.send(member, traffic(member, members.toSpliced(i, 1), 50, round * 50), ARRIVE));
    const before = marks(members);
    const began = now();
    await host.send({ cmd: "dropHost" });
    await hears(before, "has another host", (event) => event.event === "hostconnected" && event.host !== host.id, HANDED);
    room.note(`all had another host ${Math.round(now() - began)} ms after a ${kind} dropped its office`);
    assert(!host.isHost, `${host.name} no longer hosts`);
    assert.equal(members.filter(({ isHost }) => isHost).length, 1, "there is one host");
    await Promise.all(sent);
  }
  await room.ledger.heard(members, members, ARRIVE);
  await room.ledger.fence(members, ARRIVE);
  room.ledger.exact(members, members);
  await room.listed(1000);
  said(since, "nobody was taken for gone", ({ event }) => event === "peerdropped", 0);

  // A guest has no office to drop.
  const guest = members.find(({ isHost }) => !isHost);
  const { host } = room;
  const before = marks(members);
  await guest.send({ cmd: "dropHost" });
  await room.ledger.fence(members, ARRIVE);
  assert.equal(room.host, host, "it hosts still");
  said(before, "nothing happens at a guest", ({ event }) => event === "hostconnected", 0);
  room.orderly();
}
