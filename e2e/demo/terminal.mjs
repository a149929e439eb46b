// Somebody at a terminal: `peerjs-mesh join ROOM`, as it is typed.

import { eachLine, stop } from "../harness/processes.mjs";
import { binary } from "../harness/servers.mjs";
import { within } from "../harness/time.mjs";

/** How long a line may take to come, ms. */
const SOON = 20_000;

export class Terminal {
  #child;
  #lines = [];
  #looks = new Set();

  constructor(place, room, name, server) {
    this.#child = place.spawn(binary(), ["join", room, "--server", server.url, "--name", name]);
    eachLine(this.#child, (line) => {
      this.#lines.push(line);
      for (const look of this.#looks) look();
    });
  }

  /** Types a line. */
  type(text) {
    this.#child.stdin.write(`${text}\n`);
  }

  /** Waits until a line has this in it. */
  reads(text) {
    const there = new Promise((resolve) => {
      const look = () => this.#lines.some((line) => line.includes(text)) && this.#looks.delete(look) && resolve();
      this.#looks.add(look);
      look();
    });
    return within(there, SOON, () => `the terminal reads "${text}"; it has: ${this.#lines.join(" / ")} ${this.#child.errors}`);
  }

  close() {
    return stop(this.#child);
  }
}
