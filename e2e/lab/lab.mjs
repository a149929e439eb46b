// A network in which tests run real programs: starts `peerjs-mesh-lab` and speaks its JSON lines.
// See README.md beside this file. Needs Linux, root and iproute2.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Longest wait for an answer, ms. A network of 20 nodes is there after 100. */
const ANSWER_MS = 10_000;

/**
 * Builds a network of `nodes` nodes, 10.50.0.1, 10.50.0.2, …, with all links alike at first.
 *
 * @param {{bin: string, nodes: number, seed?: number, delayMs?: number, jitterMs?: number,
 *   loss?: number, reorder?: number}} options `bin`: the `peerjs-mesh-lab` binary; times are one way
 * @returns {Promise<Lab>}
 */
export async function startLab(options) {
  const { bin, nodes, seed = 1, delayMs = 0, jitterMs = 0, loss = 0, reorder = 0 } = options;
  const args = ["run", "--json", "--nodes", nodes, "--seed", seed, "--loss", loss];
  args.push("--delay", `${delayMs}ms`, "--jitter", `${jitterMs}ms`, "--reorder", reorder);
  const child = spawn(bin, args.map(String), { stdio: ["pipe", "pipe", "pipe"] });
  const lab = new Lab(bin, child);
  try {
    lab.nodes = (await lab.answer("ready")).nodes;
    lab.directory = mkdtempSync(join(tmpdir(), "peerjs-mesh-lab-"));
  } catch (error) {
    child.stdin.end();
    throw error;
  }
  return lab;
}

export class Lab {
  /** `[{name, ip, netns}]`, by number. @type {{name: string, ip: string, netns: string}[]} */
  nodes = [];
  /** Where wrappers lie. @type {string | undefined} */
  directory;
  #bin;
  #child;
  #ended;
  /** Answers come in the order of the commands. @type {{resolve: Function, reject: Function}[]} */
  #waiting = [];
  #wrappers = 0;
  #complaints = "";

  constructor(bin, child) {
    this.#bin = bin;
    this.#child = child;
    // What a dead lab did not read is told by its end.
    child.stdin.on("error", () => {});
    child.stderr.on("data", (text) => {
      this.#complaints = (this.#complaints + text).slice(-4096);
    });
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#waiting.shift()?.resolve(JSON.parse(line));
    });
    this.#ended = new Promise((resolve) => {
      const end = (how) => {
        const error = new Error(`the lab ended (${how}): ${this.#complaints.trim()}`);
        for (const { reject } of this.#waiting.splice(0)) reject(error);
        resolve(how);
      };
      child.on("error", (error) => end(error.message));
      child.on("close", (code, signal) => end(code ?? signal));
    });
  }

  /** The next line, which has to be the named event. */
  async answer(event) {
    const line = await deadline(
      `the lab's ${event}`,
      new Promise((resolve, reject) => this.#waiting.push({ resolve, reject })),
    );
    if (line.event !== event) throw new Error(line.message ?? JSON.stringify(line));
    return line;
  }

  /**
   * Gives a command (see README.md), as in `{cmd: "cut", node: 1}`; the answer, or an error.
   * @param {{cmd: string}} command
   */
  command(command) {
    const event = ["stats", "forward"].includes(command.cmd) ? command.cmd : "ok";
    const answer = this.answer(event);
    this.#child.stdin.write(JSON.stringify(command) + "\n");
    return answer;
  }

  /** The counters of one direction, as in `await lab.pair(0, 1)`. */
  async pair(from, to) {
    const { pairs } = await this.command({ cmd: "stats" });
    return pairs.find((pair) => pair.from === from && pair.to === to);
  }

  /**
   * Opens a relay from 127.0.0.1 here to 127.0.0.1 in a node. Without a port it takes one that is
   * free here, and the same in the node: for a browser that tells its own port.
   * @returns {Promise<number>} the port here
   */
  async forward(node, port = 0) {
    return (await this.command({ cmd: "forward", node, port })).listen;
  }

  /**
   * The command that runs a program in a node, for `spawn(...lab.wrap(0, "program", args))`. The
   * process is the program itself: its pid and signals are the program's.
   * @returns {[string, string[]]}
   */
  wrap(node, program, args = []) {
    return [this.#bin, ["exec", this.#node(node).netns, program, ...args]];
  }

  /**
   * A file that runs a program in a node, for launchers that take a path and no arguments
   * (puppeteer's `executablePath`).
   * @returns {string} its path
   */
  wrapper(node, program) {
    const [bin, args] = this.wrap(node, program);
    const path = join(this.directory, `node${node}-${this.#wrappers++}.sh`);
    const words = [bin, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    writeFileSync(path, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Ends the network, and kills what still runs in it. */
  async stop() {
    this.#child.stdin.end();
    const how = await deadline("the lab's end", this.#ended).catch((error) => {
      this.#child.kill("SIGKILL"); // the next lab sweeps up
      throw error;
    });
    if (this.directory) rmSync(this.directory, { recursive: true, force: true });
    if (how !== 0) throw new Error(`the lab ended (${how}): ${this.#complaints.trim()}`);
  }

  #node(node) {
    const found = this.nodes[node];
    if (!found) throw new RangeError(`there is no node ${node}`);
    return found;
  }
}

function deadline(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took over ${ANSWER_MS} ms`)), ANSWER_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
