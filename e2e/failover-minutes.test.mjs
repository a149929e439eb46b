// What takes a minute, once: npm `peer`, on this machine as it is. All else of it is in `hidden-minutes` and the files `*.long.*`.

import { MINUTE, playLong } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playLong(plainNet, "npm-peer", MINUTE);
