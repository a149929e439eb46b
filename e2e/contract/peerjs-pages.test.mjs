// Stock PeerJS pages, from the npm packages and with no line of ours, through our server.

import { deepStrictEqual, match, strictEqual } from "node:assert";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import puppeteer from "puppeteer-core";
import { start } from "./servers.mjs";

const require = createRequire(import.meta.url);
const VERSIONS = { "1.3": "1.3.2", "1.5": "1.5.5" };

/** The script that a page of this version loads, as it was published. */
function script(version) {
  const folder = dirname(dirname(require.resolve(`peerjs-${version}`)));
  strictEqual(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version, VERSIONS[version]);
  return readFileSync(join(folder, "dist/peerjs.min.js"));
}

/** Serves `/1.3/` and `/1.5/`: a page that loads PeerJS and does nothing. */
async function servePages() {
  const scripts = new Map(Object.keys(VERSIONS).map((version) => [version, script(version)]));
  const server = createServer((request, response) => {
    const [, version, file] = request.url.split("/");
    if (!scripts.has(version)) return response.writeHead(404).end();
    if (file === "peerjs.min.js") return response.setHeader("content-type", "text/javascript").end(scripts.get(version));
    response.setHeader("content-type", "text/html");
    response.end('<!doctype html><meta charset="utf-8"><title>PeerJS</title><script src="peerjs.min.js"></script>');
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

let server;
let pages;
let browser;

before(async () => {
  server = await start("ours", { expire_timeout: 1_000, allow_discovery: true });
  pages = await servePages();
  browser = await puppeteer.launch({
    browser: "chrome",
    executablePath: process.env.CHROME ?? "/usr/bin/chromium",
    headless: true,
    pipe: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--allow-loopback-in-peer-connection",
      "--disable-features=WebRtcHideLocalIpsWithMdns",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
});

after(async () => {
  await browser?.close();
  pages?.close();
  pages?.closeAllConnections();
  const ended = await server?.stop();
  strictEqual(ended?.code, 0, server?.errors());
});

/** A page with PeerJS of a version, in a context of its own so that it is visible, and a Peer in it. */
async function peerPage(version, id) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`http://127.0.0.1:${pages.address().port}/${version}/`);
  const options = { host: "127.0.0.1", port: server.port, path: "/", config: { iceServers: [] } };
  const openedAs = await page.evaluate((id, options) => new Promise((resolve, reject) => {
    window.peer = id ? new window.Peer(id, options) : new window.Peer(options);
    window.heard = [];
    window.waiting = () => {};
    window.peer.once("open", resolve);
    window.peer.once("error", (error) => reject(new Error(`${error.type}: ${error.message}`)));
    window.listen = (connection) => {
      window.connection = connection;
      connection.on("data", (value) => { window.heard.push(value); window.waiting(); });
    };
    window.peer.on("connection", window.listen);
  }), id ?? null, options);
  return { page, id: openedAs, errors, close: () => context.close() };
}

/** Waits in a page until it has heard `count` values; what they are, bytes as their length and a checksum. */
const heard = (page, count) => page.evaluate(async (count) => {
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`heard ${window.heard.length} of ${count}`)), 20_000);
    window.waiting = () => {
      if (window.heard.length < count) return;
      clearTimeout(timer);
      resolve();
    };
    window.waiting();
  });
  const shown = (value) => {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength);
      return { bytes: bytes.length, sum: bytes.reduce((sum, byte) => (sum * 31 + byte) % 1_000_000_007, 0) };
    }
    if (Array.isArray(value)) return value.map(shown);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shown(inner)]));
    }
    return value;
  };
  const values = window.heard.splice(0, count).map(shown);
  // Channels of PeerJS are unordered, and a chunked value may be overtaken.
  return values.sort((a, b) => a.n - b.n);
}, count);

/** Sends the test's values from a page: a plain object, one with bytes, one that PeerJS cuts into 13 chunks. */
const sendValues = (page, who) => page.evaluate((who) => {
  const bytes = (length) => Uint8Array.from({ length }, (_, at) => (at * 7 + length) % 256);
  window.connection.send({ n: 1, who, text: "grüß dich", list: [1, -2, 0.5, true, false, null, { deep: [[]] }] });
  window.connection.send({ n: 2, who, data: bytes(1_000) });
  window.connection.send({ n: 3, who, data: bytes(200_000) });
}, who);

const checksum = (length) => {
  let sum = 0;
  for (let at = 0; at < length; at += 1) sum = (sum * 31 + (at * 7 + length) % 256) % 1_000_000_007;
  return { bytes: length, sum };
};

