import { differs, same } from "../case.mjs";
import { fresh } from "../client.mjs";

const pair = async (bench) => [await bench.join(), await bench.join()];

export default [
  {
    name: "a message arrives as one text frame: type, src, dst, payload, in this order",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say({ payload: { a: [1, { b: null }] }, extra: 1, dst: bob.id, src: "eve", type: "OFFER" });
      return await bob.nextRaw() === `{"type":"OFFER","src":"${ann.id}","dst":"${bob.id}","payload":{"a":[1,{"b":null}]}}`;
    },
    expect: same(true),
  },
  ...["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE"].map((type) => ({
    name: `${type} passes, with the sender's true name`,
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say({ type, dst: bob.id, payload: "p" });
      const { src, dst, ...rest } = await bob.next();
      return { ...rest, src: src === ann.id, dst: dst === bob.id };
    },
    expect: same({ type, payload: "p", src: true, dst: true }),
  })),
  {
    name: "other types are dropped, and nobody is closed",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      for (const type of ["OPEN", "ERROR", "ID-TAKEN", "offer", "GO", "", 5, null, ["OFFER"], undefined]) {
        ann.say({ type, dst: bob.id, payload: 1 });
      }
      return ann.heardBy(bob, bob.id);
    },
    expect: same([]),
  },
  {
    name: "a HEARTBEAT is not answered",
    run: async (bench) => {
      const ann = await bench.join();
      ann.say({ type: "HEARTBEAT" });
      return ann.heardBy(ann, ann.id);
    },
    expect: same([]),
  },
  {
    name: "a payload that is missing stays missing, and null stays null",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say({ type: "OFFER", dst: bob.id });
      ann.say({ type: "OFFER", dst: bob.id, payload: null });
      const [without, withNull] = await bob.take(2);
      return ["payload" in without, withNull.payload];
    },
    expect: same([false, null]),
  },
  {
    name: "a message to oneself comes back",
    run: async (bench) => {
      const ann = await bench.join();
      ann.say({ type: "CANDIDATE", dst: ann.id, payload: { type: "mesh-echo" } });
      return (await ann.next()).src === ann.id;
    },
    expect: same(true),
  },
  {
    name: "a binary frame is read as text and passed on as text",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say(Buffer.from(JSON.stringify({ type: "OFFER", dst: bob.id, payload: "ü" })));
      const heard = await bob.nextRaw();
      return typeof heard === "string" && JSON.parse(heard).payload;
    },
    expect: same("ü"),
  },
  {
    name: "of a key given twice the last counts",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say(`{"type":"x","dst":"nobody","payload":1,"dst":"${bob.id}","type":"OFFER","payload":2}`);
      const { type, payload } = await bob.next();
      return { type, payload };
    },
    expect: same({ type: "OFFER", payload: 2 }),
  },
  {
    name: "text of all kinds survives",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      const payload = ["é\u{1F600}\u2028", "\0\u001f\"\\/", "\ud83d", { "": [[], {}], __proto__x: -0.5 }];
      ann.say({ type: "OFFER", dst: bob.id, payload });
      return (await bob.next()).payload;
    },
    expect: same(["é\u{1F600}\u2028", "\0\u001f\"\\/", "\ud83d", { "": [[], {}], __proto__x: -0.5 }]),
  },
  {
    name: "an integer beyond doubles",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say(`{"type":"OFFER","dst":"${bob.id}","payload":12345678901234567890}`);
      return /"payload":(\d+)/.exec(await bob.nextRaw())[1];
    },
    expect: differs({
      peer: "12345678901234567000",
      ours: "12345678901234567890",
      because: "payloads pass as the text that came; JavaScript rounds it on arrival all the same",
    }),
  },
  {
    name: "two thousand messages in a burst keep their order",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      for (let n = 0; n < 2_000; n += 1) ann.say({ type: "CANDIDATE", dst: bob.id, payload: n });
      return (await bob.take(2_000)).every((frame, n) => frame.payload === n);
    },
    expect: same(true),
  },
  {
    name: "a message of 1 MB arrives whole",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      const payload = "é".repeat(500_000);
      ann.say({ type: "OFFER", dst: bob.id, payload });
      return (await bob.next()).payload === payload;
    },
    expect: same(true),
  },
  {
    name: "a message of 5 MB",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say({ type: "OFFER", dst: bob.id, payload: "x".repeat(5_000_000) });
      const outcome = await Promise.race([ann.next(), bob.next()]);
      return outcome.closed ?? outcome.payload.length;
    },
    expect: differs({
      peer: 5_000_000,
      ours: 1009,
      because: "signalling is small: 4 MiB is the limit, not 100 MiB, and its sender is told by the status",
    }),
  },
  {
    name: "a receiver that is no string",
    run: async (bench) => {
      const [ann, bob] = await pair(bench);
      ann.say({ type: "OFFER", dst: [bob.id], payload: 1 });
      ann.say({ type: "OFFER", dst: 5, payload: 1 });
      const absent = fresh();
      ann.say({ type: "OFFER", dst: absent, payload: 1 });
      const sources = [];
      do sources.push((await ann.next()).src); while (sources.at(-1) !== absent);
      return { expired: sources.length - 1, reached: (await ann.heardBy(bob, bob.id)).length };
    },
    expect: differs({
      peer: { expired: 2, reached: 0 },
      ours: { expired: 0, reached: 0 },
      because: "an id is a string; nothing can wait for something else",
    }),
  },
  {
    name: "a websocket ping is answered, and none is sent",
    run: async (bench) => {
      const ann = await bench.join();
      let pings = 0;
      ann.ws.on("ping", () => { pings += 1; });
      const pong = new Promise((resolve) => ann.ws.once("pong", (data) => resolve(data.toString())));
      ann.ws.ping("hello");
      const answer = await pong;
      await ann.heardBy(ann, ann.id);
      return { answer, pings };
    },
    expect: same({ answer: "hello", pings: 0 }),
  },
];
