// Waiting for facts. Nothing here sleeps: every wait ends with the fact or with its deadline.

/** A wait that ran into its deadline. The message says what was waited for. */
export class DeadlineError extends Error {
  constructor(what, ms) {
    super(`not within ${ms} ms: ${what}`);
    this.name = "DeadlineError";
  }
}

/**
 * The promise's outcome, or a DeadlineError after `ms` milliseconds. The promise itself is not stopped.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @param {string | (() => string)} what for the message; a function is asked only when the deadline has passed
 * @returns {Promise<T>}
 */
export function within(promise, ms, what) {
  let timer;
  const deadline = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(typeof what === "function" ? what() : what, ms)), ms);
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
}

/** Milliseconds of the harness's own monotonic clock. */
export const now = () => performance.now();

/** Unix milliseconds with a fraction: the clock of members' events, which are all on this machine. */
export const wall = () => performance.timeOrigin + performance.now();

/** Until so many ms have passed since `began`, for tests that are about the time itself: a member is stopped for 10 s. */
export const passed = (ms, began = now()) => new Promise((resolve) => setTimeout(resolve, ms - (now() - began)));

/** Text that is short enough for a message. */
export function short(value, length = 200) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  return text.length > length ? `${text.slice(0, length)}… (${text.length} characters)` : text;
}

/** Median, smallest and largest of numbers; rounds nothing. */
export function median(numbers) {
  if (numbers.length === 0) return Number.NaN;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * How many times longer than alone a program takes here at present, because others want the processors too: the time of
 * a short piece of work over its processor time. 1 on an idle machine. For limits that are speeds, not facts.
 */
export function strain(ms = 100) {
  const began = now();
  const before = process.cpuUsage();
  let used = 0;
  while (used < ms) {
    for (let i = 0; i < 100_000; i++) Math.sqrt(i);
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1000;
  }
  return Math.max(1, (now() - began) / used);
}
