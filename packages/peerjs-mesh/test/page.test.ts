// What becomes of the page, and what its member does about it.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { join, type Mesh } from "../src/mesh.js";
import type { MeshOptions } from "../src/options.js";
import { FakeConnection, FakeSocket } from "./support/fake-page.js";
import { FakeWasm } from "./support/fake-wasm.js";

class FakeDocument extends EventTarget {
  visibilityState = "visible";
  becomes(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: FakeDocument;
let view: EventTarget;
let wasm: FakeWasm;
const heard: string[] = [];
before(() => Object.assign(globalThis, { RTCPeerConnection: FakeConnection, WebSocket: FakeSocket }));
beforeEach(() => {
  page = new FakeDocument();
  view = new EventTarget();
  wasm = new FakeWasm();
  heard.length = 0;
  FakeConnection.made = [];
  Object.assign(globalThis, {
    document: page, addEventListener: view.addEventListener.bind(view), removeEventListener: view.removeEventListener.bind(view),
  });
});
after(() => ["document", "addEventListener", "removeEventListener"].forEach((name) => Reflect.deleteProperty(globalThis, name)));

/** A mesh whose module is there. */
async function running(options?: MeshOptions): Promise<Mesh> {
  const mesh = join(() => Promise.resolve(wasm), "room", { connection: { host: "nowhere.invalid", config: { iceServers: [] } }, ...options });
  mesh.on("left", () => heard.push("left")).on("error", ({ code }) => heard.push(code));
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
  await turn();
  FakeConnection.made[0]!.finds("a way");
  for (let turns = 0; turns < 100 && !wasm.config; turns++) await turn();
  return mesh;
}

test("a page that goes away says goodbye at once", async () => {
  const mesh = await running();
  view.dispatchEvent(new Event("pagehide"));
  assert.deepEqual(wasm.called("leave"), [[true]]);
  assert.deepEqual(heard, ["left"]);
  view.dispatchEvent(new Event("pagehide"));
  assert.equal(wasm.called("leave").length, 1);
  await mesh.cleanup();
});

test("whether the page is seen is told when it changes, until the member has left", async () => {
  const mesh = await running();
  assert.deepEqual(wasm.called("set_hidden"), []);
  page.becomes("hidden");
  page.becomes("visible");
  assert.deepEqual(wasm.called("set_hidden"), [[true], [false]]);
  await mesh.cleanup();
  page.becomes("hidden");
  assert.equal(wasm.called("set_hidden").length, 2);
});

test("a page that nobody has seen yet says so at once", async () => {
  page.visibilityState = "hidden";
  const mesh = await running();
  assert.deepEqual(wasm.called("set_hidden"), [[true]]);
  await mesh.cleanup();
});

test("a page that is about to stand still ends its office and stays in the room", async () => {
  const mesh = await running();
  page.dispatchEvent(new Event("freeze"));
  assert.equal(wasm.called("drop_host").length, 1);
  assert.deepEqual(wasm.called("leave"), []);
  await mesh.cleanup();
  page.dispatchEvent(new Event("freeze"));
  assert.equal(wasm.called("drop_host").length, 1);
  assert.deepEqual(heard, ["left"]);
});

test("where there is no document there is nothing to watch", async () => {
  Reflect.deleteProperty(globalThis, "document");
  const mesh = await running();
  assert.deepEqual(wasm.called("set_hidden"), []);
  await mesh.cleanup();
  assert.deepEqual(heard, ["left"]);
});
