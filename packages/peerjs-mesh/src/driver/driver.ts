import { MeshError } from "../errors.js";
import {
  Input, LinkEnd, readDrain, readStatus, writeConfig, type Config, type Event, type Output, type Picture,
} from "../records.js";
import { utf8 } from "../utf8.js";
import type { Wasm, WasmMachine } from "../wasm.js";
import { Alarm, Clock } from "./clock.js";
import { Link } from "./link.js";
import { openSession, type Ahead } from "./ahead.js";
import { Media } from "./media.js";
import { watch } from "./page.js";
import type { Session } from "./socket.js";
import { soon } from "./task.js";

const NOTHING = new Uint8Array(0);

/**
 * How many events the user is told of in one go, at most one fact's more: a burst of messages is some hundred of them, one
 * behind the other. (Not so many milliseconds, nor facts: on a machine that is starved they pass with nothing done.)
 */
const AT_ONCE = 1_000;

type Fact = readonly [kind: number, id: number, extra: number, bytes: Uint8Array];

/** What a driver is made with. */
export interface Setup {
  wasm: Wasm;
  config: Config;
  /** The websocket's address up to the key. */
  url: string;
  rtc: RTCConfiguration;
  /** What is under way already; its id and token are the config's. */
  ahead: Ahead;
  /** Makes of an event what tells the user of it; that is called later. The event's bytes are good only until then. */
  translate: (event: Event) => () => void;
  /** It is over: left, or broken by this error. Once; everything is closed by then. */
  over: (error?: MeshError) => void;
}

/**
 * Does what the member asks and tells it what happens. It decides nothing about the room.
 *
 * After every call the module is drained until nothing more comes. What happens meanwhile waits its turn, and so do
 * the user's listeners, who may call in again.
 */
