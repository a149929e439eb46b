// A stage is a net with a static server and browsers on it; rooms are played on it, one after another.

import { randomUUID } from "node:crypto";
import { launchChromium, launchFirefox, launchHidden } from "./browsers.mjs";
import { Chatter } from "./chatter.mjs";
import { startCrowd } from "./crowd.mjs";
import { startNative } from "./native-member.mjs";
import { Ledger, listEachOther, orderly } from "./oracle.mjs";
import { agentUrl, PageMember } from "./page-member.mjs";
import { SERVERS, startStatic } from "./servers.mjs";
import { short } from "./time.mjs";

/** Kinds of members that are pages: `hidden` is one of a Chromium that shows another tab. */
const LAUNCH = { chromium: launchChromium, firefox: launchFirefox, hidden: launchHidden };

/** Events of which there are many, and which tell nothing of a failure. */
const ANSWERS = ["data", "sent", "status", "media", "called", "watching", "watched", "hushed"];

/** How long the members of a mix may take to list each other when nothing is wrong, ms. */
const GATHER = 20_000;

export class Stage {
  #browsers = new Map();

  constructor(net, files) {
    this.net = net;
    this.files = files;
  }

  /** A stage on a net; `mounts` are further folders of static files, `{prefix: folder}`. */
  static async open(net, mounts) {
    return new Stage(net, await startStatic(net.place("server"), mounts));
  }

