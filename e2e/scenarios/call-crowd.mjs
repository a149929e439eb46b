import assert from "node:assert/strict";
import { Calls } from "../harness/calls.mjs";

export const title = "all of a crowd call at once: everybody sees everybody and hears who speaks, over one connection for each two";

/** How many of them give sound, too: 56 streams of it are all that two cores can do (eight speakers: `call.long`). */
const SPEAKERS = 2;

export default async function callCrowd(room) {
  await room.gather();
  const calls = new Calls(room);
  const all = room.members;
  await Promise.all(all.map((member, index) => calls.call(member, index < SPEAKERS ? {} : { kinds: ["video"] })));
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
