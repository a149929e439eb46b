// What goes wrong, said so that a person understands it, and how it comes right again.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { kill } from "../harness/processes.mjs";
import { within } from "../harness/time.mjs";
import { joinUnclicked, noWayForMedia, screenRefused, slowReader, stopsWhenCutOff } from "./fakes.mjs";
import { House } from "./house.mjs";
import { hears, sees } from "./senses.mjs";

let house;
before(async () => (house = await House.open()));
afterEach(() => house.empty());
after(() => house?.close());

const room = () => `room-${Math.random().toString(36).slice(2, 10)}`;

test("while it connects it says so, a server that does not answer is asked again, and nothing is offered meanwhile that needs it", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  // The server's first answer is late, the others never come, until it is back.
  let asked, back = false;
  const first = new Promise((resolve) => (asked = resolve));
  await ann.page.setRequestInterception(true);
  ann.page.on("request", (request) => {
    if (back || !request.url().endsWith("config.json")) return void request.continue();
    if (asked) asked = asked(request);
    else void request.abort("connectionrefused");
  });
  await ann.join("Ann");
  const late = await first;
  await ann.reads("Connecting …");
  assert.deepEqual(await ann.look("connecting"), []);
  await late.abort("connectionrefused");
  await ann.reads("The server does not answer.");
  const idle = () => ann.page.$$eval(".controls [aria-disabled]", (buttons) => buttons.map((button) => button.getAttribute("aria-label")));
  assert.deepEqual(await idle(), ["Share screen", "Chat", "People, 1"]);
  for (let i = 0; i < 8 && (await ann.focused()) !== "Chat"; i++) await ann.page.keyboard.press("Tab");
  for (const key of ["Enter", "c", "p", "s"]) await ann.page.keyboard.press(key);
  assert.deepEqual(await ann.page.$$(".panel, .tile[data-screen]"), []);
  back = true;
  await ann.reads("You are alone here");
  // The focus has stayed where it was, and the same button works now.
  assert.deepEqual(await idle(), []);
  assert.equal(await ann.focused(), "Chat");
  await ann.page.keyboard.press("Enter");
  await ann.find("textbox", "Message");
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
  assert.deepEqual(await late.look("no-server", { all: true }), []);
  await ann.reads("The server is away. Your call goes on");
  assert.deepEqual(await ann.look("server-away"), []);
  // It does go on.
  await ben.page.keyboard.press("c");
  await ben.page.keyboard.type("Still here");
  await ben.page.keyboard.press("Enter");
  await ann.find("button", "Chat, 1 unread");
  await house.serveAgain();
});

/** Programs that come one after the other, the first as host. */
async function programs(where, ...names) {
  const all = [];
  for (const name of names) {
    all.push(house.program(where, name));
    await all.at(-1).until(() => all.at(-1).list?.length === all.length, 20_000, "it is in, and the last in line");
  }
  return all;
}

test("who is cut off from everybody is told so as long as it lasts, goes on alone, and meets them again", { timeout: 90_000 }, async () => {
  const where = room();
  const others = await programs(where, "Hugo", "Ida");
  const ann = await house.person({ room: where, before: stopsWhenCutOff });
  await ann.join("Ann");
  await ann.reads("3 people");
  // Neither the host nor who would take over answers.
  await Promise.all(others.map((one) => one.freeze()));
  const told = "The connection to the others is interrupted. Reconnecting …";
  await ann.reads(told);
  assert.deepEqual(await ann.look("reconnecting", { all: true, still: told }), []);
  await ann.page.evaluate(() => globalThis.goOn());
  await ann.reads("The person who held the room, Hugo, has left. Everything goes on.");
  await ann.reads("You are alone here");
  await Promise.all(others.map((one) => one.thaw()));
  await ann.reads("3 people");
});

test("who hears the others again after a while is told so", { timeout: 90_000 }, async () => {
  const where = room();
  const others = await programs(where, "Hugo", "Ida");
  const ann = await house.person({ room: where, before: [stopsWhenCutOff, slowReader] });
  await ann.join("Ann");
  await ann.reads("3 people");
  await Promise.all(others.map((one) => one.freeze()));
  await ann.reads("The connection to the others is interrupted. Reconnecting …");
  // They are back before anybody has taken their place.
  await Promise.all(others.map((one) => one.thaw()));
  await ann.page.evaluate(() => globalThis.goOn());
  await ann.reads("You are connected again.");
  await ann.reads("3 people");
  assert.deepEqual(await ann.look("connected-again", { still: "You are connected again." }), []);
  assert.doesNotMatch(await ann.text(), /Everything goes on/);
});

