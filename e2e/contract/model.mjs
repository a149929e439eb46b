// The simulator's model of npm `peer` behind real websockets. The model decides who is registered, for how long, and who
// gets what; this file has the sockets, the query and the JSON, as npm `peer` has them from `ws`, `URL` and `JSON`.
// Options come as JSON in the first argument; the port taken is printed as one line of JSON.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";

const program = process.env.SIM_BIN ?? fileURLToPath(new URL("../../target/release/peerjs-mesh-sim", import.meta.url));
const model = spawn(program, ["npm-model", process.argv[2] ?? "{}"], { stdio: ["pipe", "pipe", "inherit"] });
model.on("error", (error) => { throw error; });
model.on("exit", (code) => process.exit(code ?? 1));
const happened = (event) => model.stdin.write(`${JSON.stringify(event)}\n`);

const sockets = new Map();
createInterface({ input: model.stdout }).on("line", (line) => {
  const { tell, text, close } = JSON.parse(line);
  if (tell !== undefined) sockets.get(tell)?.send(text);
  else sockets.get(close)?.close();
});

const server = createServer((_, response) => response.writeHead(404).end());
const websockets = new WebSocketServer({ server, path: "/peerjs" });
let last = 0;
websockets.on("connection", (socket, request) => {
  const conn = last += 1;
  const { searchParams } = new URL(request.url, "http://localhost");
  sockets.set(conn, socket);
  happened({ connect: conn, id: searchParams.get("id"), token: searchParams.get("token") });
  socket.on("message", (data) => {
    let frame;
    try {
      frame = JSON.parse(data.toString());
    } catch {
      return;
    }
    const { type, dst, payload } = frame ?? {};
    // JSON has no undefined: a payload that is missing stays missing.
    happened({ say: conn, type, dst, payload: JSON.stringify(payload) });
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    sockets.delete(conn);
    happened({ closed: conn });
  });
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ event: "listening", port: server.address().port }));
});
// Whoever started it has gone.
process.stdin.on("close", () => process.exit(0)).resume();
