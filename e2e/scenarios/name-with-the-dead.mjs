import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { traffic } from "./host-lost.mjs";

export const title =
  "the host and both deputies are cut off, and the server keeps the room's name for them: the rest go on, and one that was cut off as well finds them by their ids";

/** The next in line has the office: two deputies and the name are tried first. */
const SUCCEEDED = 25_000;
/** Who is alone asks all others, and goes on; a host that lacks the name asks those who were dropped, some at every try for it. */
const ALONE = 45_000;
const MET = 30_000;
const ARRIVE = 60_000;

export default async function nameWithTheDead(room) {
  const { net, ledger } = room;
  await room.gather();
  const { host } = room;
  const at = host.list.indexOf(host.id);
  const line = [...host.list.slice(at), ...host.list.slice(0, at)].map((id) => room.members.find((member) => member.id === id));
  const dead = line.slice(0, 3);
  const rest = line.slice(3);
  const last = rest.at(-1);
  const others = rest.slice(0, -1);
  const cut = [...dead, last];
  const began = now();
  const ms = () => Math.round(now() - began);
  try {
    await Promise.all(cut.map(({ place }) => net.cut(place)));
    await listEachOther(others, SUCCEEDED);
    room.note(`${others.map(({ name }) => name).join(" and ")} are a room ${ms()} ms after host and deputies were cut off`);
    await listEachOther([last], ALONE);
    room.note(`${last.name} goes on alone after ${ms()} ms`);
    await net.heal(last.place);
    const healed = now();
    await listEachOther(rest, MET);
    room.note(`all list each other ${Math.round(now() - healed)} ms after it can reach the others, ${ms()} ms after the cut`);
    await Promise.all(dead.map((member) => member.kill()));
    await Promise.all(rest.map((member) => ledger.send(member, traffic(member, rest.filter((it) => it !== member), 16, 0), ARRIVE)));
    await ledger.heard(rest, rest, ARRIVE);
    await ledger.fence(rest, ARRIVE);
    ledger.exact(rest, rest, dead);
    room.orderly();
  } finally {
    await Promise.all(cut.map(({ place }) => net.heal(place)));
  }
}
