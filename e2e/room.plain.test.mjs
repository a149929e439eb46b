// The rooms that the project is judged by, on this machine as it is.

import { plainNet } from "./harness/net.mjs";
import { playAll } from "./rooms.mjs";

playAll(plainNet);
