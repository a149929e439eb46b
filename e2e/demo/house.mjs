// Where the demo is tried: `peerjs-mesh serve` with the demo as it was built, and Chromium with devices or without.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { launchChromium } from "../harness/browsers.mjs";
import { startNative } from "../harness/native-member.mjs";
import { plainNet } from "../harness/net.mjs";
import { ROOT } from "../harness/root.mjs";
import { startOurs } from "../harness/servers.mjs";
import { Person } from "./person.mjs";
import { Terminal } from "./terminal.mjs";

const place = plainNet().place("here");

const PEERJS = join(dirname(createRequire(new URL("../contract/", import.meta.url)).resolve("peerjs-1.5")), "peerjs.min.js");

/** A host whose pages get no devices. */
export const INSECURE = "demo.test";

/** What Chromium is told of devices, by what a test wants there. */
const DEVICES = {
  // Three cameras, for the second one's pictures are of a kind that Chromium does not encode. Few pictures a second: what
  // is encoded and decoded for several people at once has to fit on this machine.
  cameras: [
    "--use-fake-device-for-media-stream=device-count=3,fps=10,display-media-type=monitor",
    // A name that is no loopback address to the browser: it gives no devices to such a page without https.
    `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`,
  ],
  // Who has told the browser to trust a certificate that nobody vouches for.
  trusting: [
    "--use-fake-device-for-media-stream=device-count=3,fps=10,display-media-type=monitor",
    `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`,
    "--ignore-certificate-errors",
  ],
  // As for everybody: no sound before somebody has clicked, unless the page may record.
  quiet: ["--autoplay-policy=document-user-activation-required", "--use-fake-ui-for-media-stream=deny"],
  refused: ["--use-fake-ui-for-media-stream=deny"],
  "no camera": ["--use-fake-device-for-media-stream=device-count=0"],
};

export class House {
  #browsers = new Map();
  #people = [];
  #programs = [];

  static async open() {
    const house = new House();
    house.server = await startOurs(place, ["--demo-dir", `${ROOT}apps/demo/dist`]);
    return house;
  }

  /** The demo's address, in a room or, without one, where it makes one up. */
  address(room, host = this.server.host) {
    return `http://${host}:${this.server.port}/demo/${room ? `#${room}` : ""}`;
  }

  browser(devices) {
    if (!this.#browsers.has(devices)) this.#browsers.set(devices, launchChromium(place, { args: DEVICES[devices] }));
    return this.#browsers.get(devices);
  }

  /** The demo's address at another server, which speaks https with a certificate of its own making. */
  async secureAddress(room) {
    const server = await startOurs(place, ["--demo-dir", `${ROOT}apps/demo/dist`, "--tls-self-signed"]);
    this.#programs.push({ close: () => server.stop() });
    return `https://${INSECURE}:${server.port}/demo/#${room}`;
  }

  /** Somebody with the demo open, in the lobby. */
  async person({ room, devices = "cameras", host, address = this.address(room, host), ...how } = {}) {
    const person = await Person.open(await this.browser(devices), address, how);
    this.#people.push(person);
    return person;
  }

  /** Somebody at a terminal. */
  terminal(room, name) {
    const terminal = new Terminal(place, room, name, this.server);
    this.#programs.push(terminal);
    return terminal;
  }

  /** A program. */
  program(room, name, options) {
    const program = startNative(place, name, { room, server: this.server, options, args: ["--name", name] });
    this.#programs.push(program);
    return program;
  }

  /** A page with PeerJS as it is published and nothing of ours, which dials the room's name, or with `holds` has it. */
  async stranger(room, { holds = false } = {}) {
    const browser = await this.browser("cameras");
    const opened = await browser.open(new URL("config.json", this.address()).href);
    this.#programs.push(opened);
    await opened.page.addScriptTag({ path: PEERJS });
    await opened.page.evaluate(async (host, port, name, has) => {
      const options = { host, port, path: "/", config: { iceServers: [] } };
      const peer = has ? new globalThis.Peer(name, options) : new globalThis.Peer(options);
      await new Promise((resolve) => peer.once("open", resolve));
      if (!has) peer.connect(name);
    }, this.server.host, this.server.port, room, holds);
  }

  /** A new server in the place of one that was ended: at another port, or at the same with `args`. */
  async serveAgain(args) {
    await this.server.stop();
    this.server = await startOurs(place, ["--demo-dir", `${ROOT}apps/demo/dist`, ...(args ?? [])], args && this.server.port);
  }

  /** Ends whoever came for one test. Programs have to have kept to the interface. */
  async empty() {
    const programs = this.#programs;
    await Promise.all([...this.#people, ...programs].map((one) => one.close().catch(() => {})));
    this.#people = [];
    this.#programs = [];
    for (const program of programs) program.wellSpoken?.();
  }

  async close() {
    await this.empty();
    const browsers = await Promise.allSettled(this.#browsers.values());
    await Promise.all(browsers.map(({ value }) => value?.close()));
    await this.server.stop();
  }
}
