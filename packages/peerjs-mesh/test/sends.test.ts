import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "../src/value.js";
import type { Wasm } from "../src/wasm.js";
import { say } from "./support/fake-wasm.js";
import { heard, later, rejects, running, start, tell, turn, until, wasm } from "./support/fake-mesh.js";
import { named, vector } from "./support/vectors.js";

test("what is sent before the module is there goes out in the order of the calls", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const sent = [mesh.send(1), mesh.send("two", "b"), mesh.send(null)];
  mesh.initData(4);
  assert.deepEqual(wasm.calls, []);
  resolve(wasm);
  await Promise.all(sent);
  assert.deepEqual(wasm.called("send"), [[[...encode(1)], ""], [[...encode("two")], "b"], [[...encode(null)], ""]]);
  assert.deepEqual(wasm.calls.map(([name]) => name), ["send", "send", "send", "set_init_data"]);
  await mesh.cleanup();
});

test("a value is taken as it is at the call", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const value = { n: 1 };
  const sent = mesh.send(value);
  value.n = 2;
  resolve(wasm);
  await sent;
  assert.deepEqual(wasm.called("send"), [[[...encode({ n: 1 })], ""]]);
  await mesh.cleanup();
});

test("a Blob holds back what is sent after it", async () => {
  const mesh = await running();
  const blob = later<ArrayBuffer>();
  const slow = new Blob(["ab"]);
  slow.arrayBuffer = () => blob.promise;
  const sent = [mesh.send(0), mesh.send(slow), mesh.send(2)];
  await sent[0];
  assert.equal(wasm.called("send").length, 1);
  blob.resolve(Uint8Array.of(97, 98).buffer);
  await Promise.all(sent);
  assert.deepEqual(wasm.called("send").map(([payload]) => payload), [[0], [0xa2, 97, 98], [2]]);
  await mesh.cleanup();
});

test("a Blob that cannot be read is rejected, and what is sent after it goes out", async () => {
  const mesh = await running();
  const broken = new Blob(["ab"]);
  broken.arrayBuffer = () => Promise.reject(new Error("gone"));
  const [first, second] = [mesh.send(broken), mesh.send(2)];
  await rejects(first, "not-encodable");
  await second;
  assert.deepEqual(wasm.called("send").map(([payload]) => payload), [[2]]);
  await mesh.cleanup();
});

test("of calls that wait for the module the 1025th is rejected", async () => {
  const { promise, resolve } = later<Wasm>();
  const mesh = start({}, promise);
  const sent = Array.from({ length: 1024 }, (_, index) => mesh.send(index));
  await rejects(mesh.send("one more"), "buffer-full");
  resolve(wasm);
  await Promise.all(sent);
  assert.equal(wasm.called("send").length, 1024);
  await mesh.cleanup();
});

test("a burst goes out in turns between which the page has its own, in the order of the calls", async () => {
  const mesh = await running();
  let done = 0;
  for (let n = 0; n < 5000; n++) void mesh.send(n).then(() => (done += 1));
  const atOnce = wasm.called("send").length;
  assert.ok(atOnce > 0 && atOnce < 1000, `${atOnce} in the task of the calls`);
  const turns: number[] = [];
  while (done < 5000) {
    await turn();
    turns.push(wasm.called("send").length);
  }
  assert.ok(turns[0]! < 5000, "not all in the next task either");
  assert.deepEqual(wasm.called("send").map(([payload]) => payload), Array.from({ length: 5000 }, (_, n) => [...encode(n)]));
  await mesh.cleanup();
});

test("what still waits for its turn is handed over before leaving, and counts as buffered", async () => {
  const mesh = await running();
  for (let n = 0; n < 2000; n++) void mesh.send(n);
  assert.ok(mesh.status().buffered > 0);
  await mesh.cleanup();
  const names = wasm.calls.map(([name]) => name);
  assert.equal(names.filter((name) => name === "send").length, 2000);
  assert.ok(names.lastIndexOf("send") < names.indexOf("leave"));
});

test("more than the budget does not wait for its turn", async () => {
  const mesh = await running();
  const big = new Uint8Array(1 << 20);
  for (let n = 0; n < 300; n++) void mesh.send(n);
  const sent = Array.from({ length: 9 }, () => mesh.send(big));
  await rejects(sent.pop()!, "buffer-full");
  await Promise.all(sent);
  await mesh.send(big);
  await mesh.cleanup();
});

test("a send that waits is settled by its ticket", async () => {
  const mesh = await running();
  wasm.answers = [8, 9];
  const [accepted, refused] = [mesh.send(1), mesh.send(2)];
  let settled = false;
  void accepted.then(() => (settled = true));
  await turn();
  assert.equal(settled, false);
  tell(mesh, say.refused(8, 16), say.accepted(7));
  await accepted;
  await rejects(refused, "member-left");
  await mesh.cleanup();
});

test("a send that is refused at once is rejected with the module's code", async () => {
  const mesh = await running();
  wasm.answers = [-16, -15];
  await rejects(mesh.send(1, "x"), "unknown-member");
  await rejects(mesh.send(1), "buffer-full");
  await rejects(mesh.send(() => 1), "not-encodable");
  await rejects(mesh.send(1, ""), "unknown-member");
  await rejects(mesh.send(1, 7 as never), "invalid-option");
  assert.deepEqual(heard, []);
  await mesh.cleanup();
});

test("every refusal that the module returns is the code of the same name", async () => {
  const refusals = named("refusal ");
  assert.ok(refusals.length >= 4, `${refusals.length} refusals`);
  const mesh = await running();
  for (const code of refusals) {
    wasm.answers = [vector(`refusal ${code}`).readDoubleLE()];
    await rejects(mesh.send(1), code);
  }
  await mesh.cleanup();
});

test("null, false and nothing at all mean everybody", async () => {
  const mesh = await running();
  await Promise.all([mesh.send(1), mesh.send(1, null), mesh.send(1, false), mesh.send(1, undefined)]);
  assert.deepEqual(wasm.called("send").map(([, to]) => to), ["", "", "", ""]);
  await mesh.cleanup();
});

test("a rejection that nobody looks at is one error event", async () => {
  const mesh = await running();
  wasm.answers = [-16];
  void mesh.send(1, "x");
  await until(() => heard.length > 0);
  assert.deepEqual(heard, [["error", "unknown-member"]]);
  await mesh.cleanup();
});
