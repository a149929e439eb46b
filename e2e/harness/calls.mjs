// Calls, as a test sees them: who gives what colour, who has to see and hear whom, and whether they do.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { median, now } from "./time.mjs";

/** Colours far enough apart for any codec, one a member. */
const COLOURS = [
  [220, 30, 30], [30, 180, 40], [40, 60, 230], [220, 200, 20], [200, 40, 200], [30, 190, 200], [240, 240, 240], [20, 20, 20],
];
/** How far a decoded colour may be from the one that was drawn, in each part. */
const NEAR = 40;
/** Every so often a picture, ms. Of a crowd fewer: on two cores 56 streams of 15 pictures a second starve everything. */
const PICTURE = 66;
const PICTURE_OF_CROWD = 1_000;
/** For how long pictures and sound have to go on coming, ms. */
const FLOWS = 3_000;
/** What sends nothing for so long has stopped, ms: a picture comes every second at least, sound every 20. */
const SILENT = 1_500;

let tags = 0;

/** Commands to members that are pages. */
export class Calls {
  /** By member: the colour of what it gives, and whether its sound and picture are to come. */
  given = new Map();

  constructor(room) {
    this.room = room;
  }

  /** A member gives a stream of these kinds; with a colour of its own, or another. `kinds` null: it calls with no stream. */
  async call(member, { kinds = ["audio", "video"], colour, keep = true } = {}) {
    const before = this.given.get(member);
    colour ??= COLOURS[this.room.all.indexOf(member) % COLOURS.length];
    const has = (kind) => Boolean(kinds?.includes(kind) || (keep && before?.[kind]));
    this.given.set(member, {
      audio: has("audio"),
      video: has("video"),
      muted: before?.muted ?? false,
      colour: kinds?.includes("video") ? colour : before?.colour,
    });
    const every = this.room.members.filter(isPage).length > 4 ? PICTURE_OF_CROWD : PICTURE;
    await this.#ask(member, { cmd: "call", kinds, colour, every, usePreviousStream: keep }, "called");
  }

  /** A member asks for the stream of another, whatever its limit. */
  async callPeer(member, other) {
    await this.#ask(member, { cmd: "callPeer", id: other.id }, "called");
  }

  /**
   * The longest time between two pictures of `giver` that `member` is shown while `change()` happens, ms; how long it
   * usually is: the median; and how many of the pictures were black.
   */
  async gap(member, giver, change) {
    await this.#ask(member, { cmd: "watch", id: giver.id }, "watching");
    await change();
    const { intervals, black } = await this.#ask(member, { cmd: "watched", id: giver.id }, "watched");
    return { longest: Math.max(...intervals), usual: median(intervals), black };
  }

  async hangUp(member) {
    this.given.delete(member);
    await member.send({ cmd: "hangUp" });
  }

  async mute(member, muted) {
    this.given.get(member).muted = muted;
    await member.send({ cmd: "mute", muted });
  }

  /** Waits until a member that has hung up sends nothing any more: no picture and no sound in `SILENT` ms. */
  async sendsNothing(member, ms = 10_000) {
    const began = now();
    for (let before = await this.media(member); ; ) {
      await sleep(SILENT);
      const after = await this.media(member);
      // (Less is a connection that has been closed.)
      if (after.sent <= before.sent) return;
      if (now() - began > ms) throw new Error(`${member.name} has hung up and sends on after ${ms} ms: ${before.sent}, ${after.sent}`);
      before = after;
    }
  }

  /** Nobody of these was told of an error. */
  noErrors(members) {
    for (const member of members) {
      const errors = member.events.filter(({ event }) => event === "error");
      assert.deepEqual(errors, [], `${member.name} has no error`);
    }
  }

  /** What a member sees and hears now. */
  media(member) {
    return this.#ask(member, { cmd: "media" }, "media");
  }

