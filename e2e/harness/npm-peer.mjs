// A program: npm `peer` (PeerServer) on an address, with the first line of output of `peerjs-mesh serve --json`.
//
//   node npm-peer.mjs ADDRESS [KEY [PORT]]

import { PeerServer } from "peer";

const [host, key = "peerjs", wanted = "0"] = process.argv.slice(2);
PeerServer({ host, port: Number(wanted), path: "/", key, allow_discovery: true }, (server) => {
  const { port } = server.address();
  console.log(JSON.stringify({ event: "listening", url: `http://${host}:${port}/`, port }));
});
process.on("SIGTERM", () => process.exit(0));
// The end of standard input means that whoever started this is gone.
process.stdin.on("end", () => process.exit(0)).resume();
