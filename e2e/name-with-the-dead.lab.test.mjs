// In the lab: host and deputies vanish from the network, and with them the room's name, for as long as a server keeps it.

import { after, before, test } from "node:test";
import { labNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import { LINK } from "./rooms.mjs";
import * as nameWithTheDead from "./scenarios/name-with-the-dead.mjs";

const MIX = ["native", "native", "chromium", "native", "chromium", "native"];

let stage;
before(async () => {
  stage = await Stage.open(await labNet(LINK));
  await stage.warm(MIX);
});
after(() => stage?.close());

for (const server of ["ours", "npm-peer"]) {
  test(`${server}: ${nameWithTheDead.title}`, { timeout: 300_000 }, (t) =>
    stage.play(nameWithTheDead, { server, mix: MIX, note: (text) => t.diagnostic(text) }),
  );
}
