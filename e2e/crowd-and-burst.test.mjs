// Many members at once, and many messages at once, on this machine as it is.

import { after, before, test } from "node:test";
import { plainNet } from "./harness/net.mjs";
import { SERVERS } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";
import * as burst from "./scenarios/burst.mjs";
import * as crowd from "./scenarios/crowd.mjs";

let stage;
before(async () => {
  stage = await Stage.open(plainNet());
  await stage.warm(["chromium", "firefox"]);
});
after(() => stage?.close());

for (const server of Object.keys(SERVERS)) {
  test(`${server}: ${crowd.title}`, { timeout: 120_000 }, (t) =>
    stage.play(crowd, { server, mix: ["chromium"], options: { mesh_limit: -1 }, note: (text) => t.diagnostic(text) }),
  );
}

// Messages never touch the server: one of the two is enough.
test(burst.title, { timeout: 600_000 }, (t) =>
  stage.play(burst, {
    server: "ours",
    mix: ["chromium", "chromium", "firefox", "native"],
    note: (text) => t.diagnostic(text),
  }),
);
