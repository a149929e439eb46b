// A call in the lab: the way between two pages is lost, and comes back.

import { after, before, test } from "node:test";
import { labNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import { LINK } from "./rooms.mjs";
import * as callCut from "./scenarios/call-cut.mjs";

const MIX = ["native", "chromium", "chromium"];

let stage;
before(async () => {
  stage = await Stage.open(await labNet(LINK));
  await stage.warm(MIX);
});
after(() => stage?.close());

test(callCut.title, { timeout: 400_000 }, (t) =>
  stage.play(callCut, { server: "ours", mix: MIX, options: { auto_call_peer: -1 }, note: (text) => t.diagnostic(text) }),
);
