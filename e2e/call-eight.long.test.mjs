// By --only: the call of eight pages, with everything that happens in that of four.

import { after, before, test } from "node:test";
import { plainNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import * as call from "./scenarios/call.mjs";

const mix = Array(8).fill("chromium");
const options = { mesh_limit: -1, auto_call_peer: -1 };

let stage;
before(async () => (stage = await Stage.open(plainNet())));
after(() => stage?.close());

test(`eight pages, ours: ${call.title}`, { timeout: 1_200_000 }, (t) =>
  stage.play(call, { server: "ours", mix, options, note: (text) => t.diagnostic(text) }),
);
