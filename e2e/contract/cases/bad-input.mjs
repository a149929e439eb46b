import { differs, same } from "../case.mjs";

const NESTED = (depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** A frame sent by `ann`; what it does to her, to bob to whom it is addressed, and to the server. */
async function harm(bench, makeFrame) {
  const [ann, bob] = [await bench.join(), await bench.join()];
  const frame = makeFrame(bob.id);
  if (Buffer.isBuffer(frame)) ann.ws._socket.write(frame);
  else ann.say(frame);
  ann.say({ type: "CANDIDATE", dst: ann.id, payload: "still heard" });
  const own = [];
  do own.push(await ann.next()); while (own.at(-1).payload !== "still heard" && own.at(-1).closed === undefined);
  bob.say({ type: "CANDIDATE", dst: bob.id, payload: "still there" });
  const others = [];
  do others.push(await bob.next()); while (others.at(-1).payload !== "still there" && others.at(-1).closed === undefined);
  const shape = (event) => event.closed ?? event.payload ?? event.type;
  return { sender: own.map(shape), receiver: others.map(shape), runs: bench.server.isAlive() };
}

const HARMLESS = { sender: ["still heard"], receiver: ["still there"], runs: true };
const closedWith = (code) => ({ sender: [code], receiver: ["still there"], runs: true });

export default [
  ...["{bad", "", "null", "5", "\"x\"", "[]", "{}", "{}{}", "{\"type\":\"OFFER\"", "\u0000"].map((text) => ({
    name: `the text frame ${JSON.stringify(text)} is ignored`,
    run: async (bench) => harm(bench, () => text),
    expect: same(HARMLESS),
  })),
  {
    name: "a binary frame that is no text is ignored",
    run: async (bench) => {
      const [ann] = [await bench.join()];
      ann.say(Buffer.from([0xff, 0xfe, 0x00, 0x80]));
      return ann.heardBy(ann, ann.id);
    },
    expect: same([]),
  },
  ...[
    ["an unmasked frame", [0x81, 0x02, 0x7b, 0x7d], 1002],
    ["a reserved opcode", [0x83, 0x80, 0, 0, 0, 0], 1002],
    ["invalid UTF-8 in a text frame", [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
    ["a control frame of 126 bytes", [0x89, 0xfe, 0x00, 0x7e, 0, 0, 0, 0, ...new Array(126).fill(0)], 1002],
    ["a reserved bit", [0xc1, 0x80, 0, 0, 0, 0], 1002],
  ].map(([what, bytes, code]) => ({
    name: `${what} ends its sender with ${code}, and nobody else`,
    run: async (bench) => harm(bench, () => Buffer.from(bytes)),
    expect: same(closedWith(code)),
  })),
  {
    name: "a frame announced as 101 MB ends its sender with 1009",
    run: async (bench) => harm(bench, () => {
      const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      head.writeBigUInt64BE(101n << 20n, 2);
      return head;
    }),
    expect: same(closedWith(1009)),
  },
  ...[5_000, 1_000_000].map((depth) => ({
    name: `a payload nested ${depth} deep`,
    run: async (bench) => harm(bench, (bob) => `{"type":"OFFER","dst":"${bob}","payload":${NESTED(depth)}}`),
    expect: differs({
      peer: { sender: ["LEAVE", "still heard"], receiver: [1005], runs: true },
      ours: HARMLESS,
      because: "npm `peer` throws the receiver off the server; no payload of a PeerJS client is nested like that",
    }),
  })),
  {
    name: "a payload nested 90 deep passes",
    run: async (bench) => {
      const [ann, bob] = [await bench.join(), await bench.join()];
      ann.say(`{"type":"OFFER","dst":"${bob.id}","payload":${NESTED(90)}}`);
      return JSON.stringify((await bob.next()).payload);
    },
    expect: same(NESTED(90)),
  },
  {
    name: "a hundred bad frames wedge nothing: the socket is read, its close noticed, its id free",
    run: async (bench) => {
      const ann = await bench.join();
      for (let n = 0; n < 100; n += 1) ann.say("{bad");
      const heard = await ann.heardBy(ann, ann.id);
      await ann.close();
      return { heard, free: await bench.becomesFree(ann.id) };
    },
    expect: same({ heard: [], free: true }),
  },
  {
    name: "a receiver that does not read while 40 MB are sent to it",
    run: async (bench) => {
      const [ann, bob] = [await bench.join(), await bench.join()];
      bob.ws.pause();
      const payload = "x".repeat(1_000_000);
      for (let n = 0; n < 40; n += 1) ann.say({ type: "OFFER", dst: bob.id, payload });
      // Told of some or not: the sender is served all the time.
      await ann.heardBy(ann, ann.id);
      return await bench.claim(bob.id) === "ID-TAKEN" ? "still registered" : "let go";
    },
    expect: differs({
      peer: "still registered",
      ours: "let go",
      because: "npm `peer` holds it all in memory; ours lets go of a client for which more than 16 MiB wait",
    }),
  },
];
