/** A step of the wall clock beside the steady one over this is time spent asleep, ms. */
const ASLEEP = 1000;

/**
 * Microseconds of a clock that never goes back and runs on while the machine sleeps. (`performance.now` stops then in
 * some browsers; the wall clock does not. A clock set forward by hand looks like sleep, which harms nothing.)
 */
export class Clock {
  #steady = performance.now();
  #wall = Date.now();
  #slept = 0;

  now(): number {
    const steady = performance.now();
    const wall = Date.now();
    const jump = wall - this.#wall - (steady - this.#steady);
    if (jump > ASLEEP) this.#slept += jump;
    this.#steady = steady;
    this.#wall = wall;
    return Math.round((steady + this.#slept) * 1000);
  }
}

// Timers of a hidden page fire once a second or once a minute; those of a worker fire in time.
const WORKER = "let t;onmessage=({data})=>{clearTimeout(t);t=setTimeout(postMessage,data,0)};postMessage(1)";
/** Longest time that timers of browsers can wait, ms. */
const LONGEST = 0x7fff_ffff;
/** A ring that is so late comes from a page that was busy, ms (guess). */
const LATE = 50;

/**
 * Calls back at one deadline at a time: by the page's timers at first, by a worker's once it is {@link hire}d. (To make
 * one costs milliseconds that a page which is joining has better use for; nobody counts on its beats yet.)
 */
export class Alarm {
  #due = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #worker: Worker | undefined;
  #ready = false;
  /** From when on, by the page's clock, a ring counts as late. */
  #late = Infinity;

  #hired = false;

  /** `ring` may be called early; that it calls {@link set} again is taken for granted. */
  constructor(readonly ring: () => void) {}

  /** Goes over to a worker; the page's timers stay where a policy refuses it. Further calls do nothing. */
  hire(): void {
    if (this.#hired || this.#due === -Infinity) return;
    this.#hired = true;
    try {
      const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
      const worker = new Worker(url);
      this.#worker = worker;
      worker.onmessage = ({ data }) => {
        this.#ready = true;
        // Its first word says that it runs, not that time is up; but an early call costs nothing.
        if (data === 1) {
          clearTimeout(this.#timer);
          // Once: the browser has to be told of it, and there may be a ring every few milliseconds.
          URL.revokeObjectURL(url);
        }
        // A page that was busy has frames waiting that came in time. They go first: else their senders would seem dead.
        const late = performance.now() > this.#late;
        this.#late = Infinity;
        if (late) worker.postMessage(0);
        else this.#rings();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        URL.revokeObjectURL(url);
        this.#refused();
      };
    } catch {
      // Refused at once: the page's timers do.
    }
  }

  /** Rings at `due`, both in microseconds. A later deadline than the one set is not told the timer: it rings early. */
  set(due: number, now: number): void {
    if (due >= this.#due) return;
    this.#due = due;
    const wait = Math.min(Math.max(Math.ceil((due - now) / 1000), 0), LONGEST);
    if (this.#ready) {
      this.#worker?.postMessage(wait);
      this.#late = performance.now() + wait + LATE;
    } else {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#rings(), wait);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#due = -Infinity;
  }

  #rings(): void {
    if (this.#due === -Infinity) return;
    this.#due = Infinity;
    this.ring();
  }

  #refused(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#ready = false;
    this.#rings();
  }
}