  /** The running browser of a kind at a place; started when it is first asked for. */
  browser(kind, place) {
    const key = `${kind} at ${place.name}`;
    if (!this.#browsers.has(key)) this.#browsers.set(key, LAUNCH[kind](place));
    return this.#browsers.get(key);
  }

  /** Starts the browsers of a mix before the clock of a scenario runs. */
  async warm(mix) {
    const counts = {};
    for (const kind of mix) {
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (LAUNCH[kind]) await this.browser(kind, this.net.place(`${kind}-${counts[kind]}`));
    }
  }

  /**
   * Plays a scenario in a fresh room on a fresh server, and closes both, whatever comes of it.
   * @param {{title: string, default: (room: Room) => Promise<void>}} scenario
   * @param {{server: "ours" | "npm-peer", mix: string[], options?: object, note?: (text: string) => void}} setting
   */
  async play(scenario, { server, mix, options, note }) {
    await this.warm(mix);
    const signalling = await SERVERS[server](this.net.place("server"));
    const room = new Room(this, signalling, mix, options, note);
    try {
      await room.through(scenario);
    } catch (error) {
      throw new Error(`${error.message}\n\n${room.account()}`, { cause: error });
    } finally {
      await room.close();
      await signalling.stop();
    }
  }

  /**
   * Scenarios one after another in the same room, each after the other has mended it; a room in which one failed is
   * replaced. `{play(scenario, note), close()}`.
   */
  share({ server, mix, options }) {
    let room;
    const close = async () => {
      const open = room;
      room = undefined;
      await open?.close();
      await open?.server.stop();
    };
    const play = async (scenario, note) => {
      await this.warm(mix);
      room ??= new Room(this, await SERVERS[server](this.net.place("server")), mix, options);
      room.note = note;
      try {
        await room.through(scenario);
      } catch (error) {
        const account = room.account();
        await close();
        throw new Error(`${error.message}\n\n${account}`, { cause: error });
      }
    };
    return { play, close };
  }

  async close() {
    const browsers = await Promise.allSettled(this.#browsers.values());
    await Promise.all(browsers.map(({ value }) => value?.close()));
    await this.files.stop();
    await this.net.stop();
  }
}

/** One room, as a scenario sees it. */
export class Room {
  name = `e2e-${randomUUID()}`;
  /** Every member that ever was, in the order in which they were started. */
  all = [];
  ledger = new Ledger();
  chatter = new Chatter(this.ledger);
  #counts = {};
  /** By the name of a place: who is there. A place whose member is over is taken by the next one of its kind. */
  #places = new Map();

  constructor(stage, server, mix, options = {}, note = () => {}) {
    this.stage = stage;
    this.net = stage.net;
    this.server = server;
    this.mix = mix;
    this.options = options;
    /** Says a figure that a reader of the test's report may want: it decides nothing. */
    this.note = note;
  }

  /** The members that have neither left nor been killed nor frozen. */
  get members() {
    return this.all.filter((member) => !member.over && !member.frozen);
  }

  /** The member that says it is the host. */
  get host() {
    const hosts = this.members.filter((member) => member.isHost);
    if (hosts.length !== 1) throw new Error(`${hosts.length} hosts:\n${this.account()}`);
    return hosts[0];
  }

  /** Starts one more member; resolves as soon as it runs, joined or not. */
  async start(kind, settings) {
    if (kind !== "native") return (await this.prepare(kind)).start(settings);
    const { name, place, enter } = this.#next(kind);
    return enter(startNative(place, name, this.#config(settings)));
  }

  /** Starts `count` native members in one process, which join at the same moment. */
  startCrowd(count) {
    const all = Array.from({ length: count }, () => this.#next("native"));
    const names = all.map(({ name }) => name);
    return startCrowd(all[0].place, names, this.#config()).map((member, i) => all[i].enter(member));
  }

  /** Opens a page whose process runs but which has not joined yet: `{start()}` lets it. */
  async prepare(kind) {
    const { name, place, enter } = this.#next(kind);
    const browser = await this.stage.browser(kind, place);
    const opened = await browser.open(`${this.stage.files.url}e2e/package.json`);
    return {
      start: async (settings) => {
        await opened.page.goto(agentUrl(this.stage.files, this.#config(settings)), { waitUntil: "load" });
        return enter(new PageMember(name, kind, opened));
      },
    };
  }

  /** Where the next member of this kind is going to be. */
  nextPlace(kind) {
    return this.net.place(this.#slot(kind));
  }

  #slot(kind) {
    let slot = 1;
    while (this.#places.has(`${kind}-${slot}`) && !this.#places.get(`${kind}-${slot}`).member?.over) slot++;
    return `${kind}-${slot}`;
  }

  #next(kind) {
    const number = (this.#counts[kind] = (this.#counts[kind] ?? 0) + 1);
    const slot = this.#slot(kind);
    const place = this.net.place(slot);
    const taken = {};
    this.#places.set(slot, taken);
    const enter = (member) => {
      member.place = place;
      taken.member = member;
      this.all.push(member);
      return member;
    };
    return { name: `${kind}-${number}`, place, enter };
  }

  #config({ options, ...more } = {}) {
    return { room: this.name, server: this.server, ...more, options: { ...this.options, ...options } };
  }

  /**
   * Starts the members of the mix: the one that is to host first, then, when it has founded the room, all others at
   * the same moment. Resolves when all list each other.
   * @param {string} [host] the kind that is to host; by default the first of the mix
   */
  async gather(host = this.mix[0]) {
    const others = [...this.mix];
    others.splice(others.indexOf(host), 1);
    const first = await this.start(host);
    await listEachOther([first], GATHER);
    await Promise.all(others.map((kind) => this.start(kind)));
    await listEachOther(this.members, GATHER);
    return this.members;
  }

  /**
   * Starts, one after another, whoever of the mix is not there, at the end of the room's line; resolves when all list
   * each other. Nothing may be on the way: what was sent so far is not for those who come.
   */
  async fill() {
    const there = this.members.map(({ kind }) => kind);
    for (const kind of this.mix) {
      const at = there.indexOf(kind);
      if (at >= 0) {
        there.splice(at, 1);
        continue;
      }
      const fresh = await this.start(kind);
      this.ledger.enter(fresh);
      await fresh.until(() => fresh.list, GATHER, "is in the room");
    }
    await this.listed(GATHER);
    return this.members;
  }

  /** The first deputy of the host: the next of the line in which the host lists all. */
  get deputy() {
    const { id, list } = this.host;
    const next = list[(list.indexOf(id) + 1) % list.length];
    return this.members.find((member) => member.id === next);
  }

  /** Those who were there and are no more. */
  get dead() {
    return this.all.filter((member) => member.over);
  }

  /** Waits until the members that are there list each other and nobody else. */
  listed(ms) {
    return listEachOther(this.members, ms);
  }

  /** What befalls it, and that all have kept to the interface however it ended for them. */
  async through(scenario) {
    await scenario.default(this);
    for (const member of this.all) member.wellSpoken();
  }

  /** Holds of every member at every end. */
  orderly(settings) {
    for (const member of this.all) orderly(member, settings);
  }

  /** What everybody said last: for the message of a failure. Ids are replaced by names. */
  account() {
    const names = this.all.filter(({ id }) => id);
    return names.reduce((text, { id, name }) => text.replaceAll(id, name), this.#account());
  }

  #account() {
    const lines = [];
    const few = this.all.length > 8;
    for (const member of this.all) {
      lines.push(`${member.name} (${member.id}${member.isHost ? ", host" : ""}${member.over ? `, ${member.over}` : ""})`);
      const notable = member.events.filter(({ event }) => !ANSWERS.includes(event)).slice(few ? -3 : -12);
      for (const event of notable) lines.push(`    ${Math.round(event.at)} ${short(event, few ? 120 : 300)}`);
      if (member.log) lines.push(...member.log.trim().split("\n").slice(-8).map((line) => `    | ${short(line, 300)}`));
    }
    return lines.join("\n");
  }

  async close() {
    await Promise.all(this.all.map((member) => member.close().catch(() => {})));
  }
}
