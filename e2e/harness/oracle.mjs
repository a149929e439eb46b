// The judge: knows what every member sent, reads what every member heard, and says what is wrong.

import assert from "node:assert/strict";
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

  /** Notes a message that the sender was told to send. */
  note(sender, data, to) {
    if (!this.#sent.has(sender)) this.#sent.set(sender, []);
    this.#sent.get(sender).push({ data, to });
  }

  /** Sends and notes many messages, in order; resolves when the sender has accepted them all. */
  async send(sender, messages, ms) {
    const answers = [];
    for (const { data, to } of messages) {
      this.note(sender, data, to);
      answers.push(sender.sendData(data, to, ms));
    }
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
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
  async fence(members, ms) {
    await Promise.all(members.map((member) => this.send(member, [{ data: `fence of ${member.name} ${this.#fences++}` }], ms)));
    await this.heard(members, members, ms);
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
      const due = (this.#sent.get(dead) ?? []).filter(({ to }) => to === undefined || to === receiver.id);
      let at = 0;
      let broadcasts = 0;
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
 * stay; data only between `peerjoined` and `peerdropped` of its sender; no gap; no complaint.
 */
export function orderly(member, { gaps = false } = {}) {
  assert.deepEqual(member.complaints, [], `${member.name} said what is no line of the interface`);
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
