// The judge is judged: a fault of each kind, made by hand, is found.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Member } from "./harness/member.mjs";
import { Ledger, listEachOther, orderly } from "./harness/oracle.mjs";
import { FALSY, mixture } from "./harness/values.mjs";

function member(name) {
  const made = new Member(name, "made");
  made.say = (event) => made.hear(JSON.stringify({ t: 1, ...event }));
  made.say({ event: "joined", id: `id-${name}` });
  return made;
}

/** Two members, a sender of five messages (the third one directed elsewhere) and a receiver that heard `heard`. */
function heardBy(...heard) {
  const [sender, receiver] = [member("sender"), member("receiver")];
  const ledger = new Ledger();
  for (const data of ["a", "b"]) ledger.note(sender, data);
  ledger.note(sender, "not for you", "id-other");
  ledger.note(sender, 0);
  ledger.note(sender, "d", receiver.id);
  for (const data of heard) receiver.say({ event: "data", from: sender.id, data });
  return { ledger, sender, receiver };
}

const FAULTS = {
  "a lost one": [["a", 0, "d"], /due was "b"/],
  "a lost last one": [["a", "b", 0], /message 3 of 4 is missing/],
  "a lost falsy one": [["a", "b", "d"], /due was 0/],
  "a doubled one": [["a", "a", "b", 0, "d"], /heard "a" \(as at 0\)/],
  "a doubled last one": [["a", "b", 0, "d", "d"], /a double of 3/],
  "two that changed places": [["b", "a", 0, "d"], /due later/],
  "one that was for somebody else": [["a", "b", "not for you", 0, "d"], /heard "not for you"/],
  "one whose value changed": [["a", "b", false, "d"], /due was 0, heard false/],
};

for (const [fault, [heard, message]] of Object.entries(FAULTS)) {
  test(`the judge finds ${fault}`, () => {
    const { ledger, sender, receiver } = heardBy(...heard);
    assert.throws(() => ledger.exact([sender], [receiver]), { message });
  });
}

test("the judge is content with what was due", () => {
  const { ledger, sender, receiver } = heardBy("a", "b", 0, "d");
  ledger.exact([sender], [receiver]);
});

test("the judge finds data of a stranger", () => {
  const { ledger, sender, receiver } = heardBy("a", "b", 0, "d");
  receiver.say({ event: "data", from: "id-stranger", data: 1 });
  assert.throws(() => ledger.exact([sender], [receiver]), { message: /somebody who sent nothing/ });
});

test("the judge finds a hole among the broadcasts of a dead sender", () => {
  const { ledger, sender, receiver } = heardBy("a", 0);
  assert.throws(() => ledger.samePrefix(sender, [receiver]), { message: /who died: message 1/ });
});

test("the judge finds survivors that heard different prefixes of a dead sender", () => {
  const { ledger, sender, receiver } = heardBy("a", "b");
  const other = member("other");
  other.say({ event: "data", from: sender.id, data: "a" });
  assert.throws(() => ledger.samePrefix(sender, [receiver, other]), { message: /heard 1 broadcasts and receiver 2/ });
  other.say({ event: "data", from: sender.id, data: "b" });
  other.say({ event: "data", from: sender.id, data: "not for you" });
  ledger.samePrefix(sender, [receiver, other]);
  // A broadcast after a directed one that died with its sender.
  for (const member of [receiver, other]) member.say({ event: "data", from: sender.id, data: 0 });
  ledger.samePrefix(sender, [receiver, other]);
  other.say({ event: "data", from: sender.id, data: "not for you" });
  assert.throws(() => ledger.samePrefix(sender, [receiver, other]), { message: /other from sender, who died: message 4/ });
});

test("the judge finds lists that differ, and waits for the last change", async () => {
  const [one, two] = [member("one"), member("two")];
  const both = [one.id, two.id];
  one.say({ event: "sync", peers: both });
  two.say({ event: "sync", peers: [...both, "id-ghost"] });
  await assert.rejects(listEachOther([one, two], 20), { message: /two: lists exactly/ });
  two.say({ event: "peerdropped", id: "id-ghost", peers: both });
  await listEachOther([one, two], 20);
  one.say({ event: "sync", peers: false });
  await assert.rejects(listEachOther([one, two], 20), { message: /one: lists exactly/ });
});

const DISORDER = {
  "a second joined": [[{ event: "joined", id: "id-m" }], /joined is said once/],
  "a member announced twice": [[joined("x"), joined("x")], /although it is there/],
  "a member dropped that never came": [[{ event: "peerdropped", id: "x", peers: [] }], /although it is not there/],
  "a sync that lists somebody unannounced": [[{ event: "sync", peers: ["id-m", "x"] }], /was not announced/],
  "data of somebody who is not there": [[{ event: "data", from: "x", data: 1 }], /who is not there/],
  "one's own data": [[{ event: "data", from: "id-m", data: 1 }], /who is not there/],
  "a gap": [[{ event: "gap", from: "x", missing: [1, 2] }], /a gap/],
  "an event without a time": [[{ event: "hostdropped", t: undefined }], /no line of the interface/],
};

function joined(id) {
  return { event: "peerjoined", id, peers: ["id-m", id] };
}

for (const [fault, [events, message]] of Object.entries(DISORDER)) {
  test(`the judge finds ${fault}`, () => {
    const made = member("m");
    for (const event of events) made.say(event);
    assert.throws(() => orderly(made), { message });
  });
}

test("the mixture has what was asked for: every kind of value, one of 1 MB, two of 64 KiB, the rest at most 1 kB", () => {
  const messages = mixture("m", 200, ["x", "y"]);
  assert.equal(messages.length, 200);
  const sizes = messages.map(({ data }) => Buffer.byteLength(data?.$bytes ? Buffer.from(data.$bytes, "base64") : JSON.stringify(data)));
  assert.equal(sizes.filter((size) => size === 1_000_000).length, 1);
  assert.equal(sizes.filter((size) => size > 65_000 && size < 66_000).length, 2);
  assert.equal(sizes.filter((size) => size > 1000).length, 3);
  for (const value of FALSY) assert(messages.some(({ data }) => data === value));
  for (const to of ["x", "y", undefined]) assert(messages.some((message) => message.to === to));
});
