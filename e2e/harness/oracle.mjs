// The judge: knows what every member sent, reads what every member heard, and says what is wrong.

import assert from "node:assert/strict";
import { PATIENCE } from "./member.mjs";
import { now, short } from "./time.mjs";

/** What was sent in a room, by whom and to whom; and what must therefore have been heard. */
export class Ledger {
  /** Per sender (the member object): its messages in order. */
  #sent = new Map();

  /** Per newcomer: how many messages each sender had sent before it came. */
  #before = new Map();

  /** A newcomer to a room in which at present nothing is on the way: what was sent so far is not for it. */
  enter(newcomer) {
    this.#before.set(newcomer, new Map([...this.#sent].map(([sender, sent]) => [sender, sent.length])));
  }

  /**
   * A newcomer to a room in which all talk, once it is in and has heard the last of each (`caughtUp`): where a sender's
   * messages begin for it is the sender's to say, but from the first that it heard on all is due.
   */
  enterTalking(newcomer) {
    const before = new Map();
    for (const [sender, sent] of this.#sent) {
      const first = JSON.stringify(newcomer.dataFrom(sender.id)[0]);
      const at = sent.findIndex(({ data }) => JSON.stringify(data) === first);
      before.set(sender, at < 0 ? sent.length : at);
    }
    this.#before.set(newcomer, before);
  }

  /** Notes a message that the sender was told to send. */
  note(sender, data, to) {
    if (!this.#sent.has(sender)) this.#sent.set(sender, []);
    this.#sent.get(sender).push({ data, to });
  }

  /** Sends and notes many messages, in order; resolves when the sender has accepted them all. */
  send(sender, messages, ms) {
    for (const { data, to } of messages) this.note(sender, data, to);
    return this.#accepted(sender, Promise.all(messages.map(({ data, to }) => sender.sendData(data, to, ms))));
  }

  /** As `send`, in one go. */
  burst(sender, messages, ms) {
    for (const { data, to } of messages) this.note(sender, data, to);
    return this.#accepted(sender, sender.sendAll(messages, ms));
  }

  async #accepted(sender, answers) {
    for (const [i, answer] of (await answers).entries()) {
      assert.equal(answer.event, "sent", `${sender.name}'s message ${i} was refused: ${short(answer)}`);
    }
  }

