// Child processes whose standard output is lines, and what /proc knows about processes.

import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { within } from "./time.mjs";

const running = new Set();

// A test that dies leaves no browser, server or member behind. ("exit" handlers may only do synchronous work.)
process.on("exit", () => {
  for (const child of running) kill(child.pid, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** Sends a signal to a process that may be gone already; tells whether it was there. */
export function kill(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error.code === "ESRCH") return false;
    throw error;
  }
}

/** The memory of a process that is in the machine's own, bytes. */
export function resident(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

/**
 * Takes charge of a child: it is killed when this process ends, and `exited` settles once it has ended.
 * Its standard error is kept (the last 64 KiB) and shown by whoever reports a failure.
 */
export function adopt(child) {
  running.add(child);
  child.errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    child.errors = (child.errors + text).slice(-65536);
  });
  child.exited = new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: null, signal: null, error }));
    child.once("exit", (code, signal) => resolve({ code, signal }));
  }).finally(() => running.delete(child));
  return child;
}

/** Calls `onLine` with each line of the child's standard output. */
export function eachLine(child, onLine) {
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on("line", onLine);
}

/**
 * Waits for the child's first line of standard output, an object with `event: "listening"`.
 * Later lines are read and dropped, so that the child never blocks on a full pipe.
 */
export async function listening(child, ms, what) {
  let seen;
  const first = new Promise((resolve) => (seen = resolve));
  eachLine(child, (line) => seen(line));
  const ended = child.exited.then((exit) => {
    throw new Error(`${what} ended before it listened (${JSON.stringify(exit)}): ${child.errors}`);
  });
  const line = await within(Promise.race([first, ended]), ms, () => `${what} listens; it said: ${child.errors}`);
  const event = JSON.parse(line);
  if (event.event !== "listening") throw new Error(`${what} began with ${line}`);
  return event;
}

/** Ends a child: SIGTERM, and SIGKILL when that is not heard within `grace` ms. */
export async function stop(child, grace = 3000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  kill(child.pid, "SIGCONT");
  kill(child.pid, "SIGTERM");
  try {
    await within(child.exited, grace, "SIGTERM heard");
  } catch {
    kill(child.pid, "SIGKILL");
    await child.exited;
  }
}

/** Every process below `root`, as `{pid, args}`; `args` is the command line. */
export function descendants(root) {
  const children = new Map();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      // The name in brackets may hold spaces and brackets: the fields begin after the last one.
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      if (!children.has(parent)) children.set(parent, []);
      children.get(parent).push(Number(entry));
    } catch {
      // It ended while we looked.
    }
  }
  const found = [];
  const waiting = [...(children.get(root) ?? [])];
  while (waiting.length > 0) {
    const pid = waiting.pop();
    waiting.push(...(children.get(pid) ?? []));
    try {
      found.push({ pid, args: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
