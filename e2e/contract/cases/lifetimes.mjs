import { ID_TAKEN, OPEN, close, differs, pass, same } from "../case.mjs";
import { fresh } from "../client.mjs";

const HEARTBEAT = { type: "HEARTBEAT" };

/** What a client hears first when it comes back with its token: OPEN, or nothing but its own echo. */
async function comeBack(bench, id, token = "t") {
  const client = await bench.dial({ id, token });
  client.id = id;
  client.say({ type: "CANDIDATE", dst: id, payload: "echo" });
  const heard = [];
  do heard.push(await client.next()); while (heard.at(-1).payload !== "echo");
  return { client, heard: heard.map((frame) => frame.type) };
}

const RESUME = "PeerJS takes OPEN and a close at any time; the silence of npm `peer` leaves a client that reconnects without `open`";

export default [
  {
    name: "a close frees the id for any token",
    run: async (bench) => {
      const ann = await bench.join();
      await ann.close();
      return bench.becomesFree(ann.id);
    },
    expect: same(true),
  },
  {
    name: "coming back with the token while the old socket lives",
    run: async (bench) => {
      const old = await bench.join();
      const { heard } = await comeBack(bench, old.id);
      const isClosed = await Promise.race([old.next().then((event) => event.closed), pass(1_000)]);
      return { heard, isClosed };
    },
    expect: differs({
      peer: { heard: ["CANDIDATE"], isClosed: undefined },
      ours: { heard: ["OPEN", "CANDIDATE"], isClosed: 1005 },
      because: RESUME,
    }),
  },
  {
    name: "after a resume messages go to the new socket",
    run: async (bench) => {
      const [bob, old] = [await bench.join(), await bench.join()];
      const { client } = await comeBack(bench, old.id);
      bob.say({ type: "OFFER", dst: old.id, payload: 1 });
      return (await client.next()).payload;
    },
    expect: same(1),
  },
  {
    name: "the replaced socket speaks",
    run: async (bench) => {
      const [bob, old] = [await bench.join(), await bench.join()];
      const { client } = await comeBack(bench, old.id);
      old.say({ type: "OFFER", dst: bob.id, payload: "from a ghost" });
      old.say({ type: "CANDIDATE", dst: old.id, payload: "ghost echo" });
      await pass(300);
      const marked = [await client.heardBy(bob, bob.id), await client.heardBy(client, client.id)];
      return marked.map((frames) => frames.length);
    },
    expect: differs({
      peer: [1, 1],
      ours: [0, 0],
      because: "whoever was replaced is no longer that id; the echo of a replaced host must not reach the new one",
    }),
  },
  {
    name: "the end of the replaced socket changes nothing; the end of the new one frees the id",
    run: async (bench) => {
      const old = await bench.join();
      const { client } = await comeBack(bench, old.id);
      await old.close();
      const between = await bench.claim(old.id, "stranger");
      await client.close();
      return { between, free: await bench.becomesFree(old.id) };
    },
    expect: same({ between: "ID-TAKEN", free: true }),
  },
  {
    name: "the newest socket closes while the replaced one would still be open",
    run: async (bench) => {
      const old = await bench.join();
      const { client } = await comeBack(bench, old.id);
      await client.close();
      return bench.becomesFree(old.id);
    },
    expect: same(true),
  },
  {
    name: "a resume and the liveness clock",
    setting: "mortal",
    run: async (bench) => {
      const old = await bench.join();
      await pass(1_700);
      const resumed = performance.now();
      const { client } = await comeBack(bench, old.id);
      await client.untilClosed();
      return performance.now() - resumed > 2_600 ? "starts anew" : "goes on";
    },
    expect: differs({
      peer: "goes on",
      ours: "starts anew",
      because: "a client that has just come back is alive",
    }),
  },
  {
    name: "LEAVE without a receiver frees the id",
    run: async (bench) => {
      const ann = await bench.join();
      ann.say({ type: "LEAVE" });
      return bench.becomesFree(ann.id, 2_000);
    },
    expect: same(true),
  },
  {
    name: "the socket that has left",
    run: async (bench) => {
      const [ann, bob] = [await bench.join(), await bench.join()];
      ann.say({ type: "LEAVE" });
      const free = await bench.becomesFree(ann.id);
      ann.say({ type: "OFFER", dst: bob.id, payload: "from a ghost" });
      const isClosed = await Promise.race([ann.next().then((event) => event.closed), pass(1_000)]);
      return { free, isClosed, heard: (await bob.heardBy(bob, bob.id)).length };
    },
    expect: differs({
      peer: { free: true, isClosed: undefined, heard: 1 },
      ours: { free: true, isClosed: 1005, heard: 0 },
      because: "it has given its id back: speaking as that id would be speaking as its next owner. No PeerJS client sends LEAVE",
    }),
  },
  {
    name: "the late close of a socket that has left, while somebody else has the id",
    run: async (bench) => {
      const first = await bench.join();
      first.say({ type: "LEAVE" });
      await bench.becomesFree(first.id);
      const second = await bench.join(first.id, "another");
      await first.close();
      await pass(300);
      return bench.claim(second.id, "third");
    },
    expect: differs({
      peer: "OPEN",
      ours: "ID-TAKEN",
      because: "a registration belongs to a connection; npm `peer` removes by id and so unregisters somebody else",
    }),
  },
  {
    name: "LEAVE with a receiver leaves the sender registered",
    run: async (bench) => {
      const [ann, bob] = [await bench.join(), await bench.join()];
      ann.say({ type: "LEAVE", dst: bob.id });
      return [(await bob.next()).type, await bench.claim(ann.id)];
    },
    expect: same(["LEAVE", "ID-TAKEN"]),
  },
  {
    name: "silence ends a client at the timeout, and frees its id",
    setting: "mortal",
    run: async (bench) => {
      const [ann, start] = [await bench.join(), performance.now()];
      const events = await ann.untilClosed();
      const ms = performance.now() - start;
      return { events, early: ms < 2_900, late: ms > 6_000, free: await bench.becomesFree(ann.id) };
    },
    expect: same({ events: [close], early: false, late: false, free: true }),
  },
  {
    name: "heartbeats keep a client; messages and websocket pings do not",
    setting: "mortal",
    run: async (bench) => {
      const [beating, talking, pinging] = [await bench.join(), await bench.join(), await bench.join()];
      let closed = 0;
      for (const client of [talking, pinging]) client.ws.once("close", () => { closed += 1; });
      for (let n = 0; n < 12; n += 1) {
        await pass(400);
        beating.say(HEARTBEAT);
        if (talking.ws.readyState === 1) talking.say({ type: "CANDIDATE", dst: talking.id, payload: n });
        if (pinging.ws.readyState === 1) pinging.ws.ping();
      }
      return { closed, alive: await bench.claim(beating.id) };
    },
    expect: same({ closed: 2, alive: "ID-TAKEN" }),
  },
  {
    name: "a strange token never frees or takes an id",
    run: async (bench) => {
      const ann = await bench.join();
      const other = await bench.dial({ id: ann.id, token: fresh() });
      const events = await other.untilClosed();
      ann.say({ type: "CANDIDATE", dst: ann.id, payload: "still here" });
      return [events, (await ann.next()).payload];
    },
    expect: same([[ID_TAKEN, close], "still here"]),
  },
  {
    name: "the id can be taken again at once after a polite close",
    run: async (bench) => {
      const id = fresh();
      const heard = [];
      for (let n = 0; n < 20; n += 1) {
        const client = await bench.dial({ id, token: `t${n}` });
        heard.push(await client.next());
        await client.close();
      }
      return heard.every((frame) => frame.type === OPEN.type);
    },
    expect: same(true),
  },
];