test("who was away while more was said than is kept for anybody is told whose messages are lost", { timeout: 90_000 }, async () => {
  const where = room();
  const [hugo] = await programs(where, "Hugo");
  const ann = await house.person({ room: where });
  await ann.join("Ann");
  await ann.reads("2 people");
  await ann.press("Chat");
  const data = { $bytes: Buffer.alloc(700_000).toString("base64") };
  kill(ann.pid, "SIGSTOP");
  try {
    for (let n = 0; n < 24; n++) await hugo.send({ cmd: "send", data });
    // All are taken only once nobody waits for her any more.
    await hugo.until(() => hugo.events.filter(({ event }) => event === "sent").length === 24, 30_000, "24 messages are sent");
  } finally {
    kill(ann.pid, "SIGCONT");
  }
  await ann.reads("Some messages of Hugo are lost.");
  await ann.reads("700000 bytes");
  assert.deepEqual(await ann.look("messages-lost"), []);
});

test("when who held the room dies the others are told who it was, and do go on", { timeout: 90_000 }, async () => {
  const where = room();
  const [host] = await programs(where, "Hugo");
  const ann = await house.person({ room: where, before: slowReader });
  await ann.join("Ann");
  await ann.reads("2 people");
  const ben = await house.person({ room: where, before: slowReader });
  await ben.join("Ben");
  await Promise.all([ann.reads("3 people"), ben.reads("3 people")]);
  await host.kill();
  const told = "The person who held the room, Hugo, has left. Everything goes on.";
  await Promise.all([ann.reads(told), ben.reads(told), ann.reads("2 people"), ben.reads("2 people")]);
  assert.deepEqual(await ann.look("host-change", { still: told }), []);
  await ben.press("People, 2");
  await ben.holds("Ann holds the room", () => /Ann[^]*holds the room/.test([...document.querySelectorAll(".members li")].find((one) => one.innerText.includes("Ann")).innerText));
  await ben.page.keyboard.press("c");
  await ben.reads("Ann holds the room now.");
  await ben.fill("Message", "Are you still there?");
  await ben.page.keyboard.press("Enter");
  await ann.press("Chat, 1 unread");
  await ann.reads("You hold the room now.");
  await ann.reads("Are you still there?");
  await Promise.all([sees(ann, "Ben"), sees(ben, "Ann")]);
});

test("when the tab that held the room dies, the other tab and a terminal go on writing to each other", { timeout: 90_000 }, async () => {
  const where = room();
  const ann = await house.person({ room: where });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  const ben = await house.person({ room: where, before: slowReader });
  await ben.join("Ben");
  await Promise.all([ann.reads("2 people"), ben.reads("2 people")]);
  const tess = house.terminal(where, "Tess");
  await Promise.all([ann.reads("3 people"), ben.reads("3 people"), tess.reads("Ann"), tess.reads("Ben")]);
  await ben.press("People, 3");
  await ben.holds("Ann holds the room", () => /holds the room/.test([...document.querySelectorAll(".members li")].find((one) => one.innerText.includes("Ann")).innerText));
  await Promise.all([ann.press("Chat"), ben.press("Chat")]);

  const writes = async (person, text) => {
    await person.fill("Message", text);
    await person.page.keyboard.press("Enter");
  };
  const hears = (person, name, text) => person.holds(`${name}: ${text}`, (of, wanted) => new RegExp(`${of}[^]*${wanted}`).test(document.querySelector(".lines").innerText), name, text);
  await writes(ann, "Good morning from Ann");
  await Promise.all([hears(ben, "Ann", "Good morning from Ann"), tess.reads("Ann: Good morning from Ann")]);
  await writes(ben, "Good morning from Ben");
  await Promise.all([hears(ann, "Ben", "Good morning from Ben"), tess.reads("Ben: Good morning from Ben")]);
  tess.type("Good morning from Tess");
  await Promise.all([hears(ann, "Tess", "Good morning from Tess"), hears(ben, "Tess", "Good morning from Tess")]);

  assert(kill(ann.pid, "SIGKILL"), "Ann's tab was there until now");
  // What is written before anybody has noticed comes, too.
  tess.type("Is anybody here?");
  await writes(ben, "Something has happened");
  await Promise.all([hears(ben, "Tess", "Is anybody here"), tess.reads("Ben: Something has happened")]);
  await Promise.all([ben.reads("The person who held the room, Ann, has left. Everything goes on."), ben.reads("2 people"), tess.reads("* Ann left")]);
  await writes(ben, "I am still here");
  await tess.reads("Ben: I am still here");
  tess.type("So am I");
  await hears(ben, "Tess", "So am I");
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

test("a page with another kind of program is turned away, and those in the call are told no more than that", { timeout: 60_000 }, async () => {
  const where = room();
  const ann = await house.person({ room: where, before: slowReader });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await house.stranger(where);
  const told = "Another kind of program tried to come in and was turned away.";
  await ann.reads(told);
  assert.deepEqual(await ann.look("stranger", { still: told }), []);
  assert.doesNotMatch(await ann.text(), /PeerJS|browser|unsupported/i);
  await ann.reads("You are alone here");
});

test("where another kind of program has the room's name one is told to choose another", { timeout: 60_000 }, async () => {
  const where = room();
  await house.stranger(where, { holds: true });
  const ann = await house.person({ room: where });
  await ann.join("Ann");
  await ann.reads("Another kind of program has this room’s name already. Choose another name.");
});

test("a browser that cannot take part is told so, and which browsers can", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room(), before: () => delete globalThis.RTCPeerConnection });
  await ann.join("Ann");
  await ann.reads("This browser cannot take part");
  await ann.reads("Firefox");
  assert.deepEqual(await ann.look("no-webrtc"), []);
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

test("what is written after the call has ended by itself is marked as not sent", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room() });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await ann.press("Chat");
  await ann.fill("Message", "This one goes out");
  await ann.page.keyboard.press("Enter");
  await house.server.kill();
  await house.serveAgain(["--key", "another"]);
  await ann.reads("The server does not let this page in: it asks for another key.");
  await ann.fill("Message", "And this one?");
  await ann.page.keyboard.press("Enter");
  await ann.reads("Not sent: The server does not let this page in: it asks for another key.");
  assert.deepEqual(await ann.look("not-sent"), []);
  assert.equal((await ann.page.$$(".lines .failure")).length, 1);
  // The panel closes and gives the focus back, though its button opens it no more.
  await ann.page.keyboard.press("Escape");
  assert.equal(await ann.focused(), "Chat");
  assert.equal(await ann.page.$eval(":focus", (button) => button.getAttribute("aria-disabled")), "true");
  await house.server.kill();
  await house.serveAgain();
});

