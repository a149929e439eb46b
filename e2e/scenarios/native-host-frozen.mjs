import { listEachOther } from "../harness/oracle.mjs";
import { now } from "../harness/time.mjs";
import { loseHost } from "./host-lost.mjs";

export const title = "a native host stops answering while all send: within 10 s the rest go on, within 10 s more a newcomer is in";

const NEWCOMER = 10_000;

export default async function nativeHostFrozen(room) {
  await room.gather("native");
  const survivors = await loseHost(room, (host) => host.freeze());
  // The stopped host still holds its sockets: for the server it is alive, and so is its claim to the room's name.
  const began = now();
  const newcomer = await room.start("native");
  await listEachOther([...survivors, newcomer], NEWCOMER - (now() - began));
  room.note(`the newcomer is listed by all after ${Math.round(now() - began)} ms`);
  room.ledger.enter(newcomer);
  await room.ledger.fence([...survivors, newcomer]);
  room.ledger.exact([...survivors, newcomer], [newcomer]);
  room.orderly();
}
