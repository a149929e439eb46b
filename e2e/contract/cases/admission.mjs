import { ID_TAKEN, OPEN, close, differs, error, same } from "../case.mjs";
import { fresh } from "../client.mjs";

const INCOMPLETE = error("No id, token, or key supplied to websocket server");

export default [
  {
    name: "a free id is registered: OPEN, exactly as text",
    run: async (bench) => (await bench.dial({ id: fresh(), token: "t" })).nextRaw(),
    expect: same('{"type":"OPEN"}'),
  },
  ...[
    ["no id", { token: "t" }],
    ["an empty id", { id: "", token: "t" }],
    ["no token", { id: "x" }],
    ["an empty token", { id: "x", token: "" }],
    ["an empty key", { id: "x", token: "t", key: "" }],
    ["an empty token and a wrong key", { id: "x", token: "", key: "wrong" }],
  ].map(([what, hello]) => ({
    name: `${what}: refused after a handshake that succeeds`,
    run: async (bench) => (await bench.dial(hello)).untilClosed(),
    expect: same([INCOMPLETE, close]),
  })),
  {
    name: "a wrong key is an ERROR, never INVALID-KEY",
    run: async (bench) => {
      const taken = await bench.join();
      return (await bench.dial({ id: taken.id, token: "t", key: "PeerJS" })).untilClosed();
    },
    expect: same([error("Invalid key provided"), close]),
  },
  {
    name: "an id under another token is taken, exactly as text",
    run: async (bench) => {
      const owner = await bench.join();
      const other = await bench.dial({ id: owner.id, token: "other" });
      return [await other.nextRaw(), await other.next()];
    },
    expect: same(['{"type":"ID-TAKEN","payload":{"msg":"ID is taken"}}', close]),
  },
  {
    name: "above the limit: an ERROR; taken is said first; the place of one who leaves is free",
    setting: "narrow",
    alone: true,
    run: async (bench) => {
      const [ann] = [await bench.join("limit-a"), await bench.join("limit-b")];
      const refused = await (await bench.dial({ id: "limit-c", token: "t" })).untilClosed();
      const taken = await (await bench.dial({ id: "limit-a", token: "other" })).untilClosed();
      await ann.close();
      return { refused, taken, free: await bench.becomesFree("limit-c") };
    },
    expect: same({ refused: [error("Server has reached its concurrent user limit"), close], taken: [ID_TAKEN, close], free: true }),
  },
  {
    name: "one who comes back with its token is admitted above the limit",
    setting: "narrow",
    alone: true,
    run: async (bench) => {
      await bench.join("back-a");
      await bench.join("back-b");
      const back = await bench.dial({ id: "back-b", token: "t" });
      // Whoever has the registration hears its own echo.
      back.say({ type: "CANDIDATE", dst: "back-b", payload: "echo" });
      const heard = [];
      do heard.push(await back.next()); while (heard.at(-1).payload !== "echo");
      return heard.map((frame) => frame.type);
    },
    expect: differs({
      peer: ["CANDIDATE"],
      ours: ["OPEN", "CANDIDATE"],
      because: "a client that resumes is told OPEN; PeerJS takes OPEN at any time, and without it never fires `open`",
    }),
  },
  {
    name: "the last of repeated parameters counts, others are ignored, escapes are undone",
    run: async (bench) => {
      const id = fresh("a b+c/ü");
      const client = await bench.dial({ id: "first", token: "t", query: `id=${encodeURIComponent(id)}&version=1.5.5&x=y` });
      const open = await client.next();
      client.say({ type: "CANDIDATE", dst: id, payload: 1 });
      return [open, (await client.next()).src === id];
    },
    expect: same([OPEN, true]),
  },
  {
    name: "a plus sign in the query is a space, as clients that escape nothing send it",
    run: async (bench) => {
      const name = fresh();
      const client = await bench.dial({ token: "t", query: `id=${name}+x` });
      await client.next();
      client.say({ type: "CANDIDATE", dst: `${name} x`, payload: 1 });
      return (await client.next()).src === `${name} x`;
    },
    expect: same(true),
  },
  {
    name: "any text is an id, compared exactly",
    run: async (bench) => {
      const heard = [];
      for (const odd of ["../../etc/passwd", "a b", "a\0b", "a\r\nb", "<b>&", "__proto__", "constructor", "\u{1F600}", "ANN", "ann"]) {
        const client = await bench.dial({ id: odd, token: "t" });
        const open = await client.next();
        client.say({ type: "CANDIDATE", dst: odd, payload: 1 });
        heard.push([open.type, (await client.next()).src === odd]);
      }
      return heard.every(([type, itself]) => type === "OPEN" && itself);
    },
    expect: same(true),
  },
  {
    name: "an id of 12 000 characters",
    run: async (bench) => (await bench.dial({ id: "x".repeat(12_000), token: "t" })).next(),
    expect: differs({
      peer: OPEN,
      ours: error("The id, token, or key is too long"),
      because: "ids are kept in memory; 1 024 bytes are enough for any",
    }),
  },
  {
    name: "a websocket at another path is refused in the handshake",
    run: async (bench) => Promise.all(["/", "/peerjs/", "/PeerJS", "/peerjs/id", "/other", "/some/where/peerjs"].map(
      (path) => bench.refusal({ id: "x", token: "t", path }),
    )),
    expect: same([400, 400, 400, 400, 400, 400]),
  },
  {
    name: "below a prefix and with another key",
    setting: "moved",
    run: async (bench) => {
      const inside = await bench.join();
      const wrong = await bench.dial({ id: fresh(), token: "t", key: "peerjs" });
      return [inside.id.length > 0, await wrong.next(), await bench.refusal({ id: "x", token: "t", path: "/peerjs" })];
    },
    expect: same([true, error("Invalid key provided"), 400]),
  },
  {
    name: "permessage-deflate is offered and not taken",
    run: async (bench) => (await bench.dial({ id: fresh(), token: "t" }, { perMessageDeflate: true })).ws.extensions,
    expect: same(""),
  },
];
