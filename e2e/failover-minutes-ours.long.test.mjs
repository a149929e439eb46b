// By --only: what takes minutes, our server, on this machine as it is; a hidden page hosts for five of them.

import { playLong, withHiddenLong } from "./failovers.mjs";
import { plainNet } from "./harness/net.mjs";

playLong(plainNet, "ours", withHiddenLong);
