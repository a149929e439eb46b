// For a long time: outside the run of all tests, `cargo xtask test --only soak`, on a machine that does nothing else.
// MESH_SOAK_MINUTES and MESH_SOAK_PAGES make it smaller, for whoever works on it.

import { after, before, test } from "node:test";
import { plainNet } from "../harness/net.mjs";
import { Stage } from "../harness/stage.mjs";
import * as soak from "../scenarios/soak.mjs";

const PAGES = Number(process.env.MESH_SOAK_PAGES ?? 8);
const mix = Array(PAGES).fill("chromium");
const options = { mesh_limit: -1, auto_call_peer: -1 };

let stage;
before(async () => (stage = await Stage.open(plainNet())));
after(() => stage?.close());

test(`${PAGES} pages: ${soak.title}`, { timeout: soak.MINUTES * 60_000 + 600_000 }, (t) =>
  stage.play(soak, { server: "ours", mix, options, note: (text) => t.diagnostic(text) }),
);
