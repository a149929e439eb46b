// Before the call: what a person meets who has followed the link, with devices and without.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { busyDevices, cameraRefused, noDevices, unansweredQuestion } from "./fakes.mjs";
import { House, INSECURE } from "./house.mjs";
import { hears, sees } from "./senses.mjs";

let house;
before(async () => (house = await House.open()));
afterEach(() => house.empty());
after(() => house?.close());

const pictured = (person) => person.holds("the camera's picture", () => document.querySelector("video")?.videoWidth > 0);
const room = () => `room-${Math.random().toString(36).slice(2, 10)}`;

test("the lobby shows one's picture and lets one choose among the devices", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: "quiet-otter-pond" });
  await pictured(ann);
  const cameras = await ann.page.$$eval("select", (lists) => [...lists[0].options].map(({ text }) => text));
  assert.equal(cameras.length, 3, cameras.join());
  await ann.page.select("select", await ann.page.$eval("select", (list) => list.options[2].value));
  await ann.holds("the third camera", () => document.querySelector("video").srcObject.getVideoTracks()[0].label.includes("2"));
  assert.deepEqual(await ann.look("lobby", { all: true }), []);
  const lines = await ann.page.$eval("h1 .room", (name) => Math.round(name.offsetHeight / parseFloat(getComputedStyle(name).lineHeight)));
  assert.equal(lines, 1, "the room's name is broken");
});

test("without a room in the link the lobby makes one up, and its link leads there", { timeout: 60_000 }, async () => {
  const ann = await house.person();
  const made = await (await ann.find("textbox", "Room")).evaluate((input) => input.value);
  assert.match(made, /^[a-z]+-[a-z]+-[a-z]+$/);
  assert.deepEqual(await ann.look("lobby-new"), []);
  await ann.join("Ann");
  await ann.reads("You are alone here");
  assert.equal(new URL(ann.page.url()).hash, `#${made}`);
  const ben = await house.person({ room: made });
  await ben.join("Ben");
  await ann.reads("2 people");
});

test("a room's name that none can have is put right", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: encodeURIComponent("Ann's tea!") });
  await ann.reads("How about Ann-s-tea?");
  assert.deepEqual(await ann.look("lobby-wrong-room"), []);
  await ann.press("Ann-s-tea");
  await ann.join("Ann");
  await ann.reads("You are alone here");
  assert.equal(new URL(ann.page.url()).hash, "#Ann-s-tea");
});

test("without a name one is a guest; a name that was given is remembered", { timeout: 60_000 }, async () => {
  const where = room();
  const ann = await house.person({ room: where });
  await ann.press("Join");
  await ann.holds("a guest's tile", () => /Guest \d{3}/.test(document.querySelector(".tile")?.textContent ?? ""));
  await ann.page.reload();
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await ann.page.reload();
  assert.equal(await (await ann.find("textbox", "Your name")).evaluate((input) => input.value), "Ann");
});

/** Each way in which there are no devices: what is said of it. One gets in all the same. */
for (const [devices, says, how] of [
  ["refused", "The browser does not let this page use camera and microphone."],
  ["camera refused", "The browser does not let this page use the camera.", { devices: "cameras", before: cameraRefused }],
  ["no camera", "No camera was found."],
  ["none", "No camera and no microphone were found.", { devices: "no camera", before: noDevices }],
  ["busy", "Camera and microphone cannot be opened. Perhaps another program uses them.", { devices: "cameras", before: busyDevices }],
  ["insecure", "The browser gives camera and microphone only to pages with https.", { devices: "cameras", host: INSECURE }],
]) {
  test(`devices: ${devices}: the lobby says so, and one can join`, { timeout: 60_000 }, async () => {
    const where = room();
    const ann = await house.person({ room: where, devices, ...how });
    await ann.reads(says);
    await ann.reads("You can join all the same");
    assert.deepEqual(await ann.look(`lobby-${devices.replace(" ", "-")}`), []);
    await ann.join("Ann");
    await ann.reads("You are alone here");
    const ben = await house.person({ room: where });
    await ben.join("Ben");
    await ann.reads("2 people");
    if (devices === "none") {
      await sees(ann, "Ben");
      assert.deepEqual(await ann.look("call-without-devices"), []);
    }
    await ann.press("Camera on");
    await ann.holds("a notice that says why not", () => /camera/.test(document.querySelector(".notice.trouble")?.textContent ?? ""));
  });
}

test("as long as the browser asks for camera and microphone the lobby says so", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room(), before: unansweredQuestion });
  await ann.reads("Asking for camera and microphone …");
  assert.deepEqual(await ann.look("lobby-asking", { still: "Asking" }), []);
  // On a phone the picture is above the button.
  await ann.resize("phone");
  const place = () => ann.page.$eval(".primary", (button) => button.getBoundingClientRect().top);
  const before = await place();
  await ann.page.evaluate(() => globalThis.answer());
  await pictured(ann);
  assert.equal(await place(), before, "the button has moved");
});

test("from another machine it has its camera over https with the server's own certificate, and two see and hear each other there", { timeout: 90_000 }, async () => {
  const address = await house.secureAddress(room());
  const ann = await house.person({ devices: "trusting", address });
  await pictured(ann);
  await ann.join("Ann");
  await ann.reads("You are alone here");
  const ben = await house.person({ devices: "trusting", address, size: "phone" });
  await ben.join("Ben");
  await Promise.all([sees(ann, "Ben"), sees(ben, "Ann")]);
  await Promise.all([hears(ann, "Ben"), hears(ben, "Ann")]);
});

test("the lobby is gone through by keyboard alone", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  await pictured(ann);
  const order = [];
  for (let i = 0; i < 12 && order.at(-1) !== "Join"; i++) {
    await ann.page.keyboard.press("Tab");
    order.push(await ann.focused());
    if (order.at(-1) === "Turn camera off") {
      await ann.page.keyboard.press("Space");
      await ann.reads("Your camera is off");
    }
    if (order.at(-1) === "Your name") await ann.page.keyboard.type("Ann");
  }
  assert.deepEqual(order, ["Turn microphone off", "Turn camera off", "Your name", "Join"]);
  assert.deepEqual(await ann.look("lobby-camera-off"), []);
  await ann.page.keyboard.press("Enter");
  await ann.reads("You are alone here");
  await ann.find("button", "Camera on");
});
