import { mesh, MeshError, type Mesh, type StreamState } from "peerjs-mesh";
import { LONGEST_NAME, together } from "./names.js";
import { connection } from "./settings.js";
import type { Card, Line, Member, Notice, Phase, RoomState } from "./state.js";
import { inPlainWords, isStranger, OUR_FAULT, readable } from "./words.js";

/** Lines of the chat that are kept. */
const KEPT_LINES = 500;
/** How long a notice stays, ms: some twelve words, read slowly. */
const NOTICE_MS = 7_000;
const MOST_NOTICES = 3;
/** A cut shorter than this is not spoken of, ms: a host that leaves politely is replaced sooner. */
const UNNOTICED_MS = 700;
/** How long a newcomer's name may take to follow its arrival, ms; it comes right behind. */
const NAME_MS = 1_500;
/** Waits between questions to a server that is away, ms; the last one is repeated. */
const RETRY_MS = [1_000, 2_000, 4_000];

let stays = 0;

/**
 * One stay in one room: from the first knock until it is left. Keeps what the components show as one value that is
 * replaced at each change, and speaks to the mesh for them.
 */
export class RoomSession {
  /** Tells one stay from the next. */
  readonly number = ++stays;
  #state: RoomState;
  #mesh: Mesh | undefined;
  #card: Card;
  #outgoing: MediaStream | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #over = new AbortController();
  readonly #cards = new Map<string, Card>();
  readonly #streams = new Map<string, MediaStream>();
  /** What each stream carries at present. */
  readonly #carries = new Map<string, StreamState>();
  /** Members whose arrival is told once their name is known. */
  readonly #arriving = new Map<string, number>();
  #peers: readonly string[] = [];
  #holder: string | undefined;
  /** The holder that has just gone, until it is said. */
  #lostHolder: string | undefined;
  /** Whether it was said since the last cut that everything goes on. */
  #saidGoesOn = false;
  /** What went wrong last: the reason, should it end with that. */
  #lastError = "";
  #wasIn = false;
  #cut: number | undefined;
  #keys = 0;

