import assert from "node:assert/strict";
import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";

export const title = "after a clean death of everybody the next one founds the room at once";

/**
 * Ms from the start of a program or page to its own `sync`. Seen: 52 to 396. No wait for somebody who does not answer
 * fits in: the shortest of a member is 2 000 ms (core's ANSWER_MS), of a server 5 000 (PeerServer's expire_timeout).
 */
const FOUNDED = 1600;
/** Ms until it has joined, in the lab. Seen: 1 200. */
const LOADED = 4000;

export default async function foundedAnew(room) {
  await room.gather();
  const founding = await foundingOf(room.members[0]);
  for (const member of room.members) await member.leave();

  const second = await founds(room, "chromium");
  assert.notEqual(await foundingOf(second), founding, "it is a new founding");
  await second.leave();
  // One that is killed leaves no word behind, but its socket closes: that frees the name, too.
  // (A page's is closed by its browser, when that finds out: some milliseconds later, and a program founds a room in ten.)
  for (const kind of ["native", "chromium"]) {
    await (await founds(room, kind)).kill();
    await room.server.frees(room.name);
  }
  await founds(room, "native");
  room.orderly();
}

async function founds(room, kind) {
  // The process of a page is there before its member is.
  const page = kind === "native" ? undefined : await room.prepare(kind);
  let began = now();
  const member = await (page ? page.start() : room.start(kind));
  // In the lab a page, or a first packet that is lost, is on its way for a second; who waits for an answer has joined.
  const since = room.net.kind === "lab" ? "it joined" : "its start";
  if (room.net.kind === "lab") began = (await member.next("joined", LOADED)).at;
  await listEachOther([member], Math.max(1, FOUNDED - (now() - began)));
  room.note(`a ${page ? "page" : "program"} has founded it ${Math.round(now() - began)} ms after ${since}`);
  assert(member.isHost, `${member.name} is the host`);
  return member;
}

async function foundingOf(member) {
  await member.send({ cmd: "status", tag: "founding" });
  const status = await member.next(({ event, tag }) => event === "status" && tag === "founding");
  assert.match(status.founding, /^[0-9a-f]{32}$/);
  return status.founding;
}
