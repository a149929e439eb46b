// Real browsers, and pages in them whose process is known, so that a test can stop or kill one page and no other.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser, createProfile } from "@puppeteer/browsers";
import puppeteer from "puppeteer-core";
import { descendants, stop } from "./processes.mjs";
import { within } from "./time.mjs";

/** How long a browser may take to start, ms. Measured: 1 s (Chromium), 4 s (Firefox), on two idle cores. */
const START = 60_000;
/** How long one command to a browser may take, ms: far above every deadline of a test. */
const PROTOCOL = 300_000;

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
  // Without a graphics card, 60 frames a second of nothing take a quarter of a processor.
  "layout.frame_rate": 10,
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

  /** A tab that covers all others, where pages are to be hidden. */
  cover = undefined;

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
    const context = this.kind === "chromium" && !this.cover ? await this.browser.createBrowserContext() : undefined;
    // And those of one Firefox window do: each page has a window of its own.
    const page = await (context ?? this.browser).newPage(this.kind === "firefox" ? { type: "window" } : undefined);
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error?.stack ?? error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warn") errors.push(`console: ${message.text()}`);
    });
    await this.cover?.bringToFront();
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
    protocolTimeout: PROTOCOL,
  });
  const pid = browser.process().pid;
  // Its first tab's process has to be there before those of others are told by comparison.
  const [tab] = await browser.pages();
  await tab?.evaluate(() => true);
  return new RunningBrowser("chromium", browser, pid, isChromiumPage, () => closeBrowser(browser, browser.process()));
}

/** Puppeteer says these, so that pages nobody sees are as quick as others. */
const UNTHROTTLED = [
  "--disable-renderer-backgrounding",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
];

/** Chromium at a place whose pages are hidden behind another tab, and throttled as for everybody. */
export async function launchHidden(place) {
  const running = await launchChromium(place, { ignoreDefaultArgs: UNTHROTTLED });
  running.cover = (await running.browser.pages())[0] ?? (await running.browser.newPage());
  return running;
}

/** Firefox at a place. Its BiDi is a TCP port of that place, which `place.tunnel()` leads to from here. */
export async function launchFirefox(place) {
  const profile = await mkdtemp(join(tmpdir(), "peerjs-mesh-firefox-"));
  await createProfile(Browser.FIREFOX, { path: profile, preferences: FIREFOX_PREFS });
  const child = place.spawn(program("FIREFOX", ["/usr/bin/firefox-esr", "/usr/bin/firefox"]), [
    "--headless",
    "--no-remote",
    "--profile",
    profile,
    `--remote-debugging-port=${await place.tunnel()}`,
  ]);
  const end = async () => {
    await stop(child);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const browser = await puppeteer.connect({
      browser: "firefox",
      protocol: "webDriverBiDi",
      browserWSEndpoint: `${await bidiOf(child)}/session`,
      protocolTimeout: PROTOCOL,
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

/** Where Firefox says that its BiDi listens: `ws://…:PORT`. */
function bidiOf(child) {
  child.stdout.resume();
  const heard = new Promise((resolve, reject) => {
    let text = "";
    child.stderr.on("data", (more) => {
      text = (text + more).slice(-4096);
      const match = /WebDriver BiDi listening on (ws:\/\/[^:]+:\d+)/.exec(text);
      if (match) resolve(match[1]);
    });
    child.exited.then((exit) => reject(new Error(`Firefox ended (${JSON.stringify(exit)}): ${child.errors}`)));
  });
  return within(heard, START, () => `Firefox listens; it said: ${child.errors}`);
}

async function closeBrowser(browser, child) {
  await within(browser.close(), 10_000, "browser closed").catch(() => child.kill("SIGKILL"));
}
