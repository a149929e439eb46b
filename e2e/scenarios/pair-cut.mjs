import assert from "node:assert/strict";
import { calm, listEachOther, marks } from "../harness/oracle.mjs";
import { now, passed } from "../harness/time.mjs";
import { traffic } from "./host-lost.mjs";

export const title = "full mode: two that cannot reach each other hear each other by way of the host, and directly once they can, again and again";

/** Members that can reach each other have direct links that many ms after they list each other. */
const DIRECT = 30_000;
/** A link whose packets vanish is known as lost. */
const LOST = 30_000;
/** A link that cannot be made is tried again after 2, 4, 8, … s, each try given up after 7 s. */
const PROMOTED = 90_000;
const LISTED = 30_000;
/** What was underway: the lab's loss slows it. */
const ARRIVE = 60_000;
/** So many messages each between two looks at the ways; every eighth to one alone. */
const ROUND = 16;
const LOOK = 250;

/** The last of the mix comes when it is cut off from one of the guests already, and from nobody else. */
export default async function pairCut(room) {
  const { net, ledger } = room;
  const kinds = room.mix;
  room.mix = kinds.slice(0, -1);
  await room.gather();
  const { host } = room;
  const one = room.members.find((member) => member !== host && member.kind !== kinds.at(-1));
  const place = room.nextPlace(kinds.at(-1));
  let said = 0;

  try {
    await net.cut(one.place, place);
    const other = await room.start(kinds.at(-1));
    ledger.enter(other);
    await room.listed(LISTED);
    const all = room.members;
    const since = marks(all);
    const pair = [one, other];

    /** All talk until everybody's ways are so; gives how long it took. */
    const talk = async (pairs, ms) => {
      const began = now();
      for (;;) {
        const others = (member) => all.filter((it) => it !== member);
        await Promise.all(all.map((member) => ledger.send(member, traffic(member, others(member), ROUND, said), ARRIVE)));
        said += ROUND;
        const wrong = (await Promise.all(all.map((member) => waysOf(member, all)))).flatMap((ways, i) =>
          others(all[i])
            .filter((to) => ways[to.id] !== (pair.includes(all[i]) && pair.includes(to) ? pairs : "direct"))
            .map((to) => `${all[i].name} to ${to.name}: ${ways[to.id]}`),
        );
        if (wrong.length === 0) return Math.round(now() - began);
        assert(now() - began < ms, `after ${ms} ms, with the pair's way to be "${pairs}": ${wrong.join(", ")}`);
        await passed(LOOK, now());
      }
    };

    await talk("member", DIRECT);
    // Everybody reaches everybody, those two as well.
    await ledger.heard(all, all, ARRIVE);
    await ledger.fence(all, ARRIVE);
    ledger.exact(all, all);
    room.note(`${one.name} and ${other.name}, cut off from each other, hear each other by way of ${host.name}`);

    for (const again of [false, true]) {
      if (again) {
        await net.cut(one.place, place);
        room.note(`cut off: by way of a member after ${await talk("member", LOST)} ms`);
      }
      await net.heal(one.place, place);
      room.note(`they can reach each other: directly after ${await talk("direct", PROMOTED)} ms`);
    }
    await ledger.heard(all, all, ARRIVE);
    await ledger.fence(all, ARRIVE);
    ledger.exact(all, all);
    await listEachOther(all, 1_000);
    calm(since);
    assert(host.isHost, "the host is the same");
    room.orderly();
  } finally {
    await net.heal(one.place, place);
  }
}

/** By the id of each other: by which way it is heard. */
export async function waysOf(member, all) {
  const tag = `ways of ${member.name} ${member.events.length}`;
  await member.send({ cmd: "status", tag });
  const { peers } = await member.next((event) => event.event === "status" && event.tag === tag);
  assert.equal(peers.length, all.length - 1, `${member.name} has a way to everybody`);
  return Object.fromEntries(peers.map(({ id, path }) => [id, path]));
}
