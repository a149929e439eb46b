import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { loseHost } from "./host-lost.mjs";

export const title = "a native host stops answering while all send: within 10 s the rest go on, within 10 s more a newcomer is in";

const NEWCOMER = 10_000;

export default async function nativeHostFrozen(room) {
  const { ledger } = room;
  await room.gather("native");
  const { host } = room;
  // The stopped host still holds its sockets: for the server it is alive, and so is its claim to the room's name.
  let entering;
  const survivors = await loseHost(room, {
    again(rest) {
      entering = enters(room, rest);
      // It is looked at below; what the others promise to each other is judged first.
      entering.catch(() => {});
    },
  });
  const { newcomer, took } = await entering;
  room.note(`the newcomer is listed by all after ${Math.round(took)} ms`);
  const all = [...survivors, newcomer];
  ledger.enter(newcomer);
  await ledger.fence(all);
  await ledger.caughtUp(survivors, newcomer);
  ledger.enterTalking(newcomer);
  ledger.exact(all, all, [host]);
  room.orderly();
}

async function enters(room, rest) {
  const began = now();
  const newcomer = await room.start("native");
  await listEachOther([...rest, newcomer], Math.max(1, NEWCOMER - (now() - began)));
  return { newcomer, took: now() - began };
}