const expected = (who) => [
  { n: 1, who, text: "grüß dich", list: [1, -2, 0.5, true, false, null, { deep: [[]] }] },
  { n: 2, who, data: checksum(1_000) },
  { n: 3, who, data: checksum(200_000) },
];

describe("stock PeerJS pages through our server", () => {
  for (const dialler of Object.keys(VERSIONS)) {
    for (const answerer of Object.keys(VERSIONS)) {
      test(`${dialler} dials ${answerer}: data both ways`, { timeout: 60_000 }, async () => {
        const bob = await peerPage(answerer, `bob-${dialler}-${answerer}`.replaceAll(".", ""));
        // Without an id of its own: asked from the server.
        const ann = await peerPage(dialler);
        match(ann.id, /^[0-9a-f-]{36}$/);
        try {
          await ann.page.evaluate((id) => new Promise((resolve, reject) => {
            const connection = window.peer.connect(id, { metadata: { from: "ann" } });
            window.peer.once("error", (error) => reject(new Error(`${error.type}: ${error.message}`)));
            window.listen(connection);
            connection.once("open", resolve);
          }), bob.id);
          await sendValues(ann.page, "ann");
          deepStrictEqual(await heard(bob.page, 3), expected("ann"));
          await sendValues(bob.page, "bob");
          deepStrictEqual(await heard(ann.page, 3), expected("bob"));
          const atBob = await bob.page.evaluate(() => [window.connection.peer, window.connection.metadata]);
          deepStrictEqual(atBob, [ann.id, { from: "ann" }]);
          deepStrictEqual([...ann.errors, ...bob.errors], []);
        } finally {
          await ann.close();
          await bob.close();
        }
      });
    }
  }

  test("1.5 calls 1.5: pictures and sound both ways", { timeout: 60_000 }, async () => {
    const bob = await peerPage("1.5", "bob-is-called");
    const ann = await peerPage("1.5");
    try {
      for (const { page } of [ann, bob]) {
        await page.evaluate(async () => {
          window.stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
          window.accept = (call) => {
            window.call = call;
            call.on("stream", (stream) => {
              const video = Object.assign(document.createElement("video"), { srcObject: stream, autoplay: true });
              document.body.append(video);
            });
          };
          window.peer.on("call", (call) => {
            window.accept(call);
            call.answer(window.stream);
          });
        });
      }
      await ann.page.evaluate((id) => window.accept(window.peer.call(id, window.stream, { metadata: { from: "ann" } })), bob.id);
      for (const { page } of [ann, bob]) {
        // More and more of both comes in.
        await page.waitForFunction(async () => {
          const connection = window.call?.peerConnection;
          if (!connection) return false;
          const came = { frames: 0, energy: 0 };
          for (const report of (await connection.getStats()).values()) {
            if (report.type !== "inbound-rtp") continue;
            came.frames += report.framesDecoded ?? 0;
            came.energy += report.totalAudioEnergy ?? 0;
          }
          window.first ??= came;
          return came.frames > window.first.frames + 5 && came.energy > window.first.energy;
        }, { timeout: 30_000, polling: 100 });
      }
      strictEqual(await bob.page.evaluate(() => window.call.metadata.from), "ann");
      await ann.page.evaluate(() => window.call.close());
      await bob.page.waitForFunction(() => !window.call.open, { timeout: 10_000, polling: 50 });
      deepStrictEqual([...ann.errors, ...bob.errors], []);
    } finally {
      await ann.close();
      await bob.close();
    }
  });

  for (const version of Object.keys(VERSIONS)) {
    test(`${version}: nobody there, an id taken, a list of peers, and coming back`, { timeout: 60_000 }, async () => {
      const id = `solo-${version}`.replace(".", "");
      const solo = await peerPage(version, id);
      try {
        const absent = await solo.page.evaluate(() => new Promise((resolve) => {
          window.peer.once("error", (error) => resolve([error.type, error.message]));
          window.peer.connect("nobody-here");
        }));
        deepStrictEqual(absent, ["peer-unavailable", "Could not connect to peer nobody-here"]);

        const taken = await peerPage(version, id).then(() => "open", (error) => error.message);
        match(taken, /unavailable-id/);

        const listed = await solo.page.evaluate(() => new Promise((resolve) => window.peer.listAllPeers(resolve)));
        strictEqual(listed.includes(id), true);

        const again = await solo.page.evaluate(() => new Promise((resolve) => {
          window.peer.once("disconnected", () => {
            window.peer.once("open", resolve);
            window.peer.reconnect();
          });
          window.peer.disconnect();
        }));
        strictEqual(again, id);
        deepStrictEqual(solo.errors, []);
      } finally {
        await solo.close();
      }
    });
  }
});
