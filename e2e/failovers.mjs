// What may befall a host, on which server and net: the scenarios of succession, in the order in which they are played.

import { after, before, describe, test } from "node:test";
import { Stage } from "./harness/stage.mjs";
import * as busyHost from "./scenarios/busy-host.mjs";
import * as hiddenHandsOver from "./scenarios/hidden-host-hands-over.mjs";
import * as hiddenLong from "./scenarios/hidden-host-long.mjs";
import * as bothKilled from "./scenarios/host-and-deputy-killed.mjs";
import * as cutForGood from "./scenarios/host-cut-for-good.mjs";
import * as cut from "./scenarios/host-cut.mjs";
import * as killed from "./scenarios/host-killed.mjs";
import * as leaves from "./scenarios/host-leaves.mjs";
import * as stoppedLong from "./scenarios/host-stopped-long.mjs";
import * as stopped from "./scenarios/host-stopped.mjs";
import * as signallingHostsLost from "./scenarios/signalling-cut-hosts-lost.mjs";
import * as signallingLong from "./scenarios/signalling-cut-long.mjs";
import * as signallingShort from "./scenarios/signalling-cut-short.mjs";
import * as signallingSilentLong from "./scenarios/signalling-cut-silent-long.mjs";
import * as signallingSilent from "./scenarios/signalling-cut-silent.mjs";

/**
 * In the order of the line: each fault takes the first of it, and who replaces it goes to its end. So a page is busy,
 * the same page leaves, a program is killed, a page is killed, Firefox and a program are killed at once, a page is
 * stopped.
 */
const MIX = ["chromium", "native", "chromium", "firefox", "native", "chromium"];
/** What every link of the lab is like: ms each way, its jitter, and the part of packets that is lost. */
export const LINK = { delay: 100, jitter: 20, loss: 0.01 };

/** The deadline of one scenario, ms. Each of its waits has a shorter one of its own. */
const SCENARIO = 240_000;
const MINUTES = 420_000;

/** Everything that is over soon, in the order in which it is played in one room. */
const SOON = {
  "a page is busy": busyHost,
  "a page leaves": leaves,
  "a program is killed": killed,
  "a page is killed": killed,
  "two at once are killed": bothKilled,
  "a page is stopped": stopped,
  "no server": signallingShort,
};
const IN_LAB = { "a page is cut off": cut, "a program is cut off": cutForGood, "the server is cut off": signallingSilent };
/** What takes minutes: the scenario, and who plays it. */
export const MINUTE = { "stopped for long": [stoppedLong, MIX], "no server and two hosts lost": [signallingHostsLost, MIX] };
export const NO_SERVER = { "no server": [signallingLong, MIX] };
export const SERVER_CUT_OFF = { "the server is cut off": [signallingSilentLong, MIX] };
export const HIDDEN = { "a hidden page": [hiddenLong, Array(3).fill("hidden")] };
export const HANDS_OVER = { "a hidden page and others": [hiddenHandsOver, ["hidden", "hidden", "native", "chromium"]] };

/** A stage on the net that `open` makes, for the tests of a file; `first` is closed before it. */
function onStage(open, mix, first = {}) {
  let stage;
  before(async () => {
    stage = await Stage.open(await open());
    await stage.warm(mix);
  });
  after(async () => {
    await first.close?.();
    await stage?.close();
  });
  return () => stage;
}

/** Each fault that is over soon, one after the other in the same room. */
export function playSoon(open, server, { lab = false, options } = {}) {
  let shared;
  const stage = onStage(open, MIX, { close: () => shared?.close() });
  for (const [name, scenario] of Object.entries({ ...SOON, ...(lab && IN_LAB) })) {
    test(`${server}, ${name}: ${scenario.title}`, { timeout: SCENARIO }, (t) => {
      shared ??= stage().share({ server, mix: MIX, options });
      return shared.play(scenario, (text) => t.diagnostic(text));
    });
  }
}

/**
 * What takes minutes, at the same time in rooms of their own: most of it is waiting. Those of `alone` follow one after
 * another: what they do befalls every room of the stage.
 */
export function playLong(open, server, scenarios, alone = {}) {
  const [[, mix]] = Object.values(scenarios);
  const stage = onStage(open, mix);
  const declare = ([name, [scenario, mix]]) =>
    test(`${server}, ${name}: ${scenario.title}`, { timeout: MINUTES }, (t) =>
      stage().play(scenario, { server, mix, note: (text) => t.diagnostic(text) }),
    );
  describe("what takes minutes", { concurrency: true }, () => Object.entries(scenarios).forEach(declare));
  Object.entries(alone).forEach(declare);
}
