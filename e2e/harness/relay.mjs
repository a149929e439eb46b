// A program: leads a socket file to a TCP port of 127.0.0.1 in the network namespace in which it runs.
//
//   node relay.mjs FILE PORT

import { connect, createServer } from "node:net";

const [file, port] = process.argv.slice(2);
createServer((near) => {
  const far = connect(Number(port), "127.0.0.1");
  near.pipe(far).pipe(near);
  near.on("error", () => far.destroy());
  far.on("error", () => near.destroy());
}).listen(file, () => console.log(JSON.stringify({ event: "listening" })));
process.on("SIGTERM", () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume();
