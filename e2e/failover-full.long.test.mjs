// By --only: what may befall a host in full mode, our server, on this machine as it is.

import { playSoon } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playSoon(plainNet, "ours", { options: { mesh_mode: "full" } });
