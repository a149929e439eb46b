import assert from "node:assert/strict";
import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";

export const title = "after a clean death of everybody the next one founds the room at once";

/** Ms from the start of a program or page to its own `sync`: no timer of server or member fits in. */
const FOUNDED = { plain: 3000, lab: 4000 };

export default async function foundedAnew(room) {
  await room.gather();
  const founding = await foundingOf(room.members[0]);
  for (const member of room.members) await member.leave();

  const second = await founds(room, "chromium");
  assert.notEqual(await foundingOf(second), founding, "it is a new founding");
  await second.leave();
  // One that is killed leaves no word behind, but its socket closes: that frees the name, too.
  for (const kind of ["native", "chromium"]) await (await founds(room, kind)).kill();
  await founds(room, "native");
  room.orderly();
}

async function founds(room, kind) {
  // The process of a page is there before its member is.
  const page = kind === "native" ? undefined : await room.prepare(kind);
  const began = now();
  const member = await (page ? page.start() : room.start(kind));
  await listEachOther([member], Math.max(1, FOUNDED[room.net.kind] - (now() - began)));
  room.note(`a ${page ? "page" : "program"} has founded it ${Math.round(now() - began)} ms after its start`);
  assert(member.isHost, `${member.name} is the host`);
  return member;
}

async function foundingOf(member) {
  await member.send({ cmd: "status", tag: "founding" });
  const status = await member.next(({ event, tag }) => event === "status" && tag === "founding");
  assert.match(status.founding, /^[0-9a-f]{32}$/);
  return status.founding;
}
