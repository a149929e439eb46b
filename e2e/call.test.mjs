// Calls of pages that draw their own streams: who sees and hears whom, told apart by colour.

import { after, before, test } from "node:test";
import { plainNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import * as call from "./scenarios/call.mjs";
import * as crowd from "./scenarios/call-crowd.mjs";
import * as ends from "./scenarios/call-ends.mjs";
import * as limited from "./scenarios/call-limited.mjs";

const options = { mesh_limit: -1, auto_call_peer: -1 };
/** The deadline of one scenario, ms: its measured intervals alone take a minute. */
const SCENARIO = 300_000;
const chromium = (count) => Array(count).fill("chromium");

let stage;
before(async () => {
  stage = await Stage.open(plainNet());
});
after(() => stage?.close());

const PLAYS = [
  ["two pages and a native member", call, "ours", ["chromium", "native", "chromium"]],
  ["four pages", call, "ours", chromium(4)],
  ["four pages, one of them Firefox, and a native member", call, "npm-peer", ["chromium", "firefox", "native", "chromium", "chromium"]],
  ["four pages", ends, "ours", chromium(4)],
  ["three pages", limited, "ours", chromium(3), { ...options, auto_call_peer: 1 }],
  ["eight pages", crowd, "ours", chromium(8)],
];
for (const [who, scenario, server, mix, its = options] of PLAYS) {
  test(`${who}, ${server}: ${scenario.title}`, { timeout: SCENARIO }, (t) =>
    stage.play(scenario, { server, mix, options: its, note: (text) => t.diagnostic(text) }),
  );
}
