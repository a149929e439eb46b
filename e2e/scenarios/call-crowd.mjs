import assert from "node:assert/strict";
import { Calls } from "../harness/calls.mjs";

export const title = "all of a crowd call at once: everybody sees and hears everybody, over one connection for each two";

export default async function callCrowd(room) {
  await room.gather();
  const calls = new Calls(room);
  const all = room.members;
  await Promise.all(all.map((member) => calls.call(member)));
  room.note(`all ${all.length} are seen by all after ${Math.round(await calls.allFlows(all, 120_000))} ms`);
  const pairs = all.length * (all.length - 1);
  const { made, open } = await calls.connections();
  assert.equal(open, pairs, "one connection for each two, both ends counted");
  // A machine that is starved by eight videos takes seconds for a dial, and then it is dialled again: a figure of the
  // machine (`bench call` has a goal for it). That one of them stays is the promise.
  room.note(`${made} ends of connections were made for ${pairs} pairs`);
  for (const member of all) await calls.hangUp(member);
  await calls.open(0, all, 30_000);
  calls.noErrors(all);
  room.orderly();
}
