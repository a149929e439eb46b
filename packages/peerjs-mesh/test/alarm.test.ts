import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Alarm, Clock } from "../src/driver/clock.js";

/** Stands for a worker: the test says when it answers. */
class FakeWorker {
  static made: FakeWorker[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: { preventDefault(): void }) => void) | null = null;
  readonly asked: number[] = [];
  ended = false;
  constructor() {
    FakeWorker.made.push(this);
  }
  postMessage(wait: number): void {
    this.asked.push(wait);
  }
  terminate(): void {
    this.ended = true;
  }
  say(data: unknown): void {
    this.onmessage?.({ data });
  }
}

let now: number;
const kept = { now: performance.now, date: Date.now };
beforeEach(() => {
  now = 5000;
  performance.now = () => now;
  FakeWorker.made = [];
  Object.assign(globalThis, { Worker: FakeWorker });
});
afterEach(() => {
  performance.now = kept.now;
  Date.now = kept.date;
  Reflect.deleteProperty(globalThis, "Worker");
});

/** An alarm whose worker runs, and how often it rang. */
function running(): { alarm: Alarm; worker: FakeWorker; rings: () => number } {
  let rings = 0;
  const alarm = new Alarm(() => (rings += 1));
  alarm.hire();
  const worker = FakeWorker.made[0]!;
  worker.say(1);
  rings = 0;
  return { alarm, worker, rings: () => rings };
}

test("a deadline is the worker's, in whole milliseconds and never too early", () => {
  const { alarm, worker, rings } = running();
  alarm.set(1_000_500, 1_000_000);
  assert.deepEqual(worker.asked, [1]);
  alarm.set(2_000_000, 1_000_000);
  assert.deepEqual(worker.asked, [1], "a later one is not told: it rings early");
  alarm.set(900_000, 1_000_000);
  assert.deepEqual(worker.asked, [1, 0], "one that is past rings at once");
  worker.say(0);
  assert.equal(rings(), 1);
  alarm.set(3_000_000, 1_000_000);
  assert.deepEqual(worker.asked, [1, 0, 2000]);
  alarm.stop();
  worker.say(0);
  assert.equal(rings(), 1, "what is stopped is silent");
  assert.equal(worker.ended, true);
});

test("a late ring lets what waits in the page go first, once", () => {
  const { alarm, worker, rings } = running();
  alarm.set(1_100_000, 1_000_000);
  now += 1000;
  worker.say(0);
  assert.equal(rings(), 0);
  assert.deepEqual(worker.asked, [100, 0]);
  now += 1000;
  worker.say(0);
  assert.equal(rings(), 1);
  alarm.stop();
});

test("a policy that refuses the worker leaves the page's timers", async () => {
  const rung = new Promise<void>((resolve) => {
    const alarm = new Alarm(() => {
      alarm.stop();
      resolve();
    });
    alarm.set(0, 0);
    alarm.hire();
    FakeWorker.made[0]!.onerror!({ preventDefault: () => undefined });
  });
  await rung;
  assert.equal(FakeWorker.made[0]!.ended, true);

  Reflect.deleteProperty(globalThis, "Worker");
  await new Promise<void>((resolve) => {
    const alarm = new Alarm(resolve);
    alarm.hire();
    alarm.set(1000, 0);
  });
});

test("until a worker is hired the page's timers do, and one is enough", async () => {
  await new Promise<void>((resolve) => new Alarm(resolve).set(1000, 0));
  assert.equal(FakeWorker.made.length, 0);
  const { alarm, worker } = running();
  alarm.hire();
  alarm.stop();
  alarm.hire();
  assert.deepEqual(FakeWorker.made, [worker]);
});

test("the clock counts the time that the machine slept, and never goes back", () => {
  let wall = 1e12;
  Date.now = () => wall;
  const clock = new Clock();
  const begin = clock.now();
  now += 10;
  wall += 10;
  assert.equal(clock.now() - begin, 10_000);
  wall += 3_600_000;
  assert.equal(clock.now() - begin, 3_600_010_000, "asleep for an hour, while the steady clock stood still");
  wall -= 7_200_000;
  now += 5;
  assert.equal(clock.now() - begin, 3_600_015_000, "a wall clock set back takes nothing away");
  wall += 900;
  assert.equal(clock.now() - begin, 3_600_015_000, "small corrections of the wall clock are none of ours");
});
