// Beside the lab's files, as there is next to nothing to do: a hidden page hosts for five minutes, npm `peer`, on this
// machine as it is.

import { HIDDEN, playLong } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playLong(plainNet, "npm-peer", HIDDEN);
