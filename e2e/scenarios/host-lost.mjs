// What scenarios have in common in which the host is lost while everybody sends.

import assert from "node:assert/strict";
import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { small } from "../harness/values.mjs";

/** The rest list each other again, and data flows, that many ms after the host was lost. */
const RECOVERED = 10_000;
/** What was underway may take longer than the first new word: the lab's loss slows it. */
const ARRIVE = 60_000;

/** Messages of one member: at most 100 kB in all, every eighth to one of `others`. */
export function traffic(member, others, count, start = 0) {
  return Array.from({ length: count }, (_, i) => {
    const data = small(member.name, start + i);
    return i % 8 === 5 && others.length > 0 ? { data, to: others[i % others.length].id } : { data };
  });
}

/**
 * Loses the host by `lose(host)` while every member has up to 100 kB on the way; then holds the rest to the promise.
 * `again(survivors)` is called as soon as they list each other, while all that is still on the way.
 * @returns {Promise<object[]>} the survivors
 */
export async function loseHost(room, lose, again = () => {}) {
  const { host, ledger } = room;
  const survivors = room.members.filter((member) => member !== host);
  const accepted = survivors.map((member) => {
    const others = survivors.filter((other) => other !== member);
    return ledger.send(member, traffic(member, others, 150), ARRIVE);
  });
  // The host dies in the midst of its own: nobody waits until all of these are accepted.
  ledger.send(host, traffic(host, survivors, 150), ARRIVE).catch(() => {});
  await Promise.all(
    survivors.map((member) => member.next((event) => event.event === "data" && event.from === host.id)),
  );

  await lose(host);
  const lost = now();
  const left = () => Math.max(1, RECOVERED - (now() - lost));
  for (const member of survivors) {
    const others = survivors.filter((other) => other !== member);
    accepted.push(ledger.send(member, traffic(member, others, 30, 150), ARRIVE));
  }
  await listEachOther(survivors, left());
  room.note(`all list each other ${Math.round(now() - lost)} ms after the host was lost`);
  again(survivors);

  // Data flows: a message sent now arrives within the same 10 s at everybody, and all before it with it.
  await Promise.all(accepted);
  await ledger.fence(survivors, left());
  room.note(`a message of each was heard by all ${Math.round(now() - lost)} ms after it`);
  await ledger.heard(survivors, survivors, ARRIVE);
  ledger.exact(survivors, survivors, [host]);
  ledger.samePrefix(host, survivors);
  for (const member of survivors) {
    const drops = member.events.filter(({ event, id }) => event === "peerdropped" && id === host.id);
    assert.equal(drops.length, 1, `${member.name} is told once that the host is gone`);
  }
  assert.equal(survivors.filter((member) => member.isHost).length, 1, "one of the rest is the host now");
  room.orderly();
  return survivors;
}