export class Driver {
  readonly #setup: Setup;
  readonly #machine: WasmMachine;
  /** What comes and goes on media connections. */
  readonly media: Media;
  readonly #clock = new Clock();
  readonly #alarm: Alarm;
  readonly #sessions = new Map<number, Session>();
  readonly #links = new Map<number, Link>();
  /** Links told to close that still send their last. */
  readonly #lingering = new Set<Link>();
  readonly #facts: Fact[] = [];
  /** How many more it is told of in this go; without end: nothing has happened yet in it. */
  #left = Infinity;
  readonly #news: (() => void)[] = [];
  #unwatch = (): void => undefined;
  #unheard: (() => void) | undefined;
  #draining = false;
  #telling = false;
  #hasLeft = false;
  #over = false;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.media = new Media(setup.rtc, this.#report);
    const seed = crypto.getRandomValues(new Uint8Array(32));
    this.#machine = setup.wasm.make(writeConfig(setup.config), seed, this.#clock.now());
    this.#alarm = new Alarm(() => this.#call((machine, now) => machine.timeout(now)));
  }

  /** Begins. */
  start(): void {
    this.#call(() => undefined);
    this.#hearAhead();
    if (this.#over) return;
    this.#unwatch = watch(
      (hidden) => this.#call((machine, now) => machine.set_hidden(now, hidden)),
      // The member stays: it goes on when its page does. Until then somebody else has to hold the room.
      () => this.dropHost(),
    );
  }

  /** See the module's `send`: what it returned goes to `done`, before anything else happens; nothing when it is over. */
  send(payload: Uint8Array, to: string, done: (code: number) => void): void {
    if (this.#over) return;
    try {
      done(this.#machine.send(this.#clock.now(), payload, utf8(to)));
    } catch (cause) {
      this.#breaks(cause);
      return;
    }
    if (this.#sending) return;
    this.#sending = true;
    // What is sent in one go shares frames.
    queueMicrotask(() => {
      this.#sending = false;
      this.#call(() => undefined);
    });
  }

  /** See the module's `set_init_data`; undefined when it is over. */
  setInitData(data: Uint8Array): number | undefined {
    return this.#call((machine, now) => machine.set_init_data(now, data));
  }

  /** Says to all what {@link media} sends; see the module's `give`. */
  give(kinds: number): void {
    this.#call((machine, now) => machine.give(now, kinds));
  }

  /** See the module's `call_peer`; undefined when it is over. */
  callPeer(id: string): number | undefined {
    return this.#call((machine, now) => machine.call_peer(now, utf8(id)));
  }

  /** Ends this member's host role only. */
  dropHost(): void {
    this.#call((machine, now) => machine.drop_host(now));
  }

  /** Leaves once everything sent is delivered. */
  leave(): void {
    this.#call((machine, now) => machine.leave(now, false));
  }

  /** Leaves now, for the page closes: goodbyes are handed over, then every connection is closed. */
  leaveNow(): void {
    this.#call((machine, now) => machine.leave(now, true));
    this.#finish();
    for (const link of this.#lingering) link.destroy();
  }

  /** A picture of the member; undefined when there is none. */
  status(): Picture | undefined {
    if (this.#over) return undefined;
    try {
      const address = this.#machine.status();
      return readStatus(this.#setup.wasm.memory.buffer, address);
    } catch (cause) {
      this.#breaks(cause);
      return undefined;
    }
  }

  #call<T>(command: (machine: WasmMachine, now: number) => T): T | undefined {
    if (this.#over) return undefined;
    let result: T | undefined;
    try {
      result = command(this.#machine, this.#clock.now());
      this.#drain();
      if (this.#hasLeft) this.#finish();
    } catch (cause) {
      this.#breaks(cause);
    }
    this.#tell();
    return result;
  }

  /** A fact. While the module is drained it is not called: what its records point to would move. */
  readonly #report = (kind: number, id: number, extra = 0, bytes: Uint8Array = NOTHING): void => {
    if (kind === Input.LinkClosed) this.#links.delete(id);
    if (kind === Input.SessionClosed) this.#sessions.delete(id);
    this.#facts.push([kind, id, extra, bytes]);
    if (!this.#draining) this.#work();
  };

  #work(): void {
    if (this.#left === Infinity) {
      this.#left = AT_ONCE;
      // Behind all that is due by now: timers and clicks, but what has come, too. The rest waits for the next go.
      soon(() => {
        this.#left = Infinity;
        if (this.#facts[0]) this.#work();
      });
    }
    if (this.#left > 0) this.#call(() => undefined);
  }

  #input(machine: WasmMachine, now: number, fact: Fact): void {
    if (!machine.input(now, ...fact)) throw new RangeError(`input ${fact[0]}`);
  }

  #sending = false;

  #drain(): void {
    for (;;) {
      const fact = this.#left > 0 && this.#facts.shift();
      if (fact) this.#input(this.#machine, this.#clock.now(), fact);
      this.#draining = true;
      const address = this.#machine.drain();
      const { more, deadline } = readDrain(
        this.#setup.wasm.memory.buffer, address, (output) => this.#act(output), (event) => this.#hear(event),
      );
      this.#draining = false;
      if (!more && !(this.#left > 0 && this.#facts[0])) {
        this.#alarm.set(deadline, this.#clock.now());
        return;
      }
    }
  }

  /** Hears what the server has said before there was a member. */
  #hearAhead(): void {
    const begin = this.#unheard;
    this.#unheard = undefined;
    begin?.();
  }

  #hear(event: Event): void {
    this.#left--;
    if (event.event === "left") this.#hasLeft = true;
    else this.#news.push(this.#setup.translate(event));
    // Once this is told, the page has time again, and members that count on its beats.
    if (event.event === "sync") this.#news.push(() => this.#alarm.hire());
  }

  /** Tells the user. A listener that calls in adds to the news; the loop here goes on with them. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    for (let tell = this.#news.shift(); tell; tell = this.#news.shift()) tell();
    this.#telling = false;
  }

  #act(output: Output): void {
    switch (output.do) {
      case "openSession": {
        const { session, id, token } = output;
        const ahead = this.#setup.ahead.takeSession(id);
        const opened = ahead ?? openSession(this.#setup.url, id, token);
        this.#sessions.set(session, opened);
        const begin = (): void => opened.begin(session, this.#report);
        // What was said there may answer the link that is about to be taken over: first the member knows of that.
        if (ahead) this.#unheard = begin;
        else begin();
        break;
      }
      case "sendSession":
        this.#sessions.get(output.session)?.send(output.message);
        break;
      case "closeSession":
        this.#sessions.get(output.session)?.close();
        this.#sessions.delete(output.session);
        break;
      case "dial": {
        const ahead = this.#setup.ahead.takeLink();
        this.#connect(output.link, (link) => ahead ? link.described() : link.dial(), ahead);
        this.#hearAhead();
        break;
      }
      case "answer":
        this.#connect(output.link, (link) => link.answer(output.sdp, output.lanes));
        break;
      case "accept":
        this.#links.get(output.link)?.accept(output.sdp, output.lanes);
        break;
      case "addCandidate":
        this.#links.get(output.link)?.addCandidate(output.candidate);
        break;
      case "send":
        this.#links.get(output.link)?.send(output.lane, output.frame);
        break;
      case "closeLink":
        if (!this.media.close(output.link)) this.#closeLink(output.link);
        break;
      case "media":
        this.media.connect(output.link, output.dial);
        break;
      case "mediaSignal":
        this.media.hear(output.link, output.signal);
        break;
    }
  }

  #connect(id: number, begin: (link: Link) => void, ahead?: Link): void {
    try {
      const link = ahead ?? new Link(this.#setup.rtc);
      this.#links.set(id, link);
      link.begin(id, this.#report, () => this.#lingering.delete(link));
      begin(link);
    } catch {
      // Browsers refuse too many connections.
      this.#report(Input.LinkClosed, id, LinkEnd.Failed);
    }
  }

  #closeLink(id: number): void {
    const link = this.#links.get(id);
    if (!link) return;
    this.#links.delete(id);
    this.#lingering.add(link);
    link.close();
  }

  #breaks(cause: unknown): void {
    // After a trap the module's state is anybody's guess: it is not called again, not even to be freed.
    this.#finish(cause instanceof MeshError ? cause : new MeshError("internal", String(cause), { cause }));
  }

  #finish(error?: MeshError): void {
    if (this.#over) return;
    this.#over = true;
    this.#unwatch();
    this.#alarm.stop();
    for (const session of this.#sessions.values()) session.close();
    for (const id of this.#links.keys()) this.#closeLink(id);
    this.media.closeAll();
    if (!error) this.#machine.free();
    this.#news.push(() => this.#setup.over(error));
    this.#tell();
  }
}
