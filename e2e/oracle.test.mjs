// The judge is judged: a fault of each kind, made by hand, is found.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Member } from "./harness/member.mjs";
import { Chatter, silence } from "./harness/chatter.mjs";
import { calm, hears, Ledger, listEachOther, marks, orderly, said } from "./harness/oracle.mjs";
import { now, passed } from "./harness/time.mjs";
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

test("the judge finds a hole in what a newcomer to the talk of others heard, from its first message on", () => {
  const { ledger, sender, receiver } = heardBy("b", 0, "d");
  ledger.enterTalking(receiver);
  ledger.exact([sender], [receiver]);
  for (const [heard, message] of [[["b", "d"], /due was 0/], [["b", 0], /message 2 of 3 is missing/], [["b", 0, "a"], /due was "d"/]]) {
    const { ledger, sender, receiver } = heardBy(...heard);
    ledger.enterTalking(receiver);
    assert.throws(() => ledger.exact([sender], [receiver]), { message });
  }
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

test("who came later hears the rest of a dead sender's broadcasts, to the same end", () => {
  const [sender, early, late] = ["sender", "early", "late"].map(member);
  const ledger = new Ledger();
  for (const data of ["a", "b"]) ledger.note(sender, data);
  ledger.enter(late);
  for (const data of ["c", "d"]) ledger.note(sender, data);
  for (const data of ["a", "b", "c"]) early.say({ event: "data", from: sender.id, data });
  assert.throws(() => ledger.samePrefix(sender, [early, late]), { message: /late heard 2 broadcasts and early 3/ });
  late.say({ event: "data", from: sender.id, data: "c" });
  ledger.samePrefix(sender, [early, late]);
  late.say({ event: "data", from: sender.id, data: "d" });
  assert.throws(() => ledger.samePrefix(sender, [early, late]), { message: /late heard 4 broadcasts and early 3/ });
});

/** Five broadcasts "0" to "4" of a sender, and what its receiver was told: a text is data, a pair a gap. */
function gappedBy(...told) {
  const [sender, receiver] = [member("sender"), member("receiver")];
  const ledger = new Ledger();
  for (const data of ["0", "1", "2", "3", "4"]) ledger.note(sender, data);
  for (const item of told) {
    receiver.say(typeof item === "string" ? { event: "data", from: sender.id, data: item } : { event: "gap", from: sender.id, missing: item });
  }
  return { ledger, sender, receiver };
}

const GAPS = {
  "messages that are missing without a word": [["0", "3", "4"], /message 1, after 0 gaps/],
  "a gap that is too short": [["0", [2, 2], "3", "4"], /message 2, after 1 gaps/],
  "a gap that names what was heard": [["0", "1", [2, 3], "3", "4"], /begins after message 2/],
  "a message that comes although it was told missing": [["0", [2, 3], "2", "3", "4"], /message 3, after 1 gaps/],
  "a gap of the future": [["0", "1", "2", "3", [5, 9]], /within what was sent/],
  "an end that is missing": [["0", [2, 3], "3"], /heard or told as missing/],
  "a gap told twice": [["0", [2, 2], [3, 3], "3", "4"], /2 gaps, not 1 to 1/],
  "no gap where one was due": [["0", "1", "2", "3", "4"], /0 gaps, not 1 to 1/],
};

for (const [fault, [told, message]] of Object.entries(GAPS)) {
  test(`the judge finds, beyond retention, ${fault}`, () => {
    const { ledger, sender, receiver } = gappedBy(...told);
    assert.throws(() => ledger.gapped(sender, receiver, 1, 1), { message });
  });
}

test("the judge is content with one gap, and waits for the last message behind it", async () => {
  const { ledger, sender, receiver } = gappedBy("0", [2, 3], "3");
  await assert.rejects(ledger.caughtUp([sender], receiver, 20), { message: /sender's last: "4"/ });
  receiver.say({ event: "data", from: sender.id, data: "4" });
  await ledger.caughtUp([sender], receiver, 20);
  ledger.gapped(sender, receiver, 1, 1);
});

for (const alarm of [{ event: "hostdropped" }, { event: "peerdropped", id: "x", peers: ["id-m"] }, { event: "sync", peers: false }]) {
  test(`the judge finds a false alarm: ${alarm.event}`, () => {
    const made = member("m");
    made.say(alarm);
    const since = marks([made]);
    made.say({ event: "sync", peers: ["id-m"] });
    calm(since);
    made.say(alarm);
    assert.throws(() => calm(since), { message: /a false alarm/ });
  });
}

test("the judge counts what is said since a mark, and waits for it", async () => {
  const made = member("m");
  const down = ({ event, state }) => event === "signalling" && state === "down";
  made.say({ event: "signalling", state: "down" });
  const since = marks([made]);
  await assert.rejects(hears(since, "is down", down, 20), { message: /is down/ });
  assert.throws(() => said(since, "once down", down), { message: /once down/ });
  made.say({ event: "signalling", state: "down" });
  await hears(since, "is down", down, 20);
  said(since, "once down", down);
  made.say({ event: "signalling", state: "down" });
  assert.throws(() => said(since, "once down", down), { message: /once down/ });
});

test("a room has recovered when somebody's message of after the fault has reached all others, not before", async () => {
  const all = ["a", "b", "c"].map(member);
  const [a, b, c] = all;
  const chatter = new Chatter(new Ledger());
  const says = (who, n, t) => who.say({ event: "sent", tag: `${who.name} says ${n}`, t });
  const hear = (who, from, n, t) => who.say({ event: "data", from: from.id, data: { who: from.name, n }, t });
  for (const who of all) says(who, 0, 90);
  // What was said before the fault does not count, though it comes after it; nor what one alone has.
  for (const who of all) for (const from of all) if (who !== from) hear(who, from, 0, 110);
  for (const who of all) says(who, 1, 105);
  hear(b, a, 1, 130);
  await assert.rejects(chatter.recovered(100, all, 20), { message: /hears/ });
  hear(c, a, 1, 150);
  for (const [who, from, t] of [[a, b, 170], [c, b, 160], [a, c, 400], [b, c, 300]]) hear(who, from, 1, t);
  assert.deepEqual(await chatter.recovered(100, all, 20), { first: 50, all: 300 });
});

test("a silence lasts from what reached all to what reached all next, whatever some have heard meanwhile", () => {
  const all = ["a", "b", "c"].map(member);
  const [a, b, c] = all;
  const hear = (who, n, t) => who.say({ event: "data", from: a.id, data: { who: a.name, n }, t });
  for (const who of [b, c]) hear(who, 0, 90);
  hear(b, 1, 110);
  hear(c, 1, 120);
  // Only one of them has it for long.
  hear(b, 2, 130);
  hear(c, 2, 300);
  assert.equal(silence(100, 350, all), 180);
  assert.equal(silence(100, 500, all), 200, "to the end");
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

test("a fence takes no longer than it may, for being accepted and for being heard together", async () => {
  const fence = (acceptedAfter, heardAfter) => {
    const [one, two] = [member("one"), member("two")];
    for (const [sender, receiver] of [[one, two], [two, one]]) {
      sender.sendData = async (data) => {
        const began = now();
        await passed(acceptedAfter, began);
        passed(heardAfter, began).then(() => receiver.say({ event: "data", from: sender.id, data }));
        return { event: "sent" };
      };
    }
    return new Ledger().fence([one, two], 500);
  };
  await fence(50, 100);
  await assert.rejects(fence(300, 600), { message: /all 1 messages of/ });
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
