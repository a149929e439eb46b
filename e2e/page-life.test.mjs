// What becomes of a page, or a program, that has to go while all talk, and what the others notice of it. Heartbeats are a
// minute apart here: who is silent would be missed after minutes only, so whatever happens sooner was said.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { plainNet } from "./harness/net.mjs";
import { kill } from "./harness/processes.mjs";
import { Stage } from "./harness/stage.mjs";
import { Fault, leftAt } from "./scenarios/succession.mjs";

const PAGES = ["chromium", "chromium", "native"];
const PROGRAMS = ["native", "chromium", "native"];
const options = { do_health_check_interval: 60_000 };
const SOON = 20_000;

let stage;
before(async () => {
  stage = await Stage.open(plainNet());
  await stage.warm(PAGES);
});
after(() => stage?.close());

function life(title, mix, scenario) {
  test(title, { timeout: 120_000 }, (t) =>
    stage.play({ title, default: scenario }, { server: "ours", mix, options, note: (text) => t.diagnostic(text) }),
  );
}

life("a hosting tab that is closed has said goodbye: the others go on without waiting for it, and lose nothing", PAGES, async (room) => {
  const fault = await Fault.begin(room);
  const { host } = fault;
  await fault.talk(fault.all);
  await fault.strike([host], async () => {
    await host.page.close();
    host.over ??= "closed";
  });
  await fault.talk(fault.survivors);
  await fault.bury(host);
});

life("a hosting page that the browser freezes has given its office up, and is a member again when it goes on: nothing is lost for anyone", PAGES, async (room) => {
  const fault = await Fault.begin(room);
  const { host } = fault;
  await fault.talk(fault.all);
  const session = await host.page.createCDPSession();
  await fault.strike([host], () => session.send("Page.setWebLifecycleState", { state: "frozen" }));
  const heir = await Promise.any(fault.survivors.map((member) => member.until(() => member.isHost && member, SOON, "it hosts")));
  room.note(`${heir.name} hosts`);
  await fault.talk(fault.survivors);
  await session.send("Page.setWebLifecycleState", { state: "active" });
  // Until it has heard of its heir its own list and office are those from before.
  await host.until(() => !host.isHost, SOON, "it hears that another hosts");
  await fault.whole(SOON);
  assert(heir.isHost, `${heir.name} hosts still`);
  await fault.talk(fault.all);
  await fault.settle();
});

life("a hosting program that is asked to end leaves politely while all talk: nothing is lost, of its own neither", PROGRAMS, async (room) => {
  const fault = await Fault.begin(room);
  const { host } = fault;
  await fault.talk(fault.all);
  const ends = async () => {
    // Accepted, and on the way: leaving delivers it.
    await fault.chatter.hush([host]);
    await room.ledger.send(host, Array.from({ length: 100 }, (_, n) => ({ data: `last words ${n}` })), SOON);
    kill(host.pid, "SIGTERM");
    await host.next("left", SOON);
    host.over ??= "left";
    assert.deepEqual(await host.exited, { code: 0, signal: null });
  };
  await fault.strike([host], ends, () => leftAt(host));
  fault.left();
  await fault.talk(fault.survivors);
  await fault.bury(host);
  room.ledger.exact([host], fault.survivors, room.all);
});
