// For a long time: outside the run of all tests, `cargo xtask test --only soak`. MESH_SOAK_MINUTES makes it shorter.

import { after, before, test } from "node:test";
import { plainNet } from "../harness/net.mjs";
import { Stage } from "../harness/stage.mjs";
import * as soak from "../scenarios/soak.mjs";

const mix = Array(8).fill("chromium");
const options = { mesh_limit: -1, auto_call_peer: -1 };

let stage;
before(async () => (stage = await Stage.open(plainNet())));
after(() => stage?.close());

test(`eight pages: ${soak.title}`, { timeout: soak.MINUTES * 60_000 + 600_000 }, (t) =>
  stage.play(soak, { server: "ours", mix, options, note: (text) => t.diagnostic(text) }),
);
