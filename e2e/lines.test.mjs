// What is no line of the interface is found, whatever is wrong with it, and fails whatever is waited for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CROWD_LINES, LINES, PAGE_LINES, wrongWith } from "./harness/lines.mjs";
import { Member } from "./harness/member.mjs";

const PEER = { id: "b", dialect: "ours", path: "direct", rttMs: 0.5 };
const STATUS = {
  id: "a", room: "r", founding: "0123456789abcdef0123456789abcdef", term: 1, host: "a", isHost: true, mode: "host",
  signalling: "up", buffered: 0, peers: [PEER],
};

/** Lines as they are to be: of each event one at least. */
const RIGHT = [
  { event: "joined", id: "a" },
  { event: "hostconnected", ishost: true, host: "a", term: 1 },
  { event: "sync", peers: ["a"] },
  { event: "sync", peers: false },
  { event: "peerjoined", id: "b", peers: ["a", "b"] },
  { event: "peerdropped", id: "b", peers: ["a"] },
  { event: "data", from: "b", data: null },
  { event: "initData", id: "b", data: { name: "Ben" } },
  { event: "stream", id: "b" },
  { event: "streamdrop", id: "b" },
  { event: "hostdropped" },
  { event: "meshlimitexceeded", limit: 10, tries: 1 },
  { event: "signalling", state: "down" },
  { event: "gap", from: "b", missing: [3, 3] },
  { event: "sent" },
  { event: "sent", tag: { any: "tag" } },
  { event: "status", ...STATUS },
  { event: "status", ...STATUS, host: null, peers: [{ ...PEER, rttMs: null }], tag: 0 },
  { event: "error", code: "left", message: "", hint: "" },
  { event: "error", code: "left", message: "", hint: "", tag: null },
  { event: "left" },
];

/** Lines as they are not to be, and what is said of each. */
const WRONG = [
  [null, /no object with an event/],
  [["joined"], /no object with an event/],
  [{ event: 7 }, /no object with an event/],
  [{ event: "dance" }, /no such event: dance/],
  [{ event: "constructor" }, /no such event: constructor/],
  [{ event: "left", t: undefined }, /left has no t$/],
  [{ event: "left", t: "1" }, /left has a t that is not a number/],
  [{ event: "left", id: "a" }, /left has a id, which is not of it/],
  [{ event: "joined" }, /joined has no id/],
  [{ event: "joined", id: "" }, /joined has a id that is not an id/],
  [{ event: "hostconnected", ishost: true }, /has no host/],
  [{ event: "hostconnected", ishost: true, host: "a", term: 1.5 }, /has a term that is not a whole number/],
  [{ event: "sync", peers: null }, /has a peers that is not a list of text or false/],
  [{ event: "sync", peers: ["a", 7] }, /has a peers/],
  [{ event: "data", from: "b" }, /data has no data/],
  [{ event: "signalling", state: "lost" }, /has a state that is not "up" or "down"/],
  [{ event: "gap", from: "b", missing: [3] }, /has a missing/],
  [{ event: "gap", from: "b", missing: [3, 2] }, /has a missing/],
  [{ event: "error", code: "broken", message: "", hint: "" }, /has a code that is not/],
  [{ event: "error", code: "left", message: "" }, /has no hint/],
  [{ event: "status", ...STATUS, founding: "0" }, /has a founding that is not 32 hex digits/],
  [{ event: "status", ...STATUS, peers: [{ ...PEER, path: "far" }] }, /has a peers that is not a list of/],
  [{ event: "status", ...STATUS, peers: [{ ...PEER, more: 1 }] }, /has a peers/],
  [{ event: "hushed", count: 1 }, /no such event: hushed/],
];

/** As they are printed. */
const line = (event) => JSON.stringify(event === null || Array.isArray(event) ? event : { t: 1, ...event });

test("every line that may be is taken, and no event is left out", () => {
  for (const event of RIGHT) assert.equal(wrongWith(JSON.parse(line(event)), LINES), undefined, line(event));
  assert.deepEqual(new Set(RIGHT.map(({ event }) => event)), new Set(Object.keys(LINES)));
});

for (const [event, message] of WRONG) {
  test(`found: ${line(event)}`, () => assert.match(wrongWith(JSON.parse(line(event)), LINES) ?? "nothing", message));
}

test("a field that is missing from any event is found, and so is one too many", () => {
  for (const event of RIGHT) {
    for (const name of Object.keys(event).filter((name) => name !== "tag")) {
      const { [name]: _, ...rest } = { t: 1, ...event };
      assert.notEqual(wrongWith(rest, LINES), undefined, `${line(event)} without ${name}`);
    }
    assert.notEqual(wrongWith({ t: 1, ...event, strange: 1 }, LINES), undefined, line(event));
  }
});

test("pages may say more, and a crowd says whose line it is", () => {
  const hushed = { event: "hushed", t: 1, count: 1 };
  assert.equal(wrongWith(hushed, PAGE_LINES), undefined);
  assert.match(wrongWith({ ...hushed, count: "1" }, PAGE_LINES), /hushed has a count/);
  assert.equal(wrongWith({ event: "left", t: 1, member: 3 }, CROWD_LINES), undefined);
  assert.match(wrongWith({ event: "left", t: 1 }, CROWD_LINES), /left has no member/);
});

test("a wrong line fails what is waited for, before and after it, and says what is wrong", async () => {
  const member = new Member("m", "made");
  const waited = member.next("joined", 5000);
  member.hear(line({ event: "joined", id: "a", extra: 1 }));
  const told = { message: /^m said what is no line of the interface: joined has a extra, which is not of it: \{/ };
  await assert.rejects(waited, told);
  await assert.rejects(member.next("left", 5000), told);
  assert.throws(() => member.wellSpoken(), told);
});

test("what is no JSON, or no object, is a wrong line, and harms nobody else", async () => {
  for (const said of ["panic at line 3", "null", "7", '"joined"', "[]", '{"t":1}']) {
    const member = new Member("m", "made");
    const waited = member.next("joined", 5000);
    member.hear(said);
    await assert.rejects(waited, { message: /m said what is no line of the interface: no / });
  }
});
