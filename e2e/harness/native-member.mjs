// A member that is a program: `peerjs-mesh join ROOM --json`.

import { eachLine, kill, stop } from "./processes.mjs";
import { binary } from "./servers.mjs";
import { Member } from "./member.mjs";
import { within } from "./time.mjs";

export class NativeMember extends Member {
  #child;

  constructor(name, child) {
    super(name, "native");
    this.#child = child;
    eachLine(child, (line) => this.hear(line));
    child.stdin.on("error", () => {});
    child.exited.then((exit) => this.ended(`exit ${exit.code ?? exit.signal}: ${child.errors}`));
  }

  /** The exit: `{code, signal}`. */
  get exited() {
    return this.#child.exited;
  }

  get pid() {
    return this.#child.pid;
  }

  /** What it wrote to standard error. */
  get log() {
    return this.#child.errors;
  }

  write(line) {
    return new Promise((resolve) => this.#child.stdin.write(`${line}\n`, () => resolve()));
  }

  /** The end of its input. */
  end() {
    this.#child.stdin.end();
  }

  async kill() {
    this.over ??= "killed";
    kill(this.pid, "SIGKILL");
    await this.exited;
  }

  async freeze() {
    this.frozen = true;
    kill(this.pid, "SIGSTOP");
  }

  async thaw() {
    this.frozen = false;
    kill(this.pid, "SIGCONT");
  }

  async close() {
    if (this.over === "left") await within(this.exited, 5000, "it exits after it has left").catch(() => {});
    this.over ??= "closed";
    await stop(this.#child, 5000);
  }
}

/** Starts a native member at a place. `options` is what `mesh(room, options)` takes, without `connection`. */
export function startNative(place, name, { room, server, options = {}, args = [] }) {
  const all = ["join", room, "--json", "--server", server.url];
  if (Object.keys(options).length > 0) all.push("--options", JSON.stringify(options));
  return new NativeMember(name, place.spawn(binary(), [...all, ...args]));
}
