// The link to a room, as it is handed on: from the button, or by hand from the address.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { slowReader } from "./fakes.mjs";
import { House, INSECURE } from "./house.mjs";

let house;
before(async () => (house = await House.open()));
afterEach(() => house.empty());
after(() => house?.close());

const named = async (person) => (await person.find("textbox", "Room")).evaluate((input) => input.value);
const addressed = (person, room) => person.holds(`the address leads into ${room}`, (wanted) => location.hash === `#${wanted}`, room);

test("a new lobby's address leads into its room, however it is renamed, and after a reload", { timeout: 60_000 }, async () => {
  const ann = await house.person();
  const made = await named(ann);
  await addressed(ann, made);
  await ann.page.reload();
  await ann.reads("Start a call");
  assert.equal(await named(ann), made);
  await ann.fill("Room", "tea with ann");
  await addressed(ann, "tea%20with%20ann");
  // No room: the address stays with the last one.
  await ann.fill("Room", "tea with ann!");
  await ann.reads("How about");
  await addressed(ann, "tea%20with%20ann");
});

test("the button copies the link, in the lobby and in the call, and says so", { timeout: 60_000 }, async () => {
  const ann = await house.person({ before: slowReader });
  const made = await named(ann);
  // As a person would look what is there.
  const paste = async () => {
    await ann.page.keyboard.down("Control");
    await ann.page.keyboard.press("KeyV", { commands: ["paste"] });
    await ann.page.keyboard.up("Control");
  };
  await ann.press("Copy link");
  await ann.find("button", "Copied");
  assert.deepEqual(await ann.look("lobby-copied", { still: "Copied" }), []);
  await ann.fill("Room", "");
  await paste();
  assert.equal(await named(ann), house.address(made));
  await ann.fill("Room", made);
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await ann.page.click(".say .button");
  await ann.reads("Copied");
  await ann.press("Chat");
  await ann.find("textbox", "Message");
  await paste();
  assert.equal(await (await ann.find("textbox", "Message")).evaluate((input) => input.value), house.address(made));
});

test("where the page may copy nothing it says so, and the address leads into the room", { timeout: 60_000 }, async () => {
  const ann = await house.person({ host: INSECURE, before: slowReader });
  const made = await named(ann);
  await ann.press("Copy link");
  await ann.find("button", "Copy the address above");
  assert.deepEqual(await ann.look("lobby-copy-refused", { still: "Copy the address above" }), []);
  const ben = await house.person({ address: ann.page.url() });
  await ben.join("Ben");
  await ben.reads("You are alone here");
  assert.equal(new URL(ben.page.url()).hash, `#${made}`);
  await ann.join("Ann");
  await ann.reads("2 people");
  // A phone's bar has no place for the button's label.
  await ann.resize("phone");
  await ann.press("Copy link");
  await ann.reads("The browser does not let this page copy. Copy the address above.");
  assert.deepEqual(await ann.look("copy-refused", { all: true, still: "Copy the address above" }), []);
});
