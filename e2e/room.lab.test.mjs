// The rooms that the project is judged by, in the lab: 50 ± 10 ms each way, 1 % loss.

import { labNet } from "./harness/net.mjs";
import { playAll } from "./rooms.mjs";

playAll(() => labNet({ delay: 50, jitter: 10, loss: 0.01 }));