  /** The values that `receiver` has to hear from `sender`, in order. */
  due(sender, receiver) {
    if (sender === receiver) return [];
    return (this.#sent.get(sender) ?? [])
      .slice(this.#before.get(receiver)?.get(sender) ?? 0)
      .filter(({ to }) => to === undefined || to === receiver.id)
      .map(({ data }) => data);
  }

  /** Waits until each of `receivers` has heard as many values of each of `senders` as are due. */
  async heard(senders, receivers, ms) {
    await Promise.all(
      receivers.flatMap((receiver) =>
        senders.map((sender) => {
          const due = this.due(sender, receiver).length;
          let from = 0;
          let count = 0;
          return receiver.until(
            () => {
              for (; from < receiver.events.length; from++) {
                const event = receiver.events[from];
                if (event.event === "data" && event.from === sender.id) count++;
              }
              return count >= due;
            },
            ms,
            () => `all ${due} messages of ${sender.name}; ${count} have come`,
          );
        }),
      ),
    );
  }

  /**
   * One more message of each of `members`, waited for. A sender's messages come in order: whatever comes wrongly of
   * those before, a double for instance, has come by then.
   */
  async fence(members, ms = PATIENCE) {
    const began = now();
    await Promise.all(members.map((member) => this.send(member, [{ data: `fence of ${member.name} ${this.#fences++}` }], ms)));
    await this.heard(members, members, Math.max(1, ms - (now() - began)));
  }

  #fences = 0;

  /** Every receiver has heard from every sender exactly what was due: once, in order, and nothing of anybody but them and the `dead`. */
  exact(senders, receivers, dead = []) {
    for (const receiver of receivers) {
      for (const sender of senders) {
        const difference = compare(this.due(sender, receiver), receiver.dataFrom(sender.id));
        assert.equal(difference, undefined, `${receiver.name} from ${sender.name}: ${difference}`);
      }
      const known = new Set([...senders, ...dead].map(({ id }) => id));
      const strange = receiver.events.find((event) => event.event === "data" && !known.has(event.from));
      assert.equal(strange, undefined, `${receiver.name} heard from somebody who sent nothing: ${short(strange)}`);
    }
  }

  /**
   * A sender that died: all survivors have heard the same of its broadcasts, up to one and none beyond, in order. What
   * it directed to one of them was nobody else's to pass on: of that some may be missing, but none comes late or twice.
   */
  samePrefix(dead, survivors) {
    let first;
    for (const receiver of survivors) {
      const before = this.#before.get(receiver)?.get(dead) ?? 0;
      const sent = this.#sent.get(dead) ?? [];
      const due = sent.slice(before).filter(({ to }) => to === undefined || to === receiver.id);
      let at = 0;
      // Who came later is told nothing of before; the prefixes have to end alike.
      let broadcasts = sent.slice(0, before).filter(({ to }) => to === undefined).length;
      for (const [i, heard] of receiver.dataFrom(dead.id).entries()) {
        const text = JSON.stringify(heard);
        while (at < due.length && due[at].to !== undefined && JSON.stringify(due[at].data) !== text) at++;
        const expected = at < due.length ? JSON.stringify(due[at].data) : "nothing";
        assert.equal(text, expected, `${receiver.name} from ${dead.name}, who died: message ${i}`);
        if (due[at].to === undefined) broadcasts++;
        at++;
      }
      first ??= { receiver, broadcasts };
      assert.equal(
        broadcasts,
        first.broadcasts,
        `of ${dead.name}, who died, ${receiver.name} heard ${broadcasts} broadcasts and ${first.receiver.name} ${first.broadcasts}`,
      );
    }
  }

  /** Waits until `receiver` has heard the last of what each of `senders` sent, whatever it missed before. */
  async caughtUp(senders, receiver, ms) {
    await Promise.all(
      senders.map((sender) => {
        const last = JSON.stringify(this.due(sender, receiver).at(-1));
        const is = ({ event, from, data }) => event === "data" && from === sender.id && JSON.stringify(data) === last;
        return receiver.until(() => last === undefined || receiver.events.some(is), ms, `${sender.name}'s last: ${short(last)}`);
      }),
    );
  }

  /**
   * Beyond retention: of the sender's broadcasts (it directed nothing to anybody) exactly those are missing that gaps
   * name, each gap is told before what comes after it, and there are `least` to `most` of them.
   */
  gapped(sender, receiver, least, most) {
    const sent = this.#sent.get(sender) ?? [];
    let next = this.#before.get(receiver)?.get(sender) ?? 0;
    let gaps = 0;
    const where = `${receiver.name} from ${sender.name}`;
    for (const event of receiver.events) {
      if (event.from !== sender.id) continue;
      if (event.event === "gap") {
        // Numbers begin at 1.
        const [first, last] = event.missing;
        assert.equal(first, next + 1, `${where}: the gap ${short(event)} begins after message ${next}`);
        assert(last >= first && last <= sent.length, `${where}: the gap ${short(event)} ends within what was sent`);
        next = last;
        gaps++;
      } else if (event.event === "data") {
        const due = next < sent.length ? JSON.stringify(sent[next].data) : "nothing";
        assert.equal(JSON.stringify(event.data), due, `${where}: message ${next}, after ${gaps} gaps`);
        next++;
      }
    }
    assert.equal(next, sent.length, `${where}: heard or told as missing`);
    assert(gaps >= least && gaps <= most, `${where}: ${gaps} gaps, not ${least} to ${most}`);
  }
}

/** How many events each of `members` has said so far: for `calm`. */
export const marks = (members) => new Map(members.map((member) => [member, member.events.length]));

/** What is no false alarm is none: since its mark nobody has lost the host, a member, or the room's being whole. */
export function calm(since) {
  for (const [member, mark] of since) {
    const alarm = member.events.slice(mark).find(({ event, peers }) => event === "hostdropped" || event === "peerdropped" || (event === "sync" && !peers));
    assert.equal(alarm, undefined, `${member.name}: a false alarm: ${short(alarm)}`);
  }
}

/** Waits until each of them has said such an event since its mark. */
export async function hears(since, what, wanted, ms) {
  await Promise.all([...since].map(([member, mark]) => member.until(() => member.events.slice(mark).some(wanted), ms, what)));
}

/** Since its mark each of them has said such an event that many times. */
export function said(since, what, wanted, times = 1) {
  for (const [member, mark] of since) {
    const found = member.events.slice(mark).filter(wanted);
    assert.equal(found.length, times, `${member.name}: ${what}: ${short(found)}`);
  }
}

/** The first difference between what was due and what was heard, in words; undefined if there is none. */
export function compare(due, heard) {
  for (let i = 0; i < Math.max(due.length, heard.length); i++) {
    const expected = i < due.length ? JSON.stringify(due[i]) : undefined;
    const found = i < heard.length ? JSON.stringify(heard[i]) : undefined;
    if (expected === found) continue;
    if (found === undefined) return `message ${i} of ${due.length} is missing: ${short(expected)}`;
    const again = heard.findIndex((value, k) => k < i && JSON.stringify(value) === found);
    const later = due.findIndex((value, k) => k > i && JSON.stringify(value) === found);
    if (expected === undefined) return `one too many, ${again >= 0 ? `a double of ${again}` : "strange"}: ${short(found)}`;
    return `message ${i}: due was ${short(expected)}, heard ${short(found)}${again >= 0 ? ` (as at ${again})` : ""}${later >= 0 ? ` (due later, at ${later})` : ""}`;
  }
  return undefined;
}

/** Waits until each of `members` lists exactly them all, in whatever order. */
export async function listEachOther(members, ms) {
  const began = now();
  // Without an id of each there is nothing to compare with; a list is looked at again only when its member speaks.
  await Promise.all(members.map((member) => member.until(() => member.id, ms, "is joined")));
  await Promise.all(
    members.map((member) =>
      member.until(
        () => {
          if (!member.list || member.list.length !== members.length) return false;
          const listed = new Set(member.list);
          return members.every(({ id }) => id !== undefined && listed.has(id));
        },
        Math.max(1, ms - (now() - began)),
        () => `lists exactly ${members.map(({ name, id }) => `${name}=${id}`).join(", ")}; its list is ${short(member.list ?? "none", 400)}`,
      ),
    ),
  );
}

/**
 * What holds for every member at all times, whatever the scenario: one `joined`; each member announced once per
 * stay; data only between `peerjoined` and `peerdropped` of its sender; no gap, unless they are judged by `gapped`; no
 * complaint.
 */
export function orderly(member, { gaps = false } = {}) {
  member.wellSpoken();
  const present = new Set([member.id]);
  let joined = 0;
  for (const event of member.events) {
    const where = `${member.name}: ${short(event)}`;
    switch (event.event) {
      case "joined":
        assert.equal(++joined, 1, `${where}: joined is said once`);
        break;
      case "peerjoined":
        assert(!present.has(event.id), `${where}: is announced although it is there`);
        present.add(event.id);
        assert(event.peers.includes(event.id) && event.peers.includes(member.id), `${where}: the list lacks somebody`);
        break;
      case "peerdropped":
        assert(present.delete(event.id), `${where}: is dropped although it is not there`);
        assert(!event.peers.includes(event.id), `${where}: the list still has it`);
        break;
      case "sync":
        if (event.peers) {
          for (const id of event.peers) assert(present.has(id), `${where}: lists ${id}, who was not announced`);
        }
        break;
      case "data":
        assert(present.has(event.from) && event.from !== member.id, `${where}: from somebody who is not there`);
        break;
      case "gap":
        assert(gaps, `${where}: a gap`);
        break;
    }
  }
}
