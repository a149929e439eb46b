import { soon } from "./driver/task.js";
import { MeshError } from "./errors.js";

/** Something that waits for the module to be loaded, for the bytes of a Blob, or for what stands before it. */
export interface Turn {
  ready: boolean;
  bytes: number;
  run: () => void;
}

/** Calls that are handed to the member at once, in one go of the page's; more wait for tasks of their own. */
const AT_ONCE = 256;
/** How long each of those may last, ms: between them the page answers. */
const SLICE = 8;
/** Bytes that may wait for them; a call counts as {@link CALL} more than its message. */
const MOST_BYTES = 8 << 20;
export const CALL = 128;
/** Calls that may wait for the module, or for a Blob; then the member's own limit holds. */
const MOST_WAITING = 1024;

/** The user's calls, handed to the member in their order, so that the page answers meanwhile. */
export class Turns {
  /** What waits, bytes. */
  bytes = 0;
  #queue: Turn[] = [];
  #open = false;
  /** Calls handed over in this go, and whether the others have begun to take their turns. */
  #handed = 0;
  #slicing = false;

  /** A place in the queue, until {@link go}. Throws when too much waits. */
  wait(run: () => void, bytes = CALL): Turn {
    const stopped = this.#queue.length > 0 && !this.#due;
    if (stopped ? this.#queue.length >= MOST_WAITING : this.bytes >= MOST_BYTES) throw new MeshError("buffer-full");
    const turn = { ready: false, bytes, run };
    this.#queue.push(turn);
    this.bytes += bytes;
    return turn;
  }

  /** It may run, once it is the first. */
  go(turn: Turn): void {
    turn.ready = true;
    this.#advance();
  }

  /** The member is there. */
  open(): void {
    this.#open = true;
    this.#advance();
  }

  /** Hands everything over that can be: nothing follows. */
  flush(): void {
    while (this.#due) this.#next();
  }

  /** It is over: whatever waits runs, ready or not, and finds that out. */
  end(): void {
    const queue = this.#queue;
    this.#queue = [];
    this.bytes = 0;
    for (const { run } of queue) run();
  }

  /** Whether the first can be handed over. */
  get #due(): boolean {
    return this.#open && this.#queue[0]?.ready === true;
  }

  #next(): void {
    const { run, bytes } = this.#queue.shift()!;
    this.bytes -= bytes;
    run();
  }

  #advance(): void {
    while (this.#due && !this.#slicing) {
      if (this.#handed === 0) queueMicrotask(() => (this.#handed = 0));
      if (this.#handed++ < AT_ONCE) this.#next();
      else this.#slice();
    }
  }

  #slice(): void {
    this.#slicing = true;
    soon(() => {
      this.#slicing = false;
      for (const until = performance.now() + SLICE; this.#due && performance.now() < until;) this.#next();
      if (this.#due) this.#slice();
    });
  }
}
