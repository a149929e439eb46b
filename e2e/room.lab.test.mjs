// The rooms that the project is judged by, in the lab: 50 ± 10 ms each way, 1 % loss.

import { labNet } from "./harness/net.mjs";
import { LINK, playAll } from "./rooms.mjs";

playAll(() => labNet(LINK));
