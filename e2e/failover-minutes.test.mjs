// What takes a minute, once: npm `peer`, on this machine as it is. All else of it is in the files `*.long.*`.

import { playLong, withHiddenShort } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playLong(plainNet, "npm-peer", withHiddenShort);
