// The released binary, alone in an empty folder: it carries the demo, and a page of it joins a room.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startNative } from "./harness/native-member.mjs";
import { plainNet } from "./harness/net.mjs";
import { listEachOther } from "./harness/oracle.mjs";
import { listening, stop } from "./harness/processes.mjs";
import { binary } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";
import { within } from "./harness/time.mjs";

const place = plainNet().place("here");
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "peerjs-mesh-alone-"));
  await copyFile(binary(), join(folder, "peerjs-mesh"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** `serve` of the copy, in its folder, with nothing around it; `use` gets its address. */
async function serving(args, use) {
  const child = place.spawn(join(folder, "peerjs-mesh"), ["serve", "--host", "127.0.0.1", "--port", "0", "--json", ...args], { cwd: folder, env: {} });
  try {
    await use((await listening(child, 15_000, "the binary")).url);
  } finally {
    await stop(child);
  }
}

const get = (url, headers = {}) => fetch(url, { redirect: "manual", headers });

test("its demo's page joins the room that the link names", { timeout: 120_000 }, async () => {
  await serving([], async (url) => {
    const stage = await Stage.open(plainNet());
    const room = `alone-${randomUUID()}`;
    const terminal = startNative(place, "terminal", { room, server: { url } });
    try {
      await listEachOther([terminal], 10_000);
      const browser = await stage.browser("chromium", place);
      const { page, errors } = await browser.open(`${url}demo/#${room}`);
      // A page with a lobby waits for its button; one without joins by itself.
      const joined = terminal.next("peerjoined", 30_000);
      const pressed = page.waitForFunction(() => {
        const button = [...document.querySelectorAll("button")].find(({ textContent, disabled }) => /^join/i.test(textContent.trim()) && !disabled);
        button?.click();
        return button !== undefined;
      }, { timeout: 30_000 });
      await within(Promise.race([joined, pressed.catch(() => joined).then(() => joined)]), 40_000, () => `the page joins; it said: ${errors.join("\n")}`);
      assert.equal(terminal.list.length, 2);
      // All of it came from this server, or from nowhere.
      const origins = await page.evaluate(() => [...new Set(performance.getEntriesByType("resource").map(({ name }) => new URL(name).origin))]);
      assert.deepEqual(origins.filter((origin) => origin !== new URL(url).origin && origin !== "null"), []);
    } finally {
      await terminal.close();
      await stage.close();
    }
  });
});

test("it gives pages the way to itself, and no server outside", async () => {
  await serving(["--path", "/deep/down"], async (url) => {
    const { port } = new URL(url);
    const config = await (await get(`${url}demo/config.json`)).json();
    assert.deepEqual(config, { host: "127.0.0.1", port: Number(port), path: "/deep/down/", key: "peerjs", secure: false, config: { iceServers: [] } });
    const page = await get(`${url}demo/`);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    assert.equal(page.headers.get("content-encoding"), "gzip");
    const again = await get(`${url}demo/`, { "if-none-match": page.headers.get("etag") });
    assert.equal(again.status, 304);
  });
});

test("a person at its root is led to the demo, a program is not", async () => {
  await serving([], async (url) => {
    const person = await get(url, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
    assert.equal(person.status, 302);
    assert.equal(person.headers.get("location"), "/demo/");
    const program = await get(url, { accept: "*/*" });
    assert.equal(program.status, 200);
    assert.equal((await program.json()).name, "PeerJS Server");
  });
});

test("--no-demo: there is none", async () => {
  await serving(["--no-demo"], async (url) => {
    for (const path of ["demo", "demo/", "demo/index.html", "demo/config.json"]) assert.equal((await get(`${url}${path}`)).status, 404, path);
    assert.equal((await get(url, { accept: "text/html" })).status, 200);
  });
});
