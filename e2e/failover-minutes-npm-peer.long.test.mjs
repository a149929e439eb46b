// By --only: what takes a minute and is not in `failover-minutes`, npm `peer`, on this machine as it is.

import { NO_SERVER, playLong } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playLong(plainNet, "npm-peer", NO_SERVER);
