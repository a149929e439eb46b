// Signalling servers with one face: { kind, url, port, host, connection(), frees(id), stop(), kill(), again() }.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { kill, listening, stop } from "./processes.mjs";
import { ROOT } from "./root.mjs";
import { within } from "./time.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** How long a server may take to listen, ms. It is one process start; the rest is for a busy machine. */
const START = 15_000;

/** The `peerjs-mesh` binary: PEERJS_MESH_BIN, or the release build. */
export function binary() {
  const path = process.env.PEERJS_MESH_BIN ?? `${ROOT}target/release/peerjs-mesh`;
  if (!existsSync(path)) throw new Error(`no binary at ${path}: run \`cargo xtask build\`, or set PEERJS_MESH_BIN`);
  return path;
}

/** The program with many members in one process: MESH_CROWD_BIN, or the release build of the example. */
export function crowdBinary() {
  const path = process.env.MESH_CROWD_BIN ?? `${ROOT}target/release/examples/crowd`;
  if (!existsSync(path)) throw new Error(`no crowd at ${path}: run \`cargo build --release -p peerjs-mesh --example crowd\`, or set MESH_CROWD_BIN`);
  return path;
}

/** `start(port)` spawns the program; port 0 is any free one, and what it begins with unless `first` says another. */
async function face(kind, place, start, first = 0) {
  let child = start(first);
  const { port } = await listening(child, START, `server ${kind}`);
  return {
    kind,
    place,
    get child() {
      return child;
    },
    port,
    host: place.address,
    url: `http://${place.address}:${port}/`,
    /** What a page gives as `options.connection` to reach this server, and nobody else. */
    connection: (more = {}) => ({
      host: place.address,
      port,
      path: "/",
      key: "peerjs",
      secure: false,
      config: { iceServers: [] },
      ...more,
    }),
    stop: () => stop(child),
    /** Waits until nobody is registered there as `id`: who was killed is, until its socket's end has come. */
    async frees(id) {
      const asks = `const [url, id] = process.argv.slice(1);
        while ((await (await fetch(url)).json()).includes(id)) await new Promise((on) => setTimeout(on, 5));`;
      const args = ["--input-type=module", "-e", asks, `http://${place.address}:${port}/peerjs/peers`, id];
      const asker = place.spawn(process.execPath, args);
      const exit = await within(asker.exited, START, `${kind} has ${id} no more`);
      if (exit.code !== 0) throw new Error(`${kind} does not tell who is there: ${asker.errors}`);
    },
    async kill() {
      kill(child.pid, "SIGKILL");
      await child.exited;
    },
    /** After `kill`: the same program on the same port, which knows nobody. */
    async again() {
      child = start(port);
      await listening(child, START, `server ${kind}, started again`);
    },
  };
}

/** `peerjs-mesh serve`, at a port of its own or at that one. */
export function startOurs(place, args = [], first = 0) {
  const all = (port) => ["serve", "--host", place.address, "--port", String(port), "--allow_discovery", "--json", ...args];
  return face("ours", place, (port) => place.spawn(binary(), all(port)), first);
}

/** npm `peer` 1.0.2. */
export function startNpmPeer(place, key = "peerjs") {
  const all = (port) => [here("npm-peer.mjs"), place.address, key, String(port)];
  return face("npm-peer", place, (port) => place.spawn(process.execPath, all(port)));
}

/** Both servers, by name. */
export const SERVERS = { ours: startOurs, "npm-peer": startNpmPeer };

/**
 * Static files of the repository, and of `mounts` ({prefix: folder}). PEERJS_MESH_PACKAGE: a folder that stands in for
 * packages/peerjs-mesh, an unpacked tarball for instance.
 */
export async function startStatic(place, mounts = {}) {
  const stand = process.env.PEERJS_MESH_PACKAGE;
  const all = Object.entries({ "/": ROOT, ...(stand && { "/packages/peerjs-mesh/": stand }), ...mounts }).map(([prefix, folder]) => `${prefix}=${folder}`);
  return face("static", place, () => place.spawn(process.execPath, [here("static-server.mjs"), place.address, ...all]));
}