  async #ask(member, command, wanted) {
    const tag = `${command.cmd}-${++tags}`;
    await member.send({ ...command, tag });
    const answer = await member.next((event) => event.tag === tag, 15_000);
    assert.equal(answer.event, wanted, JSON.stringify(answer));
    return answer;
  }

  /**
   * Waits until everybody of `members` sees and hears everybody who gives, as it gives, and for `flows` ms more:
   * pictures of the right colour and sound, both of them more and more; of what is not given, nothing.
   * @returns {Promise<number>} after how many ms it was so for the first time
   */
  async allFlows(members = this.room.members.filter(isPage), ms = 30_000, flows = FLOWS) {
    const began = now();
    let first;
    let wrong;
    // Looking is work, too: of eight pages, it is a fifth of what they do.
    const pause = Math.max(300, members.length ** 2 * 50);
    for (let passed = 0, before = await this.#look(members), after; passed < ms; passed = now() - began, before = after) {
      // All of that time only after it has been right for a moment: most waits are short.
      await sleep(first ? Math.max(flows, pause) : pause);
      after = await this.#look(members);
      wrong = members.flatMap((member, index) => this.#wrongAt(member, before[index].streams, after[index].streams));
      if (wrong.length > 0) first = undefined;
      else if (first !== undefined) return first;
      else first = now() - began;
    }
    throw new Error(`not all see and hear all within ${ms} ms:\n  ${wrong.join("\n  ")}`);
  }

  #look(members) {
    return Promise.all(members.map((member) => this.media(member)));
  }

  /** What is wrong between two looks, in words. */
  #wrongAt(member, before, after) {
    const wrong = [];
    const said = (giver, what) => wrong.push(`${member.name} of ${giver.name}: ${what}`);
    for (const giver of this.room.all) {
      const { id } = giver;
      const given = this.given.get(giver);
      if (giver === member || id === undefined) continue;
      if (!given || giver.over) {
        if (after[id]) said(giver, "a stream that nobody gives");
        continue;
      }
      if (!before[id] || !after[id]) {
        said(giver, "no stream");
        continue;
      }
      const [was, is] = [before[id], after[id]];
      for (const kind of ["audio", "video"]) {
        if (is[kind] !== given[kind]) said(giver, `${kind}: ${is[kind]} instead of ${given[kind]}`);
      }
      if (given.video && is.frames <= was.frames) said(giver, `no new pictures after ${was.frames}`);
      if (given.video && !near(is.colour, given.colour)) said(giver, `colour ${is.colour} instead of ${given.colour}`);
      const louder = is.energy - was.energy;
      if (given.audio && !given.muted && louder < 1e-4) said(giver, `no sound: energy ${was.energy}, ${is.energy}`);
      if (given.audio && given.muted && louder > 1e-5) said(giver, `sound, though muted: energy ${was.energy}, ${is.energy}`);
    }
    return wrong;
  }

  /** How often `member` was told that a stream of `giver` begins, and ends. */
  told(member, giver) {
    const count = (name) => member.events.filter(({ event, id }) => event === name && id === giver.id).length;
    return { begun: count("stream"), ended: count("streamdrop") };
  }

  /**
   * Connections made and left open, all pages together: each is counted at both of its ends. `restarts`: how often one
   * of them was offered again because it had lost its way. And of any kind, `all` and `allOpen`.
   */
  async connections(members = this.room.members.filter(isPage)) {
    const looks = await this.#look(members);
    const sum = (name) => looks.reduce((all, { connections }) => all + connections[name], 0);
    return { made: sum("made"), open: sum("open"), restarts: sum("restarts"), all: sum("all"), allOpen: sum("allOpen") };
  }

  /** Every other member was told so often that the stream of `giver` begins, and ends. */
  toldAll(members, giver, begun, ended) {
    for (const member of members) {
      if (member !== giver) assert.deepEqual(this.told(member, giver), { begun, ended }, `${member.name} was told of ${giver.name}`);
    }
  }

  /** Waits until so many ends of connections for media are open. */
  async open(count, members, ms = 10_000) {
    const began = now();
    for (;;) {
      const { open } = await this.connections(members);
      if (open === count) return;
      if (now() - began > ms) throw new Error(`${open} ends of media connections are open after ${ms} ms, not ${count}`);
      await sleep(100);
    }
  }
}

export const isPage = (member) => member.kind !== "native";

const near = (one, other) => one !== null && one.every((part, index) => Math.abs(part - other[index]) <= NEAR);
