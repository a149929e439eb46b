// npm `peer` as a library, the way its documentation shows it, with a listener for errors (without one a single bad
// frame ends the process). Options come as JSON in the first argument; the port taken is printed as one line of JSON.

import { PeerServer } from "peer";

const options = JSON.parse(process.argv[2] ?? "{}");
const server = PeerServer({ ...options, port: 0, host: "127.0.0.1" }, (listening) => {
  console.log(JSON.stringify({ event: "listening", port: listening.address().port }));
});
server.on("error", () => {});
// Whoever started it has gone.
process.stdin.on("close", () => process.exit(0)).resume();
