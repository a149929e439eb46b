// What people see and hear of each other: by frames that are decoded and sound that is not silence.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { phoneCameras, redScreen } from "./fakes.mjs";
import { House } from "./house.mjs";
import { hears, sees, unseen } from "./senses.mjs";

let house;
before(async () => (house = await House.open()));
afterEach(() => house.empty());
after(() => house?.close());

const room = () => `room-${Math.random().toString(36).slice(2, 10)}`;

/** Somebody in the call, seen by those who are there already. */
async function enter(where, name, how = {}) {
  const person = await house.person({ room: where, ...how });
  await person.join(name);
  return person;
}

test("all see and hear each other, who comes late and who has no devices too", { timeout: 90_000 }, async () => {
  const where = room();
  const ann = await enter(where, "Ann");
  await ann.reads("You are alone here");
  const ben = await enter(where, "Ben");
  await Promise.all([sees(ann, "Ben"), sees(ben, "Ann")]);
  assert.deepEqual(await ann.look("two", { all: true }), []);
  const cleo = await enter(where, "Cleo", { devices: "refused" });
  await Promise.all([sees(cleo, "Ann"), sees(cleo, "Ben"), unseen(ann, "Cleo")]);
  await Promise.all([hears(ann, "Ben"), hears(ben, "Ann"), hears(cleo, "Ann")]);
  await ben.press("Leave");
  await ann.reads("2 people");
  await sees(cleo, "Ann");
});

test("microphone and camera have keys; who is off is seen and heard no longer, and again when on", { timeout: 90_000 }, async () => {
  const where = room();
  const ann = await enter(where, "Ann");
  await ann.reads("You are alone here");
  const ben = await enter(where, "Ben");
  await sees(ann, "Ben");
  await ben.page.keyboard.press("v");
  await unseen(ann, "Ben");
  await hears(ann, "Ben");
  await ben.page.keyboard.press("m");
  await hears(ann, "Ben", true);
  assert.deepEqual(await ann.look("two-off"), []);
  await ann.press("People, 2");
  await ann.holds("the list says so", () => /Ben[\s\S]*microphone off, [\s\S]*camera off/.test(document.querySelector(".members").textContent));
  await ben.page.keyboard.press("v");
  await sees(ann, "Ben");
  // Chromium's own screen; what comes of it is seen below.
  await ben.page.keyboard.press("s");
  await ann.holds("Ben's screen", () => document.querySelector(".tile[data-large]"));
  await ben.page.keyboard.press("s");
  await ann.holds("no screen", () => !document.querySelector(".tile[data-large]"));
  await ben.page.keyboard.press("m");
  await hears(ann, "Ben");
  await ann.holds("the list says so", () => /Ben[\s\S]*microphone on, [\s\S]*camera on/.test(document.querySelector(".members").textContent));
});

/** Waits until `name`'s picture is red, or is not. */
const red = (person, name, wanted = true) =>
  person.holds(`${name}'s picture is ${wanted ? "" : "not "}red`, (who, is) => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.querySelector(".name")?.textContent === who);
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const context = canvas.getContext("2d");
    context.drawImage(tile.querySelector("video"), 0, 0, 1, 1);
    const [r, g] = context.getImageData(0, 0, 1, 1).data;
    return (r > 120 && g < 90) === is;
  }, name, wanted);

test("the whole way: lobby, call, chat, screen, leave; a screen takes the camera's place while the sound goes on", { timeout: 120_000 }, async () => {
  const where = room();
  const ann = await enter(where, "Ann", { size: "phone" });
  await ann.reads("You are alone here");
  const ben = await house.person({ room: where, before: redScreen });
  await ben.holds("his own picture", () => document.querySelector(".preview video")?.videoWidth > 0);
  await ben.join("Ben");
  await Promise.all([sees(ann, "Ben"), sees(ben, "Ann"), hears(ann, "Ben")]);
  // An element that began anew would have lost the mark.
  await ann.page.evaluate(() => document.querySelectorAll("video").forEach((video) => (video.kept = true)));
  await ben.press("Chat");
  await ben.page.keyboard.type("Look at this:");
  await ben.page.keyboard.press("Enter");
  await ann.press("Chat, 1 unread");
  await ann.reads("Look at this:");
  await ann.press("Close chat");
  await ben.press("Share screen");
  await ann.holds("Ben's screen is large, and named", () => /Shows the screen:Ben/.test(document.querySelector(".tile[data-large]")?.textContent));
  await red(ann, "Ben");
  await sees(ann, "Ben");
  await hears(ann, "Ben");
  assert.deepEqual(await ann.look("screen"), []);
  const full = (is) => ann.holds(`the screen is ${is ? "" : "not "}over everything`, (wanted) => (wanted ? document.fullscreenElement?.matches(".tile[data-large]") : document.fullscreenElement === null), is);
  await ann.press("Full screen");
  await full(true);
  assert.deepEqual(await ann.look("full-screen"), []);
  await ann.press("Leave full screen");
  await full(false);
  await (await ann.page.$(".tile[data-large]")).click({ count: 2 });
  await full(true);
  await ann.page.keyboard.press("c");
  await full(false);
  await ann.press("Close chat");
  await ann.page.keyboard.press("f");
  await full(true);
  await ben.press("Close chat");
  assert.deepEqual(await ben.look("sharing"), []);
  await ben.press("Stop sharing");
  await ann.holds("Ben is one of two", () => !document.querySelector(".tile[data-large]"));
  await full(false);
  await red(ann, "Ben", false);
  await sees(ann, "Ben");
  assert.ok(await ann.page.$$eval("video", (videos) => videos.every((video) => video.kept)));
  await ben.press("Leave");
  await ben.reads("You have left");
  await ann.reads("You are alone here");
});

