// Full mode, in the lab: two members that cannot reach each other.

import { after, before, test } from "node:test";
import { labNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import { LINK } from "./rooms.mjs";
import * as hostPairCut from "./scenarios/host-pair-cut.mjs";
import * as newcomerPairCut from "./scenarios/newcomer-pair-cut.mjs";
import * as pairCut from "./scenarios/pair-cut.mjs";

const MIX = ["native", "chromium", "chromium", "native"];

let stage;
before(async () => {
  stage = await Stage.open(await labNet(LINK));
  await stage.warm(MIX);
});
after(() => stage?.close());

for (const scenario of [pairCut, hostPairCut, newcomerPairCut]) {
  test(scenario.title, { timeout: 300_000 }, (t) =>
    stage.play(scenario, { server: "ours", mix: MIX, options: { mesh_mode: "full" }, note: (text) => t.diagnostic(text) }),
  );
}
