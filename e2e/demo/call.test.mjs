// The call, as people go through it: lobby, call, chat, screen, leave; and how it looks with few and with many.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { recordingsNoted, slowReader, unansweredQuestion } from "./fakes.mjs";
import { House } from "./house.mjs";

let house;
before(async () => (house = await House.open()));
afterEach(() => house.empty());
after(() => house?.close());

const room = () => `room-${Math.random().toString(36).slice(2, 10)}`;

async function two(how) {
  const where = room();
  const ann = await house.person({ room: where, ...how });
  await ann.join("Ann Example");
  await ann.reads("You are alone here");
  const ben = await house.person({ room: where });
  await ben.join("Ben");
  await Promise.all([ann.reads("2 people"), ben.reads("2 people")]);
  return { where, ann, ben };
}

test("alone in the room one is told to send the link", { timeout: 60_000 }, async () => {
  const where = room();
  const ann = await house.person({ room: where });
  await ann.join("Ann Example");
  await ann.reads("Send this link to whoever should come.");
  await ann.reads(`/demo/#${where}`);
  assert.deepEqual(await ann.look("alone", { all: true }), []);
});

test("two write to each other, and what is unread is counted", { timeout: 60_000 }, async () => {
  const { ann, ben } = await two();
  await ben.press("Chat");
  await ben.find("textbox", "Message");
  assert.equal(await ben.focused(), "Message");
  assert.deepEqual(await ben.look("chat-empty"), []);
  await ben.page.keyboard.type("Hello Ann, can you hear me? m v");
  await ben.page.keyboard.press("Enter");
  await ben.page.keyboard.type("I see your new lamp.");
  await ben.page.keyboard.press("Enter");
  // Letters that are typed are no commands.
  await ben.find("button", "Mute");
  await ben.find("button", "Camera off");

  await ann.find("button", "Chat, 2 unread");
  assert.deepEqual(await ann.look("unread"), []);
  await ann.press("Chat, 2 unread");
  await ann.reads("I see your new lamp.");
  await ann.fill("Message", "Yes, loud and clear! It is from https://lamps.test/a?b=1&c=2. <b>Bold</b>, isn’t it? javascript:alert(1)");
  await ann.press("Send");
  await ben.reads("Yes, loud and clear! It is from https://lamps.test/a?b=1&c=2. <b>Bold</b>, isn’t it? javascript:alert(1)");
  const links = (person) => person.page.$$eval(".lines a", (all) => all.map(({ href, target, rel }) => [href, target, rel]));
  for (const person of [ann, ben]) assert.deepEqual(await links(person), [["https://lamps.test/a?b=1&c=2", "_blank", "noopener noreferrer"]]);
  assert.deepEqual(await ann.look("chat", { all: true }), []);
  await ann.page.keyboard.press("Escape");
  await ann.holds("the focus is back on the button", () => document.activeElement.getAttribute("aria-label") === "Chat");
});

test("the name and the devices are changed during the call", { timeout: 60_000 }, async () => {
  const { ann, ben } = await two();
  await ann.press("Settings");
  await ann.fill("Your name", "Annabel");
  await ann.page.keyboard.press("Enter");
  await ben.reads("Annabel");
  assert.deepEqual(await ann.look("settings"), []);
  await ann.press("Close settings");
  await ann.holds("the focus is back on the button", () => document.activeElement.getAttribute("aria-label") === "Settings");
});

test("four, nine and sixteen people are all seen, terminals among them", { timeout: 90_000 }, async () => {
  const { where, ann } = await two({ before: slowReader });
  const come = (names) => names.map((name) => house.program(where, name));
  const programs = come(["Cleo", "Dora Hansen"]);
  await ann.reads("4 people");
  assert.deepEqual(await ann.look("four"), []);
  programs.push(...come(["Emil", "Farid", "Gerda von Altenburg-Hohenstein", "Hana", "Ivo"]));
  await ann.reads("9 people");
  assert.deepEqual(await ann.look("nine"), []);
  programs.push(...come(["Jo", "Kim", "Lea", "Mo", "Nia", "Otto", "Pia"]));
  await ann.reads("16 people");
  for (const name of ["Cleo", "Gerda von Altenburg-Hohenstein", "Pia"]) await ann.reads(name);
  assert.deepEqual(await ann.look("sixteen", { all: true, still: "others are here" }), []);
  await ann.press("People, 16");
  assert.deepEqual(await ann.look("people"), []);
  // They write, too.
  await ann.page.keyboard.press("c");
  await programs[0].send({ cmd: "send", data: "Hello from a terminal" });
  await ann.reads("Hello from a terminal");
});

