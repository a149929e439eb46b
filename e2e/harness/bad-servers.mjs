// Servers that behave badly, on loopback: `{connection, url, stop()}`.

import { createServer } from "node:net";
import { WebSocketServer } from "ws";

function face(port, stop) {
  return {
    url: `http://127.0.0.1:${port}/`,
    connection: (more = {}) => ({ host: "127.0.0.1", port, path: "/", secure: false, config: { iceServers: [] }, ...more }),
    stop,
  };
}

const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));

/** Nobody listens there: the port was free a moment ago. */
export async function nobody() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return face(port, async () => {});
}

/** Takes connections and says nothing, not even HTTP. */
export async function silent() {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).resume());
  });
  const port = await listen(server);
  return face(port, async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
}

/** A websocket server that says `frames` to everybody who comes, and nothing else. */
export async function says(...frames) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.on("listening", resolve));
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    for (const frame of frames) socket.send(frame);
  });
  return face(server.address().port, async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
}

/** What no signalling server says, and what it might say but not so. */
export const GARBAGE = [
  "",
  "{",
  "null",
  "[]",
  '"OPEN"',
  "{}",
  '{"type":1}',
  '{"type":"NOPE"}',
  '{"type":"OFFER"}',
  '{"type":"OFFER","src":7,"payload":{"sdp":[]}}',
  '{"type":"ANSWER","src":"x","payload":{"sdp":{"type":"answer","sdp":"v=0"},"connectionId":"none"}}',
  '{"type":"CANDIDATE","src":"x","payload":{"candidate":null}}',
  "[".repeat(100_000),
  `{"type":"OPEN","x":${"[".repeat(5000)}${"]".repeat(5000)}}`,
  Buffer.from([0, 255, 1, 254]),
  "x".repeat(1 << 20),
];
