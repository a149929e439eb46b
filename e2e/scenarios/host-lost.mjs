// What scenarios have in common in which the host is lost while everybody sends.

import assert from "node:assert/strict";
import { listEachOther, marks } from "../harness/oracle.mjs";
import { now, wall } from "../harness/time.mjs";
import { sizeOf, small } from "../harness/values.mjs";

/** The rest list each other again, and data flows, that many ms after the host was stopped: from then on it is missed. */
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
 * What of a sender's broadcasts among these was on the way at that time: accepted, and not yet heard by all receivers. By
 * the members' own clocks, which are all on this machine: what the harness hears, it hears late.
 */
function underWay(sender, receivers, { messages, since }, time) {
  const by = (member, name) => member.events.slice(since.get(member)).filter(({ event, t }) => event === name && t <= time);
  const accepted = messages.slice(0, by(sender, "sent").length).filter(({ to }) => to === undefined);
  const directed = messages.filter(({ to }) => to !== undefined).map(({ data }) => JSON.stringify(data));
  const heard = receivers
    .filter((receiver) => receiver !== sender)
    .map((receiver) => by(receiver, "data").filter(({ from, data }) => from === sender.id && !directed.includes(JSON.stringify(data))).length);
  return accepted.slice(Math.min(...heard));
}

/** All that a member says while its host is lost, and what of it is on the way when that happens, bytes. */
const AT_MOST = 100_000;
const AT_LEAST = 20_000;
const bytesOf = (messages) => messages.reduce((sum, { data }) => sum + sizeOf(data), 0);

/**
 * Loses the host while every member has up to 100 kB on the way; then holds the rest to the promise. It is stopped while
 * they are said, so that they are on the way for certain; that is how it is lost, unless `lose(host)` is.
 * @param {object} room
 * @param {object} [how]
 * @param {(host: object) => Promise<void>} [how.lose]
 * @param {(survivors: object[]) => void} [how.again] called as soon as they list each other, while that is still so
 * @returns {Promise<object[]>} the survivors
 */
export async function loseHost(room, { lose, again = () => {} } = {}) {
  const { host, ledger } = room;
  const survivors = room.members.filter((member) => member !== host);
  const since = marks(survivors);
  const said = new Map(survivors.map((member) => [member, { messages: [], since }]));
  /** The next so many messages of each survivor, by `send` or `burst`. */
  const say = (how, count) =>
    survivors.map((member) => {
      const others = survivors.filter((other) => other !== member);
      const { messages } = said.get(member);
      const next = traffic(member, others, count, messages.length);
      messages.push(...next);
      return ledger[how](member, next, ARRIVE);
    });
  const accepted = say("send", 150);
  // The host dies in the midst of its own: nobody waits until all of these are accepted.
  ledger.send(host, traffic(host, survivors, 150), ARRIVE).catch(() => {});
  await Promise.all(
    survivors.map((member) => member.next((event) => event.event === "data" && event.from === host.id)),
  );
  // What was said so far is out of the way of what comes: the stop is to be short if it is not to be the loss.
  await Promise.all(accepted);
  const lost = now();
  await host.freeze();
  await Promise.all(say("burst", 200));
  const struck = wall();
  await lose?.(host);
  const left = () => Math.max(1, RECOVERED - (now() - lost));
  accepted.push(...say("send", 30));
  await listEachOther(survivors, left());
  room.note(`all list each other ${Math.round(now() - lost)} ms after the host was stopped`);
  again(survivors);

  // Data flows: a message sent now arrives within the same 10 s at everybody, and all before it with it.
  await Promise.all(accepted);
  await ledger.fence(survivors, left());
  const flows = now() - lost;
  room.note(`a message of each was heard by all ${Math.round(flows)} ms after it`);
  assert(flows <= RECOVERED, `data flows ${Math.round(flows)} ms after the host was stopped`);
  await ledger.heard(survivors, survivors, ARRIVE);
  ledger.exact(survivors, survivors, [host]);
  ledger.samePrefix(host, survivors);
  for (const member of survivors) {
    const open = underWay(member, survivors, said.get(member), struck);
    const [all, bytes] = [bytesOf(said.get(member).messages), bytesOf(open)];
    room.note(`${open.length} messages of ${member.name}, ${bytes} bytes, were on the way when the host was lost`);
    assert(all <= AT_MOST, `${member.name} says ${all} bytes`);
    assert(bytes >= AT_LEAST, `of ${member.name} only ${bytes} bytes were on the way`);
  }
  for (const member of survivors) {
    const drops = member.events.filter(({ event, id }) => event === "peerdropped" && id === host.id);
    assert.equal(drops.length, 1, `${member.name} is told once that the host is gone`);
  }
  assert.equal(survivors.filter((member) => member.isHost).length, 1, "one of the rest is the host now");
  room.orderly();
  return survivors;
}
