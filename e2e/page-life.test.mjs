// What becomes of a page, and what the others notice of it. Heartbeats are a minute apart here: who is silent would be
// missed after minutes only, so whatever happens sooner was said.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { plainNet } from "./harness/net.mjs";
import { listEachOther } from "./harness/oracle.mjs";
import { Stage } from "./harness/stage.mjs";

const mix = ["chromium", "chromium", "native"];
const options = { do_health_check_interval: 60_000 };
const SOON = 20_000;

let stage;
before(async () => {
  stage = await Stage.open(plainNet());
  await stage.warm(mix);
});
after(() => stage?.close());

function life(title, scenario) {
  test(title, { timeout: 120_000 }, (t) =>
    stage.play({ title, default: scenario }, { server: "ours", mix, options, note: (text) => t.diagnostic(text) }),
  );
}

life("a hosting tab that is closed has said goodbye: the others go on without waiting for it", async (room) => {
  const [host, ...rest] = await room.gather();
  assert(host.isHost);
  await host.page.close();
  host.over ??= "closed";
  await listEachOther(rest, SOON);
  await room.ledger.fence(rest, SOON);
});

life("a hosting page that the browser freezes has given its office up, and is a member again when it goes on", async (room) => {
  const [host, ...rest] = await room.gather();
  assert(host.isHost);
  const session = await host.page.createCDPSession();
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  const heir = await Promise.any(rest.map((member) => member.until(() => member.isHost && member, SOON, "it hosts")));
  room.note(`${heir.name} hosts`);
  await session.send("Page.setWebLifecycleState", { state: "active" });
  // Until it has heard of its heir its own list and office are those from before.
  await host.until(() => !host.isHost, SOON, "it hears that another hosts");
  await room.listed(SOON);
  assert(heir.isHost, `${heir.name} hosts still`);
  await room.ledger.fence(room.members, SOON);
});
