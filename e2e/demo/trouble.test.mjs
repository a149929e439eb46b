// What goes wrong, said so that a person understands it, and how it comes right again.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { House } from "./house.mjs";

let house;
before(async () => (house = await House.open()));
afterEach(() => house.empty());
after(() => house?.close());

const room = () => `room-${Math.random().toString(36).slice(2, 10)}`;

test("while it connects it says so, and a server that does not answer is asked again", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  // The server's first answer is late, the second never comes, the third is good.
  const questions = [];
  let asked;
  const first = new Promise((resolve) => (asked = resolve));
  await ann.page.setRequestInterception(true);
  ann.page.on("request", (request) => {
    if (!request.url().endsWith("config.json")) return void request.continue();
    questions.push(request);
    if (questions.length === 1) asked();
    else if (questions.length === 2) void request.abort("connectionrefused");
    else void request.continue();
  });
  await ann.join("Ann");
  await first;
  await ann.reads("Connecting …");
  assert.deepEqual(await ann.look("connecting"), []);
  await questions[0].abort("connectionrefused");
  await ann.reads("The server does not answer.");
  await ann.reads("You are alone here");
  assert.equal(questions.length, 3);
});

test("without a server it says so, and during a call that nobody new can come in", { timeout: 90_000 }, async () => {
  const where = room();
  const [ann, ben, late] = [await house.person({ room: where }), await house.person({ room: where }), await house.person({ room: where })];
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await ben.join("Ben");
  await ann.reads("2 people");
  await house.server.kill();
  await late.join("Cleo");
  await late.reads("The server does not answer.");
  assert.deepEqual(await late.look("no-server"), []);
  await ann.reads("The server is away. Your call goes on");
  assert.deepEqual(await ann.look("server-away"), []);
  // It does go on.
  await ben.page.keyboard.press("c");
  await ben.page.keyboard.type("Still here");
  await ben.page.keyboard.press("Enter");
  await ann.find("button", "Chat, 1 unread");
  await house.serveAgain();
});

test("a cut is told while it lasts, and then who held the room and has left", { timeout: 90_000 }, async () => {
  const where = room();
  const host = house.program(where, "Hugo");
  await host.until(() => host.isHost && host.list, 20_000, "it hosts");
  const next = house.program(where, "Ida");
  await host.until(() => host.list.length === 2, 20_000, "the next in line is there");
  const ann = await house.person({ room: where });
  await ann.join("Ann");
  await ann.reads("3 people");
  // Neither the host nor who would take over answers: Ann has to wait for both.
  await Promise.all([host.freeze(), next.freeze()]);
  await ann.reads("The connection to the others is interrupted. Reconnecting …");
  assert.deepEqual(await ann.look("reconnecting"), []);
  await ann.reads("The person who held the room, Hugo, has left. Everything goes on.");
  assert.deepEqual(await ann.look("host-change"), []);
  await ann.reads("You are alone here");
});

test("before a full room one is told so, and gets in when somebody leaves", { timeout: 60_000 }, async () => {
  const where = room();
  const host = house.program(where, "Hugo", { mesh_limit: 1 });
  await host.until(() => host.isHost && host.list, 20_000, "it hosts");
  const ann = await house.person({ room: where });
  await ann.join("Ann");
  await ann.reads("The room is full");
  assert.deepEqual(await ann.look("room-full"), []);
  await host.close();
  await ann.reads("You are alone here");
});

test("a server that lets nobody in without its key is told of, and tried again when one wishes", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  const config = await (await fetch(new URL("config.json", house.address()))).json();
  let wrong = true;
  await ann.page.setRequestInterception(true);
  ann.page.on("request", (request) => {
    if (!wrong || !request.url().endsWith("config.json")) return void request.continue();
    void request.respond({ contentType: "application/json", body: JSON.stringify({ ...config, key: "another" }) });
  });
  await ann.join("Ann");
  await ann.reads("The server does not let this page in: it asks for another key.");
  assert.deepEqual(await ann.look("failed"), []);
  wrong = false;
  await ann.press("Try again");
  await ann.reads("You are alone here");
});

test("a camera that is pulled out is replaced by another, or said to be gone", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  await ann.join("Ann");
  await ann.find("button", "Camera off");
  // No test can pull a plug: the browser's words for it are said in its place.
  const pull = (left) => ann.page.evaluate((kept) => {
    const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
    if (kept === 0) navigator.mediaDevices.enumerateDevices = async () => (await list()).filter(({ kind }) => kind !== "videoinput");
    const [track] = document.querySelector("video").srcObject.getVideoTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }, left);
  await pull(1);
  await ann.reads("Your camera is gone.");
  await ann.find("button", "Camera off");
  await pull(0);
  await ann.reads("The camera was unplugged.");
  assert.deepEqual(await ann.look("unplugged"), []);
  await ann.find("button", "Camera on");
});
