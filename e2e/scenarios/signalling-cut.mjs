import assert from "node:assert/strict";
import { calm, hears, listEachOther, said } from "../harness/oracle.mjs";
import { now, passed, wall } from "../harness/time.mjs";
import { Fault } from "./succession.mjs";

/** Sessions end with the server's process: at once, so to speak. */
const NOTICED = 10_000;
/** The longest wait between two attempts is 10 s; Firefox itself delays those that follow failed ones, by up to 60 s. */
const UP = 90_000;
/** And as long may the host take for the room's name. */
const JOINABLE = 40_000;
/** One with each heartbeat, every 5 s: 20 s, and what a way of the lab may hold back. */
const ECHOES = 40_000;

const signalling = (state) => (event) => event.event === "signalling" && event.state === state;

/** How signalling is cut. The server's process ends, and is another one on the same port later: sockets close at once. */
const KILLED = { cut: ({ server }) => server.kill(), heal: ({ server }) => server.again(), told: true };
/** The server's network is cut (in the lab): its packets vanish. Who misses three echoes of its own has noticed. */
export const SILENT = { cut: vanish, heal: ({ net, server }) => net.heal(server.place), told: false };

/** Cuts the server off; gives what proves at the end that it was: of each member's heartbeats, every 5 s, none came there. */
async function vanish({ net, server }) {
  await net.cut(server.place);
  const ways = async () => (await net.lab.command({ cmd: "stats" })).pairs.filter(({ to }) => to === server.place.node);
  const before = await ways();
  return async (members) => {
    const after = await ways();
    for (const { name, place } of members) {
      const [was, is] = [before, after].map((pairs) => pairs.find(({ from }) => from === place.node));
      assert(is.cut > was.cut && is.delivered === was.delivered, `the server is cut off from ${name}: ${JSON.stringify([was, is])}`);
    }
  };
}

/** Signalling is cut for `ms`; meanwhile `losses` hosts are killed, one after the other. */
export async function cutSignalling(room, ms, losses, how = KILLED) {
  try {
    await whileCut(room, ms, losses, how);
  } catch (error) {
    if (how === SILENT) await how.heal(room);
    throw error;
  }
}

async function whileCut(room, ms, losses, { cut, heal, told }) {
  const fault = await Fault.begin(room);
  const { founding } = await status(room.host, "before");
  const since = new Map(fault.marks);
  const began = now();
  const proof = await cut(room);
  if (told) await hears(since, "signalling is down", signalling("down"), NOTICED);
  // Data flows.
  await fault.recovers(wall(), fault.all);

  const lost = [];
  for (let loss = 1; loss <= losses; loss++) {
    await atHand(room.members);
    const { host } = room;
    fault.all = room.members;
    fault.line = `no signalling, host loss ${loss}, ${host.name} hosts`;
    await fault.strike([host], () => host.kill());
    await listEachOther(fault.survivors, NOTICED);
    since.delete(host);
    lost.push(host);
  }
  if (losses === 0) calm(since);
  fault.began = began;
  await fault.lasts(ms);
  const here = room.members;
  await fault.recovers(wall(), here);
  await proof?.(here);

  await heal(room);
  const again = now();
  // Who was told.
  const sure = told || ms > ECHOES;
  const down = new Map([...since].filter(([member, mark]) => sure || member.events.slice(mark).some(signalling("down"))));
  await hears(down, "signalling is up", signalling("up"), UP);
  room.note(`${down.size} of ${since.size} were told; all have signalling ${Math.round(now() - again)} ms after the server was there again`);
  await fault.settle();
  for (const host of lost) {
    fault.chatter.buried(host, here);
    room.ledger.samePrefix(host, here);
    said(since, `told once that ${host.name} is gone`, ({ event, id }) => event === "peerdropped" && id === host.id);
  }
  said(down, "signalling went down once", signalling("down"));
  said(down, "signalling came up once", signalling("up"));
  if (losses === 0) calm(since);

  // Joinable under its name, with the same ids; nobody founded another room meanwhile.
  const joins = now();
  const newcomer = await room.start("native");
  room.ledger.enter(newcomer);
  await listEachOther([...here, newcomer], JOINABLE);
  room.note(`a newcomer is listed by all ${Math.round(now() - joins)} ms after its start`);
  assert.equal((await status(newcomer, "after")).founding, founding, "it is the same room");
  await room.ledger.fence([...here, newcomer], NOTICED);
  room.ledger.exact([...here, newcomer], [...here, newcomer], room.dead);
  room.orderly();
  await newcomer.leave();
}

/** Each has measured two links, to the host and to who hosts next: without a server nobody could find the next host else. */
async function atHand(members) {
  const late = now() + NOTICED;
  for (const member of members) {
    for (let asked = 0; ; asked++) {
      const { peers } = await status(member, `ways ${asked}`);
      if (peers.filter(({ rttMs }) => rttMs !== null).length >= Math.min(2, members.length - 1)) break;
      assert(now() < late, `${member.name} has no link to the next host within ${NOTICED} ms`);
      await passed(50, now());
    }
  }
}

async function status(member, tag) {
  await member.send({ cmd: "status", tag });
  return member.next(({ event, tag: its }) => event === "status" && its === tag);
}
