// Everybody says numbered broadcasts, twenty a second, whatever happens: pages by a timer of their own, programs by ours.

import { PATIENCE } from "./member.mjs";
import { now, wall } from "./time.mjs";

/** Ms between two messages of a member. */
const EVERY = 50;

/** The `n`-th message of a member. */
const message = (member, n) => ({ who: member.name, n });
const tagOf = (member, n) => `${member.name} says ${n}`;
const numberOf = ({ tag }) => Number(tag.slice(tag.lastIndexOf(" ")));
/** Whether an event tells that a message of the member was accepted, at or after `since`. */
const said = ({ event, tag, t }, member, since = 0) => event === "sent" && t >= since && Boolean(tag?.startsWith(`${member.name} says `));

export class Chatter {
  /** Per member: how many it was told to say or has said, and what makes it say the next. */
  #said = new Map();

  constructor(ledger) {
    this.ledger = ledger;
  }

  /** Those who talk, as far as they are there. */
  get members() {
    return [...this.#said.keys()].filter((member) => !member.over && !member.frozen);
  }

  /** These start; resolves when everybody who talks, or of `among`, has heard everybody. */
  async begin(members, ms = PATIENCE, among = undefined) {
    for (const member of members) await this.#start(member);
    await this.recovered(wall(), among ?? this.members, ms);
  }

  /** The number of the first message that a member said at or after `since` (a wall time). */
  saidSince(member, since) {
    const first = member.events.find((event) => said(event, member, since));
    return first && numberOf(first);
  }

  async #start(member) {
    const state = this.#said.get(member) ?? { count: 0, noted: 0 };
    this.#said.set(member, state);
    if (member.page) {
      await member.send({ cmd: "chat", who: member.name, from: state.count, every: EVERY });
      return;
    }
    state.timer = setInterval(() => {
      // What a stopped program is told it would say all at once when it goes on.
      if (member.over) clearInterval(state.timer);
      if (member.over || member.frozen) return;
      const n = state.count++;
      member.send({ cmd: "send", data: message(member, n), tag: tagOf(member, n) });
    }, EVERY);
  }

  /** Stops these; resolves when all that they have said is accepted, and noted. */
  async hush(members, ms = PATIENCE) {
    await Promise.all(members.map((member) => this.#hush(member, ms)));
  }

  async #hush(member, ms) {
    const state = this.#said.get(member);
    clearInterval(state.timer);
    if (member.page) {
      const tag = `hush ${member.name} ${state.count}`;
      await member.send({ cmd: "hush", tag });
      state.count = (await member.next((event) => event.event === "hushed" && event.tag === tag, ms)).count;
    }
    if (state.count > state.noted) {
      const last = tagOf(member, state.count - 1);
      await member.until(() => member.events.some(({ event, tag }) => event === "sent" && tag === last), ms, `${last} is accepted`);
    }
    const refused = member.events.find(({ event, tag }) => event === "error" && tag?.startsWith(`${member.name} says `));
    if (refused) throw new Error(`${member.name} was refused: ${JSON.stringify(refused)}`);
    this.#note(member, state);
  }

  /** Notes all that a member that is gone may have said: it could not tell how much. */
  buried(member, survivors) {
    const state = this.#said.get(member);
    clearInterval(state.timer);
    let count = 0;
    const says = (n) => (count = Math.max(count, n + 1));
    for (const event of member.events) if (said(event, member)) says(numberOf(event));
    for (const survivor of survivors) for (const { n } of survivor.dataFrom(member.id)) if (n !== undefined) says(n);
    state.count = Math.max(count, state.noted);
    this.#note(member, state);
  }

  #note(member, state) {
    for (; state.noted < state.count; state.noted++) this.ledger.note(member, message(member, state.noted));
  }

  /**
   * Waits until of each of `members` a broadcast that was accepted at or after `since` (a wall time) has reached all
   * others. Gives ms after `from`: when the first of these had reached them all, and the last.
   */
  async recovered(from, members, ms = PATIENCE, since = from) {
    const began = now();
    const left = () => Math.max(1, ms - (now() - began));
    const whole = await Promise.all(
      members.map(async (sender) => {
        const first = await after(sender, (event) => said(event, sender, since), left(), "says something after the fault");
        const n = numberOf(first);
        const heard = await Promise.all(
          members
            .filter((receiver) => receiver !== sender)
            .map((receiver) =>
              after(receiver, ({ event, from: id, data }) => event === "data" && id === sender.id && data?.n >= n, left(), `hears ${sender.name}'s ${n}`),
            ),
        );
        return Math.max(...heard.map(({ t }) => t)) - from;
      }),
    );
    return { first: Math.min(...whole), all: Math.max(...whole) };
  }
}

/**
 * The longest time, ms, from `from` to `to` (wall times) in which no broadcast came to be with all others of `members`:
 * what somebody who listens notices of a host that leaves, however long it takes to leave.
 */
export function silence(from, to, members) {
  const reached = [];
  for (const sender of members) {
    const last = new Map();
    for (const receiver of members) {
      for (const { event, from: id, data, t } of receiver.events) {
        if (event !== "data" || id !== sender.id || data?.n === undefined) continue;
        const { count = 0, at = 0 } = last.get(data.n) ?? {};
        last.set(data.n, { count: count + 1, at: Math.max(at, t) });
      }
    }
    for (const { count, at } of last.values()) if (count === members.length - 1 && at > from && at <= to) reached.push(at);
  }
  let longest = 0;
  let before = from;
  for (const at of [...reached.sort((a, b) => a - b), to]) {
    longest = Math.max(longest, at - before);
    before = at;
  }
  return longest;
}

/** The first event that is so; none is looked at twice, and none of long ago. */
function after(member, fact, ms, what) {
  let at = 0;
  return member.until(
    () => {
      for (; at < member.events.length; at++) if (fact(member.events[at])) return member.events[at];
      return undefined;
    },
    ms,
    what,
  );
}
