import assert from "node:assert/strict";
import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { traffic } from "./host-lost.mjs";

export const title = "a native host that was stopped for 10 s comes back under its own id, and nobody has lost or doubled anything";

/** How long it is stopped, ms. Well within the 30 s for which the others keep what it lacks. */
const STOPPED = 10_000;
/** The rest list each other that many ms after it was stopped. */
const RECOVERED = 10_000;
/** All list each other, with one host, that many ms after it was woken. */
const WHOLE = 15_000;
/** What was underway may take longer: the lab's loss slows it. */
const ARRIVE = 60_000;

export default async function nativeHostWakes(room) {
  await room.gather("native");
  const { host, ledger } = room;
  const all = room.members;
  const survivors = all.filter((member) => member !== host);
  const { id } = host;
  // What one directs to another may arrive late after all this, but then not in order: see below.
  const accepted = all.map((member) => {
    const others = member === host ? [] : survivors.filter((other) => other !== member);
    return ledger.send(member, traffic(member, others, 150), ARRIVE);
  });
  await Promise.all(survivors.map((member) => member.next((event) => event.event === "data" && event.from === id)));

  await host.freeze();
  const stopped = now();
  await listEachOther(survivors, RECOVERED);
  room.note(`the rest list each other ${Math.round(now() - stopped)} ms after the host was stopped`);
  for (const member of survivors) {
    const others = survivors.filter((other) => other !== member);
    accepted.push(ledger.send(member, traffic(member, others, 30, 150), ARRIVE));
  }
  // The time that it is stopped is what this is about: nobody can tell when it has been long enough.
  await new Promise((resolve) => setTimeout(resolve, STOPPED - (now() - stopped)));

  await host.thaw();
  const woken = now();
  await listEachOther(all, WHOLE);
  room.note(`all list each other ${Math.round(now() - woken)} ms after it was woken`);
  assert.equal(host.id, id, "it has kept its id");
  await Promise.all(accepted);
  await ledger.heard(all, all, ARRIVE);
  await ledger.fence(all, ARRIVE);
  room.note(`a message of each was heard by all ${Math.round(now() - woken)} ms after it`);
  ledger.exact(all, all);
  assert.equal(room.host.over, undefined, "there is one host");
  room.orderly();
}
