// By --only: what takes a minute, npm `peer`, in the lab.

import { LINK, MINUTE, NO_SERVER, playLong } from "./failovers.mjs";
import { labNet } from "./harness/net.mjs";

playLong(() => labNet(LINK), "npm-peer", { ...MINUTE, ...NO_SERVER });
