import assert from "node:assert/strict";
import { Calls, isPage } from "../harness/calls.mjs";
import { now, passed } from "../harness/time.mjs";

export const title = "two pages of a call that lose the way to each other: for a while, and the connection is mended; for longer, and another is made";

/** A browser that hears nothing says so after 15 to 30 s, ms. */
const LOST = 60_000;
/** A connection that cannot be mended is given up 15 s later, and the user is told, ms. */
const TOLD = 60_000;
/** It is then dialled after 2, 4, 8, … s, each try given up after 15 s, ms. */
const AGAIN = 120_000;

/** The host passes on what the two say to each other. */
export default async function callCut(room) {
  const { net } = room;
  const [host, one, other] = await room.gather();
  assert(!isPage(host), "the host is no part of the call");
  const calls = new Calls(room);
  for (const member of [one, other]) await calls.call(member);
  await calls.allFlows();
  const { made } = await calls.connections();
  assert.equal(made, 2, "one connection, seen from both ends");

  try {
    await net.cut(one.place, other.place);
    let began = now();
    while ((await calls.connections()).restarts === 0) {
      assert(now() - began < LOST, `no connection was offered again within ${LOST} ms`);
      await passed(200, now());
    }
    room.note(`that they cannot reach each other is known after ${Math.round(now() - began)} ms`);
    await net.heal(one.place, other.place);
    room.note(`they see each other ${Math.round(await calls.allFlows(undefined, AGAIN))} ms after they can`);
    const mended = await calls.connections();
    assert.deepEqual({ made: mended.made, open: mended.open }, { made, open: made }, "it is the same connection");
    for (const [viewer, giver] of [[one, other], [other, one]]) {
      assert.deepEqual(calls.told(viewer, giver), { begun: 1, ended: 0 }, "nobody was told of anything");
    }

    await net.cut(one.place, other.place);
    began = now();
    const failed = ({ event, code }) => event === "error" && code === "call-failed";
    const told = () => [one, other].some(({ events }) => events.some(failed));
    await Promise.any([one, other].map((member) => member.until(told, LOST + TOLD, "is told that the call failed")));
    room.note(`that it failed is told after ${Math.round(now() - began)} ms`);
    await net.heal(one.place, other.place);
    room.note(`they see each other ${Math.round(await calls.allFlows(undefined, AGAIN))} ms after they can`);
    await calls.open(made, [one, other]);
    assert((await calls.connections()).made > made, "by another connection");
    for (const [viewer, giver] of [[one, other], [other, one]]) {
      const { begun, ended } = calls.told(viewer, giver);
      assert.equal(begun, ended + 1, `${viewer.name} was told of each end and each beginning`);
    }
  } finally {
    await net.heal(one.place, other.place);
  }
  for (const member of [one, other]) await calls.hangUp(member);
  await calls.open(0, [one, other]);
}
