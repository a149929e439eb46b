// A member that is a page: e2e/agent.html over the built package.

import { kill } from "./processes.mjs";
import { PAGE_LINES } from "./lines.mjs";
import { Member } from "./member.mjs";
import { now, passed } from "./time.mjs";

/** Between two calls that fetch events from a page, ms. */
const PACE = 50;

export class PageMember extends Member {
  lines = PAGE_LINES;
  #opened;
  #writing = Promise.resolve();

  constructor(name, kind, opened) {
    super(name, kind);
    this.#opened = opened;
    this.#pump();
  }

  get page() {
    return this.#opened.page;
  }

  /** The process that renders this page, and no other. */
  get pid() {
    return this.#opened.pid;
  }

  /** What the page's console and its uncaught errors said. */
  get log() {
    return this.#opened.errors.join("\n");
  }

  // One call brings all events that are there, or waits for the next one: a call per event would be the bottleneck. Nor are
  // there more than 20 a second: Firefox took a quarter of a processor for a hundred.
  async #pump() {
    try {
      await this.page.evaluate(() => {
        const box = { lines: [], wake: undefined };
        globalThis.harnessBox = box;
        (async () => {
          for (;;) {
            const line = await globalThis.agent.next();
            box.lines.push(typeof line === "string" ? line : JSON.stringify(line));
            box.wake?.();
          }
        })();
      });
      while (!this.over) {
        const called = now();
        const lines = await this.page.evaluate(async () => {
          const box = globalThis.harnessBox;
          // In silence it comes back empty now and then, so that no command of the browser's lasts too long.
          if (box.lines.length === 0) {
            await new Promise((resolve) => {
              box.wake = resolve;
              setTimeout(resolve, 20_000);
            });
          }
          return box.lines.splice(0).join("\n");
        });
        if (lines) for (const line of lines.split("\n")) this.hear(line);
        await passed(PACE, called);
      }
    } catch (error) {
      this.ended(`page gone: ${error.message}; it said: ${this.log}`);
    }
  }

  /** Lines are handed over in order: those of one call in one task of the page. */
  write(lines) {
    const written = this.#writing.then(() =>
      this.page.evaluate((text) => void text.split("\n").forEach((line) => globalThis.agent.send(line)), lines),
    );
    this.#writing = written.catch(() => {});
    return written;
  }

  async kill() {
    const { pid } = this;
    this.over ??= "killed";
    if (!kill(pid, "SIGKILL")) throw new Error(`${this.name}: its process ${pid} was gone already`);
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
    this.over ??= "closed";
    if (this.frozen) await this.thaw();
    await this.#opened.close();
  }
}

/** The address of the agent page that joins `room`; `recorder` is where its recorder is served, if it is to record. */
export function agentUrl(files, { room, server, options = {}, connection, recorder }) {
  const all = { ...options, connection: connection ?? server.connection() };
  return `${files.url}e2e/agent.html#${encodeURIComponent(JSON.stringify({ room, options: all, recorder }))}`;
}
