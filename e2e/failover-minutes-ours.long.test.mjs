// By --only: what takes minutes, our server, on this machine as it is; a hidden page hosts for five of them.

import { HANDS_OVER, HIDDEN, MINUTE, NO_SERVER, playLong } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playLong(plainNet, "ours", { ...MINUTE, ...NO_SERVER, ...HIDDEN, ...HANDS_OVER });
