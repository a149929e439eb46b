// A member under test, whatever it is: a page or a program that takes and gives the JSON lines of `join --json`.

import { LINES, wrongWith } from "./lines.mjs";
import { now, short, within } from "./time.mjs";

/** How long anything may take that has no deadline of its own, ms. */
export const PATIENCE = 30_000;

/**
 * The common half of all members. A kind of member supplies `write(line)`, `kill()`, `freeze()`, `thaw()` and
 * `close()`, and calls `hear(line)` for each line that the member said and `ended(why)` when it is no more.
 */
export class Member {
  /** Everything that this member has said, in order: the objects of its lines, with `at`, the harness's clock. */
  events = [];
  /** The own id, once joined. */
  id = undefined;
  /** The ids that it lists at present, its own included; undefined while the room is not whole for it. */
  list = undefined;
  /** Whether it is the host, as it says itself. */
  isHost = false;
  /** The lines that it may say. */
  lines = LINES;
  /** What it said that was not one of them, and why. */
  complaints = [];
  /** Set when it was killed or has left: `killed`, `left`, or what it said when it ended by itself. */
  over = undefined;
  /** Whether its process is stopped at present. */
  frozen = false;

  #taken = new Set();
  #waiting = new Set();
  #tags = 0;

  constructor(name, kind) {
    this.name = name;
    this.kind = kind;
  }

  hear(line) {
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      this.complaints.push(`no JSON: ${short(line)}`);
      return this.#look();
    }
    const wrong = wrongWith(event, this.lines);
    if (wrong) this.complaints.push(`${wrong}: ${short(line)}`);
    if (typeof event?.event !== "string") return this.#look();
    // Times come from the members' clocks and do not compare; this one is the harness's.
    Object.defineProperty(event, "at", { value: now() });
    switch (event.event) {
      case "joined":
        this.id = event.id;
        break;
      case "hostconnected":
        this.isHost = event.ishost;
        break;
      case "hostdropped":
        this.isHost = false;
        break;
      case "sync":
        this.list = event.peers || undefined;
        break;
      case "peerjoined":
      case "peerdropped":
        if (this.list) this.list = event.peers;
        break;
    }
    this.events.push(event);
    this.#look();
  }

  ended(why) {
    this.over ??= why;
    this.#look();
  }

  /** Throws if it has said what is no line of the interface. */
  wellSpoken() {
    if (this.complaints.length > 0) throw this.#illSpoken();
  }

  #illSpoken() {
    return new Error(`${this.name} said what is no line of the interface: ${this.complaints.slice(0, 5).join("\n    ")}`);
  }

  #look() {
    for (const waiting of [...this.#waiting]) waiting();
  }

  /**
   * Waits until `fact()` gives something other than undefined or false; it is asked again at each event.
   * `what` (text, or a function that gives it) is for the message when it does not.
   * @returns what it gave
   */
  until(fact, ms = PATIENCE, what = "a fact") {
    let ask;
    const wanted = () => (typeof what === "function" ? what() : what);
    const settled = new Promise((resolve, reject) => {
      ask = () => {
        // Whatever is waited for: what breaks the interface is to be told as that, and not as what did not come of it.
        if (this.complaints.length > 0) reject(this.#illSpoken());
        const found = fact();
        if (found !== undefined && found !== false) resolve(found);
        else if (this.over) reject(new Error(`${this.name} is over (${this.over}) while waited for: ${wanted()}`));
      };
    });
    this.#waiting.add(ask);
    ask();
    return within(settled, ms, () => `${this.name}: ${wanted()}; it said last: ${this.#last()}`).finally(() =>
      this.#waiting.delete(ask),
    );
  }

  #last() {
    return this.events
      .slice(-8)
      .map((event) => short(event, 160))
      .concat(this.complaints.slice(-5))
      .join("\n    ");
  }

  /**
   * The first event that matches and was not taken before, waited for; it then counts as taken.
   * @param {string | ((event: object) => boolean)} wanted the event's name, or a predicate
   * @param {number} ms the deadline
   */
  async next(wanted, ms = PATIENCE) {
    const matches = typeof wanted === "string" ? (event) => event.event === wanted : wanted;
    let from = 0;
    const event = await this.until(
      () => {
        for (; from < this.events.length; from++) {
          const candidate = this.events[from];
          if (!this.#taken.has(candidate) && matches(candidate)) return candidate;
        }
        return undefined;
      },
      ms,
      typeof wanted === "string" ? `event ${wanted}` : `event that ${wanted}`,
    );
    this.#taken.add(event);
    return event;
  }

  /** One command: `{cmd: …}`. Resolves when it is handed over, not when it is carried out. */
  send(command) {
    return this.write(JSON.stringify(command));
  }

  /** Sends data with a tag of its own, and waits until the member has accepted it, or gives its error. */
  async sendData(data, to, ms = PATIENCE) {
    const tag = `${this.name}-${++this.#tags}`;
    await this.send({ cmd: "send", data, ...(to === undefined ? {} : { to }), tag });
    return this.next((event) => event.tag === tag && (event.event === "sent" || event.event === "error"), ms);
  }

  /** As `sendData` for each of many `{data, to}`, which are handed over in one go; gives their answers. */
  async sendAll(messages, ms = PATIENCE) {
    const tags = messages.map(() => `${this.name}-${++this.#tags}`);
    await this.write(messages.map(({ data, to }, i) => JSON.stringify({ cmd: "send", data, to, tag: tags[i] })).join("\n"));
    return Promise.all(
      tags.map((tag) => this.next((event) => event.tag === tag && (event.event === "sent" || event.event === "error"), ms)),
    );
  }

  /** The data that came from `id`, in order. */
  dataFrom(id) {
    return this.events.filter((event) => event.event === "data" && event.from === id).map((event) => event.data);
  }

  /** Leaves politely, and waits until that is said. */
  async leave(ms = 10_000) {
    await this.send({ cmd: "leave" });
    await this.next("left", ms);
    this.over ??= "left";
    await this.close();
  }
}
