import assert from "node:assert/strict";
import { Calls } from "../harness/calls.mjs";

export const title = "beyond `auto_call_peer` a page is told of a stream, and gets it when it asks for it";

const SOON = 15_000;

/** The limit is 1: of two that give, a third gets the first one's by itself. */
export default async function callLimited(room) {
  const [first, second, third] = await room.gather();
  const calls = new Calls(room);
  const manual = (member) => member.events.filter(({ event }) => event === "manual-stream").map(({ id }) => id);

  await calls.call(first);
  await calls.allFlows();
  await calls.call(second);
  await third.until(() => manual(third).length > 0, SOON, "is told of a stream that it may ask for");
  await calls.allFlows([first, second]);
  assert.deepEqual(manual(third), [second.id], `${third.name} may ask for the stream of ${second.name}`);
  assert.deepEqual(calls.told(third, second), { begun: 0, ended: 0 }, "it has not come by itself");
  assert.equal((await calls.connections()).open, 4, "two connections, both ends counted");

  await calls.callPeer(third, second);
  room.note(`what was asked for is seen after ${Math.round(await calls.allFlows())} ms`);
  calls.toldAll([first, third], second, 1, 0);
  calls.toldAll([second, third], first, 1, 0);
  assert.equal((await calls.connections()).open, 6, "three connections, both ends counted");
  // Who gives nothing has nothing to be asked for; what came by itself is not asked for either.
  assert.deepEqual([first, second, third].map(manual), [[], [], [second.id]], "it is told once, to that one alone");
  room.orderly();
}
