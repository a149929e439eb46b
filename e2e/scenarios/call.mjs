import assert from "node:assert/strict";
import { Calls, isPage } from "../harness/calls.mjs";
import { listEachOther } from "../harness/oracle.mjs";

export const title = "everybody sees and hears everybody: at first, late, after every kind of change, and when the host's page is killed";

/**
 * The longest time without a picture when one takes the place of another, ms: a deadline. Usual: 0.1 to 0.3 s, of which
 * 66 ms are the pictures' own period.
 */
const GAP = 3_000;

/**
 * What the host changes: another camera, the screen (no sound of its own: the sound stays), sound only (dropped for
 * everybody), picture again, nothing, and everything.
 */
const ALL_CHANGES = [
  { kinds: ["audio", "video"], colour: [120, 60, 0] },
  { kinds: ["video"], colour: [0, 120, 60] },
  { kinds: ["audio"], keep: false },
  { kinds: ["audio", "video"] },
  { kinds: [], keep: false },
  { kinds: ["audio", "video"] },
];
/** What a guest changes: a camera, another one, and another microphone alone, beside which the picture goes on. */
const SOME_CHANGES = [
  { kinds: ["audio", "video"] },
  { kinds: ["audio", "video"], colour: [130, 130, 90] },
  { kinds: ["audio"], keep: true },
];

/** The same again of a guest need not be looked at for so long, ms. */
const A_SECOND = 1_000;

export default async function call(room) {
  const kinds = room.mix;
  const pages = kinds.filter((kind) => kind !== "native");
  // Many videos starve a machine: then everything takes longer, and a dial that took too long is dialled again.
  const crowd = pages.length > 4;
  const patience = crowd ? 4 : 1;
  // One page of the mix comes late.
  const late = pages.at(-1);
  room.mix = kinds.toSpliced(kinds.lastIndexOf(late), 1);
  await room.gather(pages[0]);
  const calls = new Calls(room);
  const early = room.members.filter(isPage);
  const allFlow = (members, flows) => calls.allFlows(members, 30_000 * patience, flows);

  // One gives; the others receive, though they give nothing.
  await calls.call(early[0]);
  room.note(`one is seen by all after ${Math.round(await allFlow())} ms`);
  // All others at once.
  await Promise.all(early.slice(1).map((member) => calls.call(member)));
  room.note(`all ${early.length} are seen by all after ${Math.round(await allFlow())} ms`);

  // A late joiner receives all, as it is by then: one is muted, one gives sound alone. Then it gives: nothing yet.
  await calls.mute(early[0], true);
  if (early[1]) await calls.call(early[1], { kinds: ["audio"], keep: false });
  const joiner = await room.start(late);
  await room.listed(20_000 * patience);
  room.note(`who came late sees all after ${Math.round(await allFlow())} ms`);
  await calls.mute(early[0], false);
  if (early[1]) await calls.call(early[1]);
  await calls.call(joiner, { kinds: null });
  room.note(`no stream: ${Math.round(await allFlow())} ms`);

  const all = room.members.filter(isPage);
  const pairs = all.length * (all.length - 1);
  const made = async (count, why, members) => {
    const { made } = await calls.connections(members);
    if (crowd) room.note(`${made} ends of connections were made for ${count}: ${why}`);
    else assert.equal(made, count, why);
  };
  await made(pairs, "one connection for each two, both ends counted");

  const change = async (member, to, flow) => {
    const what = `${member.name}, ${to.kinds.join(" and ") || "nothing"}`;
    const viewer = all.find((other) => other !== member && other.kind === "chromium");
    const replaces = to.kinds.includes("video") && calls.given.get(member).video;
    let flows;
    const changes = async () => {
      await calls.call(member, to);
      flows = await allFlow(undefined, flow);
    };
    if (!viewer || !replaces) {
      await changes();
      room.note(`${what}: ${Math.round(flows)} ms`);
      return;
    }
    const { longest, usual, black } = await calls.gap(viewer, member, changes);
    room.note(`${what}: ${Math.round(flows)} ms; ${viewer.name} was at most ${Math.round(longest)} ms without a new picture, usually ${Math.round(usual)} ms`);
    assert(longest <= GAP * patience, `${what}: ${viewer.name} saw no new picture for ${Math.round(longest)} ms`);
    assert.equal(black, 0, `${what}: ${viewer.name} saw black pictures`);
  };
  /** Replaced in place, muted, hung up and given again: all of it over the connections that there are. */
  const goThrough = async (member, changes, flow) => {
    for (const to of changes) await change(member, to, flow);
    for (const muted of [true, false]) {
      await calls.mute(member, muted);
      await allFlow(undefined, flow);
    }
    await made(pairs, "what changes makes no connection");
    calls.toldAll(all, member, 1, 0);
    await calls.hangUp(member);
    for (const other of all) {
      if (other !== member) await other.next(({ event, id }) => event === "streamdrop" && id === member.id, 5_000 * patience);
    }
    await calls.sendsNothing(member);
    await allFlow(undefined, flow);
    await calls.call(member);
    await allFlow(undefined, flow);
    calls.toldAll(all, member, 2, 1);
    await made(pairs, "calling again needs no new connection");
  };
  const { host } = room;
  await goThrough(host, ALL_CHANGES);
  if (pages.length > 2) await goThrough(joiner, SOME_CHANGES, A_SECOND);
  else await change(joiner, SOME_CHANGES[0]);

  // Data goes on beside it, a native member's too.
  await room.ledger.fence(room.members, 15_000 * patience);

  // The host's page is killed: its own streams end, nothing else happens to the call.
  const before = (await calls.connections(all.filter((member) => member !== host))).made;
  await host.kill();
  const rest = room.members;
  await listEachOther(rest, 15_000 * patience);
  const seers = rest.filter(isPage);
  await allFlow(seers);
  for (const member of seers) {
    const ended = () => calls.told(member, host).ended === 2;
    await member.until(ended, 15_000 * patience, "it is told that the stream of who is gone has ended, too");
  }
  // Theirs to the page that is gone are kept for a while: it might have come back.
  await calls.open(seers.length * (seers.length - 1), seers, 25_000 * patience);
  await made(before, "none is made for it", seers);
  calls.toldAll(seers, host, 2, 2);
  for (const member of seers) calls.toldAll(seers, member, member === joiner ? 2 : 1, member === joiner ? 1 : 0);

  // All hang up: nothing is left open.
  for (const member of seers) await calls.hangUp(member);
  await calls.open(0, seers, 10_000 * patience);
  for (const member of room.all) {
    const media = member.events.filter(({ event }) => /^(stream|manual)/.test(event) && !isPage(member));
    assert.deepEqual(media, [], `${member.name} is left alone`);
  }
  calls.noErrors(room.all);
  room.orderly();
}