test("where sound and pictures find no way one is told of whom, and can write all the same", { timeout: 90_000 }, async () => {
  const where = room();
  const before = [noWayForMedia, slowReader];
  const ann = await house.person({ room: where, before });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  const ben = await house.person({ room: where, before });
  await ben.join("Ben");
  await ann.reads("Ben cannot be seen or heard yet: no way was found between your networks. It is tried again.");
  assert.deepEqual(await ann.look("call-failed", { still: "Ben cannot be seen or heard yet" }), []);
  await ben.press("Chat");
  await ben.fill("Message", "Can you see me?");
  await ben.page.keyboard.press("Enter");
  await ann.find("button", "Chat, 1 unread");
});

test("a browser that wants a click before it plays sound is given one", { timeout: 60_000 }, async () => {
  const where = room();
  const ben = await house.person({ room: where });
  await ben.join("Ben");
  await ben.reads("You are alone here");
  // Neither mouse nor key before it is there. Puppeteer's own looks into the page count as clicks: this one does not.
  const ann = await house.person({ room: where, devices: "quiet", before: joinUnclicked });
  const notice = `new Promise((there) => {
    const look = () => (document.body.innerText.includes("wants a click") ? there() : setTimeout(look, 50));
    look();
  })`;
  const unclicked = await ann.page.createCDPSession();
  await within(unclicked.send("Runtime.evaluate", { expression: notice, awaitPromise: true }), 20_000, "it says that it wants a click");
  await ann.reads("The browser wants a click before it plays sound.");
  assert.deepEqual(await ann.look("sound-blocked", { still: "The browser wants a click" }), []);
  await ann.press("Hear the others");
  await Promise.all([sees(ann, "Ben"), hears(ann, "Ben")]);
  assert.doesNotMatch(await ann.text(), /wants a click/);
});

test("a screen that cannot be shown is told of, and the camera goes on", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room(), before: [screenRefused, slowReader] });
  await ann.join("Ann");
  await ann.reads("You are alone here");
  await ann.press("Share screen");
  await ann.reads("The screen cannot be shown.");
  assert.deepEqual(await ann.look("screen-refused", { still: "The screen cannot be shown." }), []);
  await ann.find("button", "Share screen");
  await ann.find("button", "Camera off");
});

test("a camera that is pulled out is replaced by another, or said to be gone", { timeout: 60_000 }, async () => {
  const ann = await house.person({ room: room(), before: slowReader });
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
  // What was said of the camera before is no longer so.
  assert.doesNotMatch(await ann.text(), /takes its place/);
  assert.deepEqual(await ann.look("unplugged", { still: "The camera was unplugged." }), []);
  await ann.find("button", "Camera on");
});
