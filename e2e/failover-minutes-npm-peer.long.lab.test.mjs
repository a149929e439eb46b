// By --only: what takes a minute, npm `peer`, in the lab, where the server can be cut off and go on.

import { LINK, MINUTE, NO_SERVER, playLong, SERVER_CUT_OFF } from "./failovers.mjs";
import { labNet } from "./harness/net.mjs";

playLong(() => labNet(LINK), "npm-peer", { ...MINUTE, ...NO_SERVER }, SERVER_CUT_OFF);
