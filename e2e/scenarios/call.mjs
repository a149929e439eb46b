import assert from "node:assert/strict";
import { Calls, isPage } from "../harness/calls.mjs";
import { listEachOther } from "../harness/oracle.mjs";

export const title = "everybody sees and hears everybody: at first, late, after every kind of change, and when the host's page is killed";

export default async function call(room) {
  const kinds = room.mix;
  const pages = kinds.filter((kind) => kind !== "native");
  // One page of the mix comes late.
  const late = pages.at(-1);
  room.mix = kinds.toSpliced(kinds.lastIndexOf(late), 1);
  await room.gather(pages[0]);
  const calls = new Calls(room);
  const early = room.members.filter(isPage);

  // One gives; the others receive, though they give nothing.
  await calls.call(early[0]);
  room.note(`one is seen by all after ${Math.round(await calls.allFlows())} ms`);
  // All others at once.
  await Promise.all(early.slice(1).map((member) => calls.call(member)));
  room.note(`all ${early.length} are seen by all after ${Math.round(await calls.allFlows())} ms`);

  // A late joiner receives all, then gives.
  const joiner = await room.start(late);
  await room.listed(20_000);
  room.note(`who came late sees all after ${Math.round(await calls.allFlows())} ms`);
  await calls.call(joiner);
  await calls.allFlows();

  const all = room.members.filter(isPage);
  const pairs = all.length * (all.length - 1);
  const { made } = await calls.connections();
  assert.equal(made, pairs, "one connection for each two, both ends counted");

  // Replaced in place: another camera, the screen (no sound of its own: the sound stays), sound only (dropped for
  // everybody), picture again, nothing, and everything.
  const [one] = all;
  const changes = [
    { kinds: ["audio", "video"], colour: [120, 60, 0] },
    { kinds: ["video"], colour: [0, 120, 60] },
    { kinds: ["audio"], keep: false },
    { kinds: ["audio", "video"] },
    { kinds: [], keep: false },
    { kinds: ["audio", "video"] },
  ];
  for (const change of changes) {
    await calls.call(one, change);
    room.note(`${change.kinds.join(" and ") || "nothing"}: ${Math.round(await calls.allFlows())} ms`);
  }
  await calls.mute(one, true);
  await calls.allFlows();
  await calls.mute(one, false);
  await calls.allFlows();
  assert.equal((await calls.connections()).made, pairs, "what changes makes no connection");
  for (const member of all.slice(1)) {
    assert.deepEqual(calls.told(member, one), { begun: 1, ended: 0 }, `${member.name} was told once of the stream`);
  }

  // Hanging up, and again.
  await calls.hangUp(one);
  for (const member of all.slice(1)) await member.next((event) => event.event === "streamdrop" && event.id === one.id, 5_000);
  await calls.allFlows();
  await calls.call(one);
  await calls.allFlows();
  assert.equal((await calls.connections()).made, pairs, "calling again needs no new connection");

  // Data goes on beside it, a native member's too.
  await room.ledger.fence(room.members, 15_000);

  // The host's page is killed: its own streams end, nothing else happens to the call.
  const { host } = room;
  await host.kill();
  const rest = room.members;
  await listEachOther(rest, 15_000);
  const seers = rest.filter(isPage);
  await calls.allFlows(seers);
  for (const member of seers) {
    await member.next((event) => event.event === "streamdrop" && event.id === host.id, 15_000);
    for (const other of seers) {
      if (other === member) continue;
      const { begun, ended } = calls.told(member, other);
      assert.deepEqual({ begun, ended }, { begun: ended + 1, ended: Number(other === one) });
    }
    assert.equal(calls.told(member, host).ended, calls.told(member, host).begun);
  }
  // Theirs to the page that is gone are kept for a while: it might have come back.
  await calls.open(seers.length * (seers.length - 1), seers, 25_000);

  // All hang up: nothing is left open.
  for (const member of seers) await calls.hangUp(member);
  await calls.open(0, seers);
  for (const member of room.all) {
    const media = member.events.filter(({ event }) => /^(stream|manual)/.test(event) && !isPage(member));
    assert.deepEqual(media, [], `${member.name} is left alone`);
    const errors = member.events.filter(({ event }) => event === "error");
    assert.deepEqual(errors, [], `${member.name} has no error`);
  }
  room.orderly();
}
