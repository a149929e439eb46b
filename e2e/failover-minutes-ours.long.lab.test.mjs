// By --only: what takes a minute, our server, in the lab.

import { LINK, MINUTE, playLong } from "./failovers.mjs";
import { labNet } from "./harness/net.mjs";

playLong(() => labNet(LINK), "ours", MINUTE);
