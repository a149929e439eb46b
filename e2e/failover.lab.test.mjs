// What may befall a host, our server, in the lab: 100 ± 20 ms each way, 1 % loss.

import { LINK, playSoon } from "./failovers.mjs";
import { labNet } from "./harness/net.mjs";

playSoon(() => labNet(LINK), "ours", { lab: true });
