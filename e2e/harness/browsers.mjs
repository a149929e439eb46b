// Real browsers, and pages in them whose process is known, so that a test can stop or kill one page and no other.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Browser, createProfile } from "@puppeteer/browsers";
import puppeteer from "puppeteer-core";
import { descendants, eachLine, stop } from "./processes.mjs";
import { within } from "./time.mjs";

/** How long a browser may take to start, ms. Measured: 1 s (Chromium), 4 s (Firefox), on two idle cores. */
const START = 60_000;

const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Two pages on one machine, with only loopback: candidates must name it, and by address.
  "--allow-loopback-in-peer-connection",
  // No spare renderer: the process that appears with a page is that page's.
  "--disable-features=WebRtcHideLocalIpsWithMdns,SpareRendererForSitePerProcess",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];

const FIREFOX_PREFS = {
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "media.autoplay.blocking_policy": 0,
  "network.proxy.type": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "app.update.enabled": false,
  "media.gmp-manager.updateEnabled": false,
  "media.gmp-provider.enabled": false,
  // No content process waits for a page to come, none outlives its page: see `open` below.
  "dom.ipc.processPrelaunch.enabled": false,
  "dom.ipc.keepProcessesAlive.web": 0,
  "remote.active-protocols": 1,
};

function program(variable, fallbacks) {
  const path = process.env[variable] || fallbacks.find((candidate) => existsSync(candidate));
  if (!path) throw new Error(`no browser: set ${variable}, or install one of ${fallbacks.join(", ")}`);
  return path;
}

// Each Chromium window brings a renderer for the browser's own controls, too.
const isChromiumPage = ({ args }) =>
  args.includes("--type=renderer") && !/--(extension-process|top-chrome-webui)/.test(args);
const isFirefoxPage = ({ args }) => args.includes("-contentproc") && / tab$/.test(args);

/** One browser at one place. Pages are opened one at a time: that is how each one's process is known. */
class RunningBrowser {
  #turn = Promise.resolve();

  constructor(kind, browser, pid, isPage, close) {
    this.kind = kind;
    this.browser = browser;
    this.pid = pid;
    this.close = close;
    this.isPage = isPage;
  }

  #pageProcesses() {
    return new Set(descendants(this.pid).filter(this.isPage).map(({ pid }) => pid));
  }

  /** Opens a page of its own context at `url`: `{page, pid, close()}`, where `pid` is its renderer's process. */
  open(url) {
    const opened = this.#turn.then(() => this.#open(url));
    this.#turn = opened.catch(() => {});
    return opened;
  }

  async #open(url) {
    const before = this.#pageProcesses();
    // Tabs of one Chromium context hide each other, and hidden pages are throttled.
    const context = this.kind === "chromium" ? await this.browser.createBrowserContext() : undefined;
    const page = await (context ?? this.browser).newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error?.stack ?? error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warn") errors.push(`console: ${message.text()}`);
    });
    await page.goto(url, { waitUntil: "load", timeout: 30_000 });
    const fresh = [...this.#pageProcesses()].filter((pid) => !before.has(pid));
    const close = async () => {
      try {
        await within((context ?? page).close(), 5000, "page closed");
      } catch {
        // Its process was killed or stopped: there is nothing left that could answer.
      }
    };
    return {
      page,
      errors,
      close,
      get pid() {
        if (fresh.length === 1) return fresh[0];
        throw new Error(`${fresh.length} processes appeared with the page, so which is its own is not known`);
      },
    };
  }
}

/** Chromium at a place, driven over the pipe, which crosses namespaces. */
export async function launchChromium(place, { args = [], ignoreDefaultArgs } = {}) {
  const browser = await puppeteer.launch({
    browser: "chrome",
    executablePath: place.wrapper(program("CHROME", ["/usr/bin/chromium", "/usr/bin/google-chrome"])),
    headless: true,
    pipe: true,
    args: [...CHROMIUM_ARGS, ...args],
    ignoreDefaultArgs,
    timeout: START,
    protocolTimeout: 60_000,
  });
  const pid = browser.process().pid;
  return new RunningBrowser("chromium", browser, pid, isChromiumPage, () => closeBrowser(browser, browser.process()));
}

/**
 * Firefox at a place. Its BiDi is a TCP port of that place: in a namespace of its own it is reached through a relay
 * over a socket file, for files are not part of a network namespace.
 */
export async function launchFirefox(place) {
  const profile = await mkdtemp(join(tmpdir(), "peerjs-mesh-firefox-"));
  await createProfile(Browser.FIREFOX, { path: profile, preferences: FIREFOX_PREFS });
  const child = place.spawn(
    place.wrapper(program("FIREFOX", ["/usr/bin/firefox-esr", "/usr/bin/firefox"])),
    ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"],
    { alreadyWrapped: true },
  );
  let relay;
  const end = async () => {
    await stop(child);
    await relay?.stop();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    let heard = "";
    const port = await within(
      Promise.race([
        new Promise((resolve) => {
          child.stderr.on("data", (text) => {
            heard = (heard + text).slice(-4096);
            const match = /WebDriver BiDi listening on ws:\/\/[^:]+:(\d+)/.exec(heard);
            if (match) resolve(Number(match[1]));
          });
          child.stdout.resume();
        }),
        child.exited.then((exit) => {
          throw new Error(`Firefox ended (${JSON.stringify(exit)}): ${child.errors}`);
        }),
      ]),
      START,
      () => `Firefox listens; it said: ${child.errors}`,
    );
    relay = place.isolated ? await startRelay(place, profile, port) : undefined;
    const browser = await puppeteer.connect({
      browser: "firefox",
      protocol: "webDriverBiDi",
      browserWSEndpoint: `ws://127.0.0.1:${relay?.port ?? port}/session`,
      protocolTimeout: 60_000,
    });
    return new RunningBrowser("firefox", browser, child.pid, isFirefoxPage, async () => {
      await within(browser.close(), 5000, "Firefox closed").catch(() => {});
      await end();
    });
  } catch (error) {
    await end();
    throw error;
  }
}

async function closeBrowser(browser, child) {
  await within(browser.close(), 10_000, "browser closed").catch(() => child.kill("SIGKILL"));
}

/** A port of this machine that leads to a port of the place. */
async function startRelay(place, folder, port) {
  const file = join(folder, "relay.sock");
  const child = place.spawn(process.execPath, [fileURLToPath(new URL("relay.mjs", import.meta.url)), file, String(port)]);
  await within(new Promise((resolve) => eachLine(child, resolve)), START, () => `relay listens: ${child.errors}`);
  const server = createServer((near) => {
    const far = connectSocket(file);
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    async stop() {
      server.close();
      await stop(child);
    },
  };
}
