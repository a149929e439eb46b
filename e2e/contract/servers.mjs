// Starts the servers that the suite is put to.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Path of the binary under test: OUR_SERVER, else the release build. */
export function ourBinary() {
  const path = process.env.OUR_SERVER ?? here("../../target/release/peerjs-mesh");
  if (!existsSync(path)) {
    throw new Error(`no server at ${path}: build it (cargo build --release -p peerjs-mesh-cli) or set OUR_SERVER`);
  }
  return path;
}

/** Options in npm `peer`'s words, as our flags. */
function flags(options) {
  return Object.entries(options).flatMap(([name, value]) => {
    if (name === "corsOptions") return value.origin.flatMap((origin) => ["--cors", origin]);
    if (value === true) return [`--${name}`];
    return [`--${name}`, String(value)];
  });
}

export const kinds = {
  ours: (options) => spawn(
    ourBinary(),
    ["serve", "--host", "127.0.0.1", "--port", "0", "--json", ...flags(options)],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, PEERJS_MESH_LOG: "warn" } },
  ),
  peer: (options) => spawn(
    process.execPath,
    [here("npm-peer.mjs"), JSON.stringify(options)],
    { stdio: ["pipe", "pipe", "pipe"] },
  ),
  model: (options) => spawn(
    process.execPath,
    [here("model.mjs"), JSON.stringify(options)],
    { stdio: ["pipe", "pipe", "pipe"] },
  ),
};

/** Starts a server of a kind; resolves once it listens. */
export async function start(kind, options = {}) {
  const child = kinds[kind](options);
  let errors = "";
  child.stderr.on("data", (data) => { errors += data; });
  const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
  const lines = createInterface({ input: child.stdout });
  const listening = new Promise((resolve) => lines.once("line", (line) => resolve(JSON.parse(line))));
  const spawnFailed = new Promise((_, reject) => child.once("error", reject));
  const first = await Promise.race([listening, exited, spawnFailed]);
  if (first.event !== "listening") throw new Error(`${kind} did not start: ${JSON.stringify(first)}\n${errors}`);
  return {
    kind,
    port: first.port,
    origin: `http://127.0.0.1:${first.port}`,
    path: options.path ? `/${options.path.replace(/^\/|\/$/g, "")}/` : "/",
    key: options.key ?? "peerjs",
    /** Whether the process runs, and what it has written to standard error. */
    isAlive: () => child.exitCode === null && child.signalCode === null,
    errors: () => errors,
    async stop() {
      child.kill(kind === "ours" ? "SIGTERM" : "SIGKILL");
      return exited;
    },
  };
}