  constructor(room: string, card: Card) {
    this.#card = card;
    this.#state = {
      room, phase: "connecting", reason: "", limit: 0, members: [], lines: [], heard: 0, notices: [], serverAway: false,
    };
    this.#showMembers();
    void this.#begin();
  }

  // For useSyncExternalStore: bound, and the same value until something changes.
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): RoomState => this.#state;

  /** Sends a line to everybody. */
  async say(text: string): Promise<void> {
    const key = this.#line("own", text);
    try {
      if (!this.#mesh) throw new MeshError("server-unreachable");
      await this.#mesh.send(text);
      this.#changeLine(key, { waiting: false });
    } catch (error) {
      // Of a call that has ended by itself the mesh says only that it has.
      const failure = this.#state.phase === "failed" ? this.#state.reason : tell(error);
      this.#changeLine(key, { waiting: false, failure });
    }
  }

  /** Tells the others one's name and what of one is on. */
  present(card: Card): void {
    if (same(card, this.#card)) return;
    this.#card = card;
    this.#showMembers();
    this.#try((member) => {
      member.initData(card);
      member.mute(!card.mic);
    });
  }

  /** Gives the others this stream in place of the one before; one without tracks gives nothing. */
  publish(stream: MediaStream): void {
    this.#outgoing = stream;
    this.#try((member) => {
      if (stream.getTracks().length === 0) return member.disconnectCall();
      member.call(stream, false).catch((error: unknown) => this.#failed(error));
    });
  }

  /** Says something above the call. Of one `topic` only the last word stands; without one nothing is said twice. */
  notify(tone: Notice["tone"], text: string, topic?: string): void {
    const before = this.#state.notices.find((notice) => (topic === undefined ? notice.text === text : notice.topic === topic));
    if (before && topic === undefined) return;
    if (before) this.dismiss(before.key);
    this.#post({ key: this.#keys++, tone, text, ...(topic !== undefined && { topic }) });
  }

  #post(notice: Notice): void {
    this.#change({ notices: [...this.#state.notices, notice].slice(-MOST_NOTICES) });
    setTimeout(() => this.dismiss(notice.key), NOTICE_MS);
  }

  dismiss(key: number): void {
    this.#change({ notices: this.#state.notices.filter((notice) => notice.key !== key) });
  }

  /** Leaves for good; what was sent is still delivered. */
  leave(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    void this.#mesh?.cleanup();
    this.#enter("left");
  }

  async #begin(): Promise<void> {
    for (let tries = 0; !this.#over.signal.aborted; tries++) {
      try {
        const settings = await connection(this.#over.signal);
        if (!this.#over.signal.aborted) this.#join(settings);
        return;
      } catch (error) {
        if (this.#over.signal.aborted) return;
        if (error instanceof MeshError) return this.#enter("failed", tell(error));
        this.#enter("no-server", "The server does not answer.");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]));
      }
    }
  }

  #join(settings: Awaited<ReturnType<typeof connection>>): void {
    const member = mesh(this.#state.room, {
      connection: settings,
      initData: this.#card,
      // A call is for everybody who has the link.
      mesh_limit: -1,
      auto_call_peer: -1,
    });
    this.#mesh = member;
    this.#enter("connecting");
    member
      .on("joined", () => this.#showMembers())
      .on("signalling", (now) => this.#onSignalling(now === "up"))
      .on("hostconnected", (_, { host }) => this.#onHolder(host))
      .on("hostdropped", () => (this.#lostHolder = this.#holder))
      .on("sync", (peers) => (peers ? this.#onWhole(peers) : this.#onCut()))
      .on("peerjoined", (id, peers) => this.#onJoined(id, peers))
      .on("peerdropped", (id, peers) => this.#onDropped(id, peers))
      .on("initData", (id, data) => this.#onCard(id, data))
      .on("data", (value, from) => this.#onData(value, from))
      .on("stream", (stream, id) => this.#onStream(id, stream))
      .on("streamchanged", (id, state) => {
        this.#carries.set(id, state);
        this.#showMembers();
      })
      .on("streamdrop", (id) => this.#onStream(id, undefined))
      .on("gap", ({ from }) => void this.#line("trouble", `Some messages of ${this.#nameOf(from)} are lost.`))
      .on("meshlimitexceeded", (limit) => {
        this.#change({ limit });
        this.#enter("full");
      })
      .on("error", (error) => this.#onError(error))
      .on("left", () => this.#onEnd());
    member.mute(!this.#card.mic);
    if (this.#outgoing) this.publish(this.#outgoing);
  }

  #onSignalling(up: boolean): void {
    this.#change({ serverAway: !up && this.#wasIn });
    if (up && this.#state.phase === "no-server") this.#enter("connecting");
  }

  #onHolder(host: string): void {
    const moved = this.#holder !== undefined && this.#holder !== host;
    this.#holder = host;
    this.#showMembers();
    // Who left with its office is spoken of when it is dropped; who only gave it up is in the list.
    if (moved) void this.#line("event", host === this.#mesh?.id ? "You hold the room now." : `${this.#nameOf(host)} holds the room now.`);
  }

  #onWhole(peers: string[]): void {
    clearTimeout(this.#cut);
    this.#peers = peers;
    const interrupted = this.#state.phase === "interrupted";
    this.#wasIn = true;
    this.#enter("in");
    if (interrupted && !this.#saidGoesOn) this.notify("good", "You are connected again.");
    // Whoever held it and is still here has only handed it on.
    if (this.#lostHolder && peers.includes(this.#lostHolder)) this.#lostHolder = undefined;
    this.#showMembers();
  }

  #onCut(): void {
    if (!this.#wasIn) return;
    this.#saidGoesOn = false;
    clearTimeout(this.#cut);
    this.#cut = setTimeout(() => {
      if (this.#state.phase === "in") this.#enter("interrupted");
    }, UNNOTICED_MS);
  }

  #onJoined(id: string, peers: string[]): void {
    this.#peers = peers;
    this.#showMembers();
    // Who was there before is no news.
    if (!this.#wasIn || id === this.#mesh?.id) return;
    if (this.#cards.has(id)) this.#sayArrived(id);
    else this.#arriving.set(id, setTimeout(() => this.#sayArrived(id), NAME_MS));
  }

  #sayArrived(id: string): void {
    clearTimeout(this.#arriving.get(id));
    this.#arriving.delete(id);
    if (!this.#peers.includes(id)) return;
    this.#line("event", `${this.#nameOf(id)} is here.`);
    const before = this.#state.notices.find((notice) => notice.arrived);
    const arrived = [...(before?.arrived ?? []), this.#nameOf(id)];
    if (before) this.dismiss(before.key);
    this.#post({ key: this.#keys++, tone: "info", text: `${together(arrived)} here.`, arrived });
  }

  #onDropped(id: string, peers: string[]): void {
    const name = this.#nameOf(id);
    this.#peers = peers;
    this.#forget(id);
    clearTimeout(this.#arriving.get(id));
    this.#arriving.delete(id);
    this.#line("event", `${name} has left.`);
    if (id === this.#lostHolder) {
      this.#lostHolder = undefined;
      this.#saidGoesOn = true;
      this.notify("info", `The person who held the room, ${name}, has left. Everything goes on.`);
    } else {
      this.notify("info", `${name} has left.`);
    }
    this.#showMembers();
  }

  #onCard(id: string, data: unknown): void {
    this.#cards.set(id, readCard(data, id));
    if (this.#arriving.has(id)) this.#sayArrived(id);
    this.#showMembers();
  }

  #onData(value: unknown, from: string): void {
    this.#line("other", readable(value), this.#nameOf(from));
    this.#change({ heard: this.#state.heard + 1 });
  }

  #onStream(id: string, stream: MediaStream | undefined): void {
    if (stream) this.#streams.set(id, stream);
    else this.#forget(id);
    this.#showMembers();
  }

  #forget(id: string): void {
    this.#streams.delete(id);
    this.#carries.delete(id);
  }

  #onError(error: MeshError): void {
    const text = tell(error);
    // A stranger who wants in is turned away, and may try again; one who has the room's name stands in the way.
    if (isStranger(error)) {
      if (this.#wasIn) return this.notify("info", text, "stranger");
      return this.notify("trouble", "Another kind of program has this room’s name already. Choose another name.", "stranger");
    }
    this.#lastError = text;
    // A full room and a lost message have events of their own.
    if (["mesh-full", "member-left"].includes(error.code)) return;
    if (error.code === "server-unreachable") {
      if (!this.#wasIn) this.#enter("no-server", text);
      return;
    }
    if (error.code === "call-failed") {
      const id = this.#peers.find((peer) => error.message.includes(peer));
      const name = id === undefined ? "Somebody" : this.#nameOf(id);
      return this.notify("trouble", `${name} cannot be seen or heard yet: no way was found between your networks. It is tried again.`);
    }
    if (["invalid-key", "version-mismatch", "unsupported"].includes(error.code)) return this.#enter("failed", text);
    this.notify("trouble", text);
  }

  /** The mesh has ended, by an error unless by us. */
  #onEnd(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#enter("failed", this.#lastError || "The connection to the room has ended.");
  }

  /** Calls what may throw: that this member has just gone is no error of the caller's. */
  #try(act: (member: Mesh) => void): void {
    if (!this.#mesh || this.#over.signal.aborted) return;
    try {
      act(this.#mesh);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    // That one has just left is no error.
    if (error instanceof MeshError && error.code === "left") return;
    this.notify("trouble", tell(error));
  }

  #enter(phase: Phase, reason = ""): void {
    if (this.#state.phase === "left") return;
    this.#change({ phase, reason });
  }

  #nameOf(id: string): string {
    return this.#cards.get(id)?.name ?? `Guest ${id.slice(0, 4)}`;
  }

  #line(kind: Line["kind"], text: string, who = ""): number {
    const line: Line = { key: this.#keys++, kind, text, who, at: new Date(), waiting: kind === "own", failure: "" };
    this.#change({ lines: [...this.#state.lines, line].slice(-KEPT_LINES) });
    return line.key;
  }

  #changeLine(key: number, change: Partial<Line>): void {
    this.#change({ lines: this.#state.lines.map((line) => (line.key === key ? { ...line, ...change } : line)) });
  }

  #showMembers(): void {
    const own = this.#mesh?.id ?? "";
    const others = this.#peers.filter((id) => id !== own);
    const members: Member[] = [
      { ...this.#card, id: own, self: true, holder: own !== "" && own === this.#holder, stream: undefined },
      ...others.map((id) => this.#other(id)),
    ];
    this.#change({ members });
  }

  #other(id: string): Member {
    const card = this.#cards.get(id) ?? readCard(undefined, id);
    const carries = this.#carries.get(id);
    // What really comes counts more than what is said: the picture may be late, and programs say nothing.
    const known = carries && { mic: carries.audio && !carries.muted, camera: carries.video && !card.screen };
    return { ...card, ...known, id, self: false, holder: id === this.#holder, stream: this.#streams.get(id) };
  }

  #change(change: Partial<RoomState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** What a person is told. What only who made this page can put right goes to the console as it is. */
function tell(error: unknown): string {
  const text = inPlainWords(error);
  if (text === OUR_FAULT) console.error(error);
  return text;
}

/** What another member says of itself: programs say only a name, or nothing. */
function readCard(data: unknown, id: string): Card {
  const given = (typeof data === "object" && data !== null ? data : {}) as Partial<Record<keyof Card, unknown>>;
  const name = typeof given.name === "string" ? given.name.trim().slice(0, LONGEST_NAME) : "";
  return {
    name: name || `Guest ${id.slice(0, 4)}`,
    mic: given.mic === true, camera: given.camera === true, screen: given.screen === true,
  };
}

const same = (a: Card, b: Card): boolean =>
  a.name === b.name && a.mic === b.mic && a.camera === b.camera && a.screen === b.screen;
