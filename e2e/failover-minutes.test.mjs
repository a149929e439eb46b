// What takes a minute, once: npm `peer`, on this machine as it is. All else of it is in `hidden-minutes` and the files `*.long.*`.

import { MINUTE, playLong } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

// One after the other: twelve members who all talk are more than two slow cores can do.
const { "stopped for long": stopped, ...others } = MINUTE;
playLong(plainNet, "npm-peer", { "stopped for long": stopped }, others);