test("somebody at a terminal reads what is written in the demo, and answers", { timeout: 60_000 }, async () => {
  const { where, ann, ben } = await two();
  const tess = house.terminal(where, "Tess");
  await tess.reads(" is Ann Example");
  await ann.reads("3 people");
  await ann.press("Chat");
  await ann.fill("Message", "Welcome, Tess! Grüße 👋");
  await ann.page.keyboard.press("Enter");
  await tess.reads("Ann Example: Welcome, Tess! Grüße 👋");
  tess.type("Thank you, I can only write here.");
  await ann.holds("Tess's answer, with her name", () => /Tess[\s\S]*Thank you, I can only write here\./.test(document.querySelector(".lines").innerText));
  await ben.find("button", "Chat, 2 unread");
});

test("the call is gone through by keyboard alone", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  const order = [];
  for (let i = 0; i < 12 && order.at(-1) !== "Leave"; i++) {
    await ann.page.keyboard.press("Tab");
    order.push(await ann.focused());
  }
  assert.deepEqual(order, ["Link to this room", "Copy link", "Mute", "Camera off", "Share screen", "Chat", "People, 1", "Leave"]);
  await ann.page.keyboard.press("Enter");
  await ann.holds("the heading has the focus", () => document.activeElement.textContent === "You have left");
});

test("on a phone, nobody gets by keyboard behind what lies over the call", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room(), size: "phone" });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  /** Everything that Tab leads to, once around. */
  const round = async () => {
    const order = [];
    for (let label = ""; order.length < 30 && !order.includes(label); label = await ann.focused()) {
      if (label) order.push(label);
      await ann.page.keyboard.press("Tab");
    }
    return order;
  };
  await ann.press("People, 1");
  const over = await round();
  assert.ok(over.includes("Copy link to invite") && over.includes("Leave"), over.join());
  assert.ok(!over.includes("Link to this room"), over.join());
  const looksOut = () => ann.page.$$eval(".tile", (tiles) => tiles.some((tile) => tile.checkVisibility({ visibilityProperty: true })));
  assert.equal(await looksOut(), false);
  await ann.press("Close people");
  assert.equal(await looksOut(), true);
  const call = await round();
  assert.ok(call.includes("Link to this room"), call.join());
});

test("one leaves, gives the devices back, and joins again", { timeout: 60_000 }, async () => {
  const { ann, ben } = await two({ before: recordingsNoted });
  await ann.press("Settings");
  const lists = await ann.page.$$(".panel select");
  const another = await lists[0].evaluate((list) => list.options[2].value);
  await lists[0].select(another);
  await ann.holds("the other camera is on", (id) => document.querySelector("video").srcObject?.getVideoTracks()[0]?.getSettings().deviceId === id, another);
  await ann.press("Leave");
  await ann.reads("You have left");
  await ben.reads("You are alone here");
  const recorded = await ann.page.evaluate(() => globalThis.recorded.map(({ kind, readyState }) => `${kind} ${readyState}`));
  assert.deepEqual(recorded.sort(), ["audio ended", "video ended", "video ended"]);
  assert.deepEqual(await ann.look("left"), []);
  await ann.press("Join again");
  await ann.reads("2 people");
  await ben.reads("2 people");
  await ann.find("button", "Camera off");
});

test("a device that opens only after one has left is given back at once", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room(), before: [recordingsNoted, unansweredQuestion] });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await ann.press("Leave");
  await ann.reads("You have left");
  await ann.page.evaluate(() => globalThis.answer());
  await ann.holds("both were opened and are closed", () => globalThis.recorded.length === 2 && globalThis.recorded.every(({ readyState }) => readyState === "ended"));
});
