// Servers that behave badly, on loopback: `{connection, url, stop()}`; and clients that do.

import { randomUUID } from "node:crypto";
import { connect, createServer } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { within } from "./time.mjs";

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

/** A good server behind a gate: it is reached from `open()` on, and who comes before waits; `sessions()` counts all. */
export async function gated(server) {
  const { hostname, port } = new URL(server.url);
  let sessions = 0;
  const sockets = new Set();
  let waiting = [];
  const keep = (socket) => sockets.add(socket.on("error", () => socket.destroy())) && socket;
  const lead = (socket) => {
    const inside = keep(connect(Number(port), hostname));
    socket.pipe(inside).pipe(socket);
  };
  const gate = createServer({ pauseOnConnect: true }, (socket) => {
    keep(socket);
    sessions += 1;
    if (waiting) waiting.push(socket);
    else lead(socket);
  });
  const open = () => {
    waiting.forEach(lead);
    waiting = undefined;
  };
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => gate.close(resolve));
  };
  return { ...face(await listen(gate), stop), open, sessions: () => sessions };
}

/** A good server by another way, at which `sessions()` counts those who came. */
export async function counted(server) {
  const gate = await gated(server);
  gate.open();
  return gate;
}

/** A client of a server that has this id for as long as `act(socket)` takes; what it has said then, the server has read. */
export async function asClient(server, id, act) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}peerjs?key=peerjs&id=${id}&token=client`);
  try {
    await within(new Promise((resolve, reject) => socket.once("message", resolve).once("error", reject)), 5000, "OPEN");
    const result = await act(socket);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.close();
    await within(closed, 5000, "the server's goodbye");
    return result;
  } finally {
    socket.terminate();
  }
}

/** Another client sends each of these an offer of 4 MB: our server's limit is 4 MiB, npm `peer`'s 100. */
export function offersMuch(server, ...ids) {
  const payload = { sdp: { type: "offer", sdp: "x".repeat(4e6) }, type: "data", connectionId: "dc_long" };
  return asClient(server, randomUUID(), (socket) => ids.forEach((dst) => socket.send(JSON.stringify({ type: "OFFER", dst, payload }))));
}

/** A websocket server that says `frames` to everybody who comes, and nothing else; `sessions()` counts those who came. */
export async function says(...frames) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.on("listening", resolve));
  let sessions = 0;
  server.on("connection", (socket) => {
    sessions += 1;
    socket.on("error", () => {});
    for (const frame of frames) socket.send(frame);
  });
  const stop = async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  };
  return { ...face(server.address().port, stop), sessions: () => sessions };
}

/** What is no signalling message at all: whoever says that is no signalling server. */
export const NO_MESSAGES = ["", "{", "null", "[]", '"OPEN"', Buffer.from([0, 255, 1, 254]), "x".repeat(1 << 20)];

/** What a server might say, but not so; some of it other clients can make it pass on, so it costs nobody the session. */
export const WRONG_MESSAGES = [
  "{}",
  '{"type":1}',
  '{"type":"NOPE"}',
  '{"type":"OFFER"}',
  '{"type":"OFFER","src":7,"payload":{"sdp":[]}}',
  '{"type":"ANSWER","src":"x","payload":{"sdp":{"type":"answer","sdp":"v=0"},"connectionId":"none"}}',
  '{"type":"CANDIDATE","src":"x","payload":{"candidate":null}}',
  "[".repeat(100_000),
  `{"type":"OPEN","x":${"[".repeat(5000)}${"]".repeat(5000)}}`,
  // Longer than anything that is looked into, whatever it is.
  "y".repeat((1 << 20) + 1),
  `{"type":"OPEN","x":"${"y".repeat(17 << 20)}"}`,
];

/** In an order in which each but the last few is taken: the first that is no message ends the session. */
export const GARBAGE = [...WRONG_MESSAGES, ...NO_MESSAGES];
