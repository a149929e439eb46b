import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Watched } from "../src/promise.js";

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
before(() => process.on("unhandledRejection", note));
after(() => {
  process.off("unhandledRejection", note);
  assert.deepEqual(unhandled, []);
});

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve));
};

/** A promise that rejects, now or later, and what it said was ignored. */
function rejecting(when: "now" | "later"): { promise: Watched<number>; ignored: unknown[]; fault: Error } {
  const ignored: unknown[] = [];
  const fault = new Error("no");
  const promise = new Watched<number>((_, reject) => {
    if (when === "now") reject(fault);
    else setTimeout(() => reject(fault));
  }, (reason) => ignored.push(reason));
  return { promise, ignored, fault };
}

for (const when of ["now", "later"] as const) {
  test(`a rejection, ${when}, that nobody looks at is told once and is no unhandled rejection`, async () => {
    const { ignored, fault } = rejecting(when);
    await turns();
    assert.deepEqual(ignored, [fault]);
  });

  test(`a rejection, ${when}, that is awaited is not told elsewhere`, async () => {
    const { promise, ignored, fault } = rejecting(when);
    await assert.rejects(async () => {
      await promise;
    }, fault);
    await turns();
    assert.deepEqual(ignored, []);
  });

  test(`a rejection, ${when}, that is caught is not told elsewhere`, async () => {
    const { promise, ignored, fault } = rejecting(when);
    assert.equal(await promise.catch((error: unknown) => error), fault);
    await turns();
    assert.deepEqual(ignored, []);
  });
}

test("who waits for several looks at each", async () => {
  const [a, b] = [rejecting("now"), rejecting("later")];
  const settled = await Promise.allSettled([a.promise, b.promise]);
  assert.deepEqual(settled.map(({ status }) => status), ["rejected", "rejected"]);
  await turns();
  assert.deepEqual([...a.ignored, ...b.ignored], []);
});

test("it resolves as promises do", async () => {
  const promise = new Watched<number>((resolve) => resolve(5), () => assert.fail("nothing to ignore"));
  assert.equal(await promise, 5);
  assert.equal(await promise.then((value) => value + 1).finally(() => undefined), 6);
  assert.ok(promise instanceof Promise);
});
