// By --only: calls in more combinations, with everything that happens in one.

import { after, before, test } from "node:test";
import { plainNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import * as call from "./scenarios/call.mjs";

const options = { mesh_limit: -1, auto_call_peer: -1 };

let stage;
before(async () => (stage = await Stage.open(plainNet())));
after(() => stage?.close());

for (const [who, pages, server] of [["eight", 8, "ours"], ["four", 4, "npm-peer"]]) {
  test(`${who} pages, ${server}: ${call.title}`, { timeout: 1_200_000 }, (t) =>
    stage.play(call, { server, mix: Array(pages).fill("chromium"), options, note: (text) => t.diagnostic(text) }),
  );
}
