// What scenarios have in common in which something befalls the host while everybody says twenty messages a second.

import assert from "node:assert/strict";
import { silence } from "../harness/chatter.mjs";
import { listEachOther, marks, said } from "../harness/oracle.mjs";
import { now, passed, short, wall } from "../harness/time.mjs";

/** Messages of all reach all again that many ms after the fault: a deadline, not the goal (`cargo xtask bench recovery`). */
export const RECOVERED = { plain: 10_000, lab: 18_000 };
/** Goals, ms: notes say whether they are met, tests do not demand it. One is for how long a host that leaves is missed. */
export const GOAL = { polite: 600, lost: 2_500, lab: 1_000 };
/** All list each other again, with one host, that many ms after who was away could be reached again. */
export const WHOLE = 15_000;
/** What was underway may take longer: the lab's loss slows it. */
export const ARRIVE = 60_000;

/** When a member that left politely was gone: what others said before, it may have passed on itself. */
export const leftAt = ({ events }) => events.findLast(({ event }) => event === "left").t;

/** Whether a goal is met, in words. */
export function judged(ms, { kind }, goal = GOAL.lost) {
  const all = goal + (kind === "lab" ? GOAL.lab : 0);
  return `goal ${all} ms: ${ms <= all ? "reached" : "missed"}`;
}

const round = Math.round;

/** A fault in a room that is full and in which all talk; what the scenarios do with it. */
export class Fault {
  /** Fills the room, lets all talk. */
  static async begin(room) {
    await room.fill();
    const fault = new Fault();
    fault.room = room;
    fault.host = room.host;
    fault.deputy = room.deputy;
    fault.all = room.members;
    fault.chatter = room.chatter;
    await fault.chatter.begin(fault.all);
    fault.marks = marks(fault.all);
    fault.line = `${fault.host.name} hosts${room.options.mesh_mode === "full" ? ", full mode" : ""}`;
    return fault;
  }

  /**
   * Strikes by `strike()`; what is waited for then is that those who are not `struck` hear each other. What counts is
   * what they say once it has struck, or from the time that `since()` gives: when a host that leaves had left.
   */
  async strike(struck, strike, since) {
    this.survivors = this.all.filter((member) => !struck.includes(member));
    this.at = wall();
    this.began = now();
    await strike();
    const { first, all } = await this.recovers(this.at, this.survivors, since?.() ?? wall());
    this.end = this.at + all;
    // A host that leaves serves until it has gone: `left` judges that.
    const goal = since ? "" : ` (${judged(first, this.room.net)})`;
    this.room.note(`${this.line}: a broadcast reached all others ${round(first)} ms after the fault${goal}, one of each ${round(all)} ms after it`);
    return { first, all };
  }

  recovers(at, members, since) {
    return this.chatter.recovered(at, members, RECOVERED[this.room.net.kind], since);
  }

  /** Says how long the host was missed that has left politely. */
  left() {
    const gone = round(leftAt(this.host) - this.at);
    const still = silence(this.at, this.end, this.survivors);
    this.room.note(`it was gone ${gone} ms after it was told to leave; the longest silence was ${round(still)} ms (${judged(still, this.room.net, GOAL.polite)})`);
  }

  /** Until each of `members` has heard so many more of each of the others: some are on the way when something happens. */
  async talk(members, count = 20) {
    const since = marks(members);
    const heard = (receiver, sender) => receiver.events.slice(since.get(receiver)).filter(({ event, from }) => event === "data" && from === sender.id).length;
    const pairs = members.flatMap((receiver) => members.filter((sender) => sender !== receiver).map((sender) => [receiver, sender]));
    await Promise.all(
      pairs.map(([receiver, sender]) => receiver.until(() => heard(receiver, sender) >= count, RECOVERED[this.room.net.kind], `hears ${count} more of ${sender.name}`)),
    );
  }

  /** Until so long after the fault: that long it lasts. */
  lasts(ms) {
    return passed(ms, this.began);
  }

  /** It is over: all list each other again, within `ms`, and hear each other. */
  async whole(ms = WHOLE) {
    const at = wall();
    await listEachOther(this.all, ms);
    const listed = round(wall() - at);
    const { all } = await this.recovers(at, this.all);
    this.room.note(`${this.line}: all list each other ${listed} ms after its end, one of each reached all ${round(all)} ms after it`);
    this.oneHost();
  }

  /** Somebody comes while the survivors talk: all list each other within `ms`; it hears what is said from then on, and talks. */
  async joinedBy(kind, ms) {
    const { room, chatter } = this;
    const began = now();
    const newcomer = await room.start(kind);
    this.survivors = [...this.survivors, newcomer];
    await listEachOther(this.survivors, Math.max(1, ms - (now() - began)));
    this.newcomer = { member: newcomer, since: wall() };
    room.note(`${newcomer.name} lists all ${round(now() - began)} ms after its start`);
    await chatter.begin([newcomer], RECOVERED[room.net.kind], this.survivors);
    return newcomer;
  }

  /** All is said: the newcomer has heard the last of each, and the first that each said when all listed it, or one before. */
  async #entered(here) {
    const { member, since } = this.newcomer;
    const others = here.filter((other) => other !== member);
    await this.room.ledger.caughtUp(others, member, ARRIVE);
    for (const other of others) {
      const [first] = member.dataFrom(other.id);
      const due = this.chatter.saidSince(other, since);
      assert(first?.n <= due, `${member.name} is listed, and of ${other.name} it heard ${short(first)} first, not ${due}`);
    }
    this.room.ledger.enterTalking(member);
  }

  oneHost() {
    assert.equal(this.room.members.filter((member) => member.isHost).length, 1, "there is one host");
  }

  /** The end of the talk: those who are there have lost, doubled and reordered nothing of each other. */
  async settle() {
    const { ledger } = this.room;
    const here = this.room.members;
    await this.chatter.hush(here);
    if (this.newcomer) await this.#entered(here);
    await ledger.heard(here, here, ARRIVE);
    await ledger.fence(here, ARRIVE);
    ledger.exact(here, here, this.room.dead);
    this.room.orderly();
  }

  /** Some have died: the others list each other, are told once, and have heard the same of the dead. */
  async bury(...dead) {
    const { room, survivors } = this;
    await listEachOther(survivors, RECOVERED[room.net.kind]);
    for (const member of dead) this.chatter.buried(member, survivors);
    await this.settle();
    for (const member of dead) {
      room.ledger.samePrefix(member, survivors.filter((survivor) => this.marks.has(survivor)));
      this.droppedOnce(member);
    }
    this.oneHost();
  }

  /** Each of the others that were there was told once that this one is gone. */
  droppedOnce(gone) {
    const since = new Map([...this.marks].filter(([member]) => this.survivors.includes(member)));
    said(since, `told once that ${gone.name} is gone`, ({ event, id }) => event === "peerdropped" && id === gone.id);
  }
}