/** Notes in `wrong` when Ann, who is muted, has no badge. */
const badgeWatched = () => {
  globalThis.wrong = [];
  new MutationObserver(() => {
    const plate = [...document.querySelectorAll(".plate")].find((one) => one.querySelector(".name").textContent === "Ann");
    if (plate && !plate.textContent.includes("Microphone off:")) globalThis.wrong.push(plate.textContent);
  }).observe(document, { subtree: true, childList: true, characterData: true });
};

test("who comes late sees at once who is muted, who has the camera off, and whose screen is shown", { timeout: 90_000 }, async () => {
  const where = room();
  const ann = await enter(where, "Ann");
  await ann.reads("You are alone here");
  const ben = await enter(where, "Ben", { before: redScreen });
  await sees(ben, "Ann");
  for (const key of ["m", "v"]) await ann.page.keyboard.press(key);
  await ben.page.keyboard.press("s");
  await Promise.all([red(ann, "Ben"), unseen(ben, "Ann")]);
  const cleo = await enter(where, "Cleo", { before: badgeWatched });
  await cleo.holds("Ben's screen is large", () => /Shows the screen:Ben/.test(document.querySelector(".tile[data-large]")?.textContent));
  await Promise.all([red(cleo, "Ben"), hears(cleo, "Ben"), unseen(cleo, "Ann"), hears(cleo, "Ann", true)]);
  await cleo.holds("Ann's initials", () => [...document.querySelectorAll(".tile")].some((tile) => tile.querySelector(".name").textContent === "Ann" && tile.querySelector(".avatar").checkVisibility()));
  assert.deepEqual(await cleo.page.evaluate(() => globalThis.wrong), []);
});

test("another camera is used without a break, and another microphone stays muted", { timeout: 60_000 }, async () => {
  const where = room();
  const ann = await enter(where, "Ann");
  await ann.reads("You are alone here");
  const ben = await enter(where, "Ben");
  await sees(ann, "Ben");
  await ann.page.evaluate(() => document.querySelectorAll("video").forEach((video) => (video.kept = true)));
  await ben.press("Settings");
  const [first, , another] = await ben.page.$eval(".panel select", (list) => [...list.options].map(({ value }) => value));
  await ben.page.select(".panel select", another);
  await ben.holds("the other camera is on", (id) => document.querySelector("video").srcObject.getVideoTracks()[0].getSettings().deviceId === id, another);
  assert.notEqual(first, another);
  await sees(ann, "Ben");
  await hears(ann, "Ben");
  assert.ok(await ann.page.$$eval("video", (videos) => videos.every((video) => video.kept)));

  await ben.press("Mute");
  await hears(ann, "Ben", true);
  // From now on every level that is heard of Ben is kept: not one sound may come through while the microphone is changed.
  await ann.page.evaluate(() => {
    const tile = [...document.querySelectorAll(".tile")].find((one) => one.querySelector(".name")?.textContent === "Ben");
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(tile.querySelector("video").srcObject).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    globalThis.loudest = 0;
    setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      globalThis.loudest = Math.max(globalThis.loudest, ...samples.map(Math.abs));
    }, 20);
  });
  const microphones = await ben.page.$$eval(".panel select", (lists) => [...lists[1].options].map(({ value }) => value));
  const lists = await ben.page.$$(".panel select");
  await lists[1].select(microphones.at(-1));
  await ben.holds("the other microphone is chosen", (id) => document.querySelectorAll(".panel select")[1].value === id, microphones.at(-1));
  await ben.find("button", "Unmute");
  await hears(ann, "Ben", true);
  assert.ok((await ann.page.evaluate(() => globalThis.loudest)) < 0.01);
  await ben.press("Unmute");
  await hears(ann, "Ben");
});

test("a phone that opens one camera at a time changes to the other, and one that cannot be opened is said to be so while the one before goes on", { timeout: 90_000 }, async () => {
  const where = room();
  const ann = await enter(where, "Ann");
  await ann.reads("You are alone here");
  const ben = await house.person({ room: where, before: phoneCameras });
  const cameras = (list) => list.evaluate((select) => [...select.options].map(({ value }) => value));
  const films = (id) => ben.holds("this camera films", (wanted) => {
    const [track] = document.querySelector("video")?.srcObject?.getVideoTracks() ?? [];
    return track?.readyState === "live" && track.getSettings().deviceId === wanted && document.querySelector("select").value === wanted;
  }, id);
  const mirrored = () => ben.page.$eval("video", (video) => getComputedStyle(video).transform !== "none");
  await ben.find("button", "Turn camera off");
  const [front, broken, back] = await cameras(await ben.page.$("select"));
  await films(front);
  await ben.page.select("select", broken);
  const told = "That camera cannot be opened. The one before goes on.";
  await ben.reads(told);
  await films(front);
  assert.deepEqual(await ben.look("lobby-camera-kept"), []);
  await ben.page.select("select", back);
  await films(back);
  assert.doesNotMatch(await ben.text(), /cannot be opened/);
  assert.equal(await mirrored(), false);

  await ben.join("Ben");
  await sees(ann, "Ben");
  assert.equal(await mirrored(), false);
  await ben.press("Settings");
  await ben.page.select("select", front);
  await films(front);
  assert.equal(await mirrored(), true);
  await ben.page.select("select", broken);
  await ben.reads(told);
  await films(front);
  await ben.find("button", "Camera off");
  await sees(ann, "Ben");
});
