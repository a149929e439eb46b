import assert from "node:assert/strict";
import { test } from "node:test";
import { Emitter } from "../src/emitter.js";

interface Events { data: [value: number]; error: [error: Error] }

/** What listeners threw while `act` ran and in the turn after it. */
async function thrown(act: () => void): Promise<unknown[]> {
  const errors: unknown[] = [];
  const before = globalThis.reportError;
  globalThis.reportError = (error) => void errors.push(error);
  act();
  assert.deepEqual(errors, [], "nothing is told while the event is");
  await new Promise((resolve) => setTimeout(resolve));
  globalThis.reportError = before;
  return errors;
}

test("listeners are called in order, with all arguments, each as often as it was added", () => {
  const heard: string[] = [];
  const emitter = new Emitter<Events>();
  const twice = (value: number): void => void heard.push(`b${value}`);
  emitter.on("data", (value) => heard.push(`a${value}`)).on("data", twice).addListener("data", twice);
  assert.equal(emitter.emit("data", 1), true);
  assert.deepEqual(heard, ["a1", "b1", "b1"]);
  assert.equal(emitter.listenerCount("data"), 3);
});

test("once is once, also when the listener emits again", () => {
  const emitter = new Emitter<Events>();
  let calls = 0;
  emitter.once("data", (value) => {
    calls += 1;
    if (value < 3) emitter.emit("data", value + 1);
  });
  emitter.emit("data", 1);
  assert.equal(calls, 1);
});

test("off takes away one registration, and nothing of a stranger's", () => {
  const emitter = new Emitter<Events>();
  let calls = 0;
  const listener = (): void => void (calls += 1);
  emitter.on("data", listener).on("data", listener).off("data", listener).off("data", () => undefined);
  emitter.emit("data", 1);
  assert.equal(calls, 1);
  emitter.once("data", listener).removeListener("data", listener);
  emitter.emit("data", 1);
  assert.equal(calls, 2, "the one added by on is still there, the one by once is gone");
  assert.equal(emitter.off("data").listenerCount("data"), 0);
});

test("who is added or taken away while an event is told counts from the next one", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  const second = (): void => void heard.push("second");
  emitter.on("data", () => {
    heard.push("first");
    emitter.off("data", second).on("data", () => heard.push("third"));
  });
  emitter.on("data", second);
  emitter.emit("data", 1);
  assert.deepEqual(heard, ["first", "second"]);
});

test("a listener that throws harms no other and is told afterwards", async () => {
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  const fault = new Error("mine");
  emitter.on("data", () => {
    throw fault;
  }).on("data", (value) => heard.push(value));
  assert.deepEqual(await thrown(() => emitter.emit("data", 5)), [fault]);
  assert.deepEqual(heard, [5]);
});

test("an error without a listener is not thrown", () => {
  assert.equal(new Emitter<Events>().emit("error", new Error("unheard")), false);
});

test("what is no function is no listener", () => {
  assert.throws(() => new Emitter<Events>().on("data", 5 as never), TypeError);
});
