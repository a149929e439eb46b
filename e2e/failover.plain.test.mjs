// What may befall a host, npm `peer`, on this machine as it is.

import { playSoon } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playSoon(plainNet, "npm-peer");
