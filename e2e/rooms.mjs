// Plays every scenario of the judged mix on both servers.

import { after, before, test } from "node:test";
import { SERVERS } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";
import * as exchange from "./scenarios/exchange.mjs";
import * as foundedAnew from "./scenarios/founded-anew.mjs";
import * as hostDropsOffice from "./scenarios/host-drops-office.mjs";
import * as hostPageKilled from "./scenarios/host-page-killed.mjs";
import * as nativeHostFrozen from "./scenarios/native-host-frozen.mjs";
import * as nativeHostWakes from "./scenarios/native-host-wakes.mjs";

const MIX = ["chromium", "chromium", "firefox", "native"];

/** What every link of the lab is like: ms each way, its jitter, and the part of packets that is lost. */
export const LINK = { delay: 50, jitter: 10, loss: 0.01 };

/** The deadline of one scenario, ms. Each of its waits has a shorter one of its own. */
const SCENARIO = 240_000;

/** Declares a test for each scenario on each server, on the net that `open` makes. */
export function playAll(open) {
  let stage;
  before(async () => {
    stage = await Stage.open(await open());
    await stage.warm(MIX);
  });
  after(() => stage?.close());
  for (const server of Object.keys(SERVERS)) {
    for (const scenario of [exchange, hostDropsOffice, hostPageKilled, nativeHostFrozen, nativeHostWakes, foundedAnew]) {
      test(`${server}: ${scenario.title}`, { timeout: SCENARIO }, (t) =>
        stage.play(scenario, { server, mix: MIX, note: (text) => t.diagnostic(text) }),
      );
    }
  }
}
