// By --only: npm `peer`, in the lab.

import { LINK, playSoon } from "./failovers.mjs";
import { labNet } from "./harness/net.mjs";

playSoon(() => labNet(LINK), "npm-peer", { lab: true });
