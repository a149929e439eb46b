import assert from "node:assert/strict";
import { Calls } from "../harness/calls.mjs";

export const title = "a guest leaves a call, another is killed: each one's stream ends once for everybody, and the call of the rest goes on";

/** A page that is gone without a word is missed after a few seconds, and its connections are kept for 10 s more. */
const GONE = 25_000;

export default async function callEnds(room) {
  const [host, first, second, last] = await room.gather();
  const calls = new Calls(room);
  await Promise.all(room.members.map((member) => calls.call(member)));
  await calls.allFlows();
  const { made } = await calls.connections([host, last]);

  const end = async (member, goes) => {
    await goes();
    const rest = room.members;
    await Promise.all(
      rest.map((other) => other.until(() => calls.told(other, member).ended > 0, GONE, `is told that ${member.name}'s stream ended`)),
    );
    await room.listed(GONE);
    await calls.allFlows();
    await calls.open(rest.length * (rest.length - 1), rest, GONE);
    calls.toldAll(rest, member, 1, 1);
    for (const other of rest) calls.toldAll(rest, other, 1, 0);
  };
  await end(first, () => first.leave());
  await end(second, () => second.kill());
  calls.toldAll([host, last], first, 1, 1);
  assert.equal((await calls.connections([host, last])).made, made, "none is made for it");
  calls.noErrors(room.members);
  room.orderly();
}
