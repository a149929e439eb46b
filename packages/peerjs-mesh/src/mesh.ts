import { Driver } from "./driver/driver.js";
import { Ahead } from "./driver/ahead.js";
import { soon } from "./driver/task.js";
import { Emitter } from "./emitter.js";
import { codeOf, MeshError, toldError } from "./errors.js";
import type { MeshEvents, MeshStatus } from "./events.js";
import { checkOptions, checkRoom, type MeshOptions, type Settings } from "./options.js";
import { Watched } from "./promise.js";
import { NEVER, type Event } from "./records.js";
import { decode, encode, encodeWithBlobs } from "./value.js";
import { fill, Given } from "./streams.js";
import { CALL, Turns } from "./turns.js";
import type { Load, Wasm } from "./wasm.js";

interface Waiting {
  resolve: () => void;
  reject: (error: MeshError) => void;
}

/** Largest encoded message, bytes. */
const LARGEST_MESSAGE = 256 << 20;
/** How long an offer may take, ms (20 are usual): a browser that makes none must not keep `join_timeout` from being told. */
const OFFERING = 1_000;
/** Largest encoded init data, bytes. */
const LARGEST_INIT_DATA = 64 << 10;

const warn = (of: Pick<Mesh, "room" | "options">, text: string): void =>
  console.warn(`peerjs-mesh ${of.options?.log_id ?? of.room}: ${text}`);

/** Joins a room; see `mesh` in index.ts. */
export function join(load: Load, room: string, options: MeshOptions = {}): Mesh {
  const name = checkRoom(room);
  const settings = checkOptions(options, globalThis.location, (text) => warn({ room, options }, text));
  const initData = settings.hasInitData ? encodeInitData(options.initData) : undefined;
  for (const needed of ["RTCPeerConnection", "WebSocket", "WebAssembly"]) {
    if (!(needed in globalThis)) {
      throw new MeshError("unsupported", `there is no ${needed} here`, {
        hint: "mesh() needs a newer browser", type: "browser-incompatible",
      });
    }
  }
  const ahead = new Ahead(settings.url, name);
  ahead.prepare(settings.rtc);
  // First what the offer needs, then the module: its loading has time until that is answered, and few cores do not both at
  // once. (`soon`: the offer itself leaves before it.)
  const offered = new Promise<void>((over) => {
    void ahead.offered.then(() => soon(over));
    setTimeout(over, OFFERING);
  });
  const loading = offered.then(load);
  return new Mesh(loading, ahead, name, settings, initData, options);
}

/** One member of one room. */
export class Mesh extends Emitter<MeshEvents> {
  /** The room's name. */
  readonly room: string;
  /** The options as they were given. */
  readonly options: Readonly<MeshOptions>;
  readonly #settings: Settings;
  readonly #ahead: Ahead;
  #driver: Driver | undefined;
  readonly #turns = new Turns();
  readonly #waiting = new Map<number, Waiting>();
  #id: string | undefined;
  #peers: string[] = [];
  readonly #given = new Given(() => this.#change(() => undefined), (text) => warn(this, text));
  /** The streams of others. */
  readonly #streams = new Map<string, MediaStream>();
  #synced = false;
  /** Set when it is over: why calls fail from then on. */
  #over: MeshError | undefined;
  readonly #closing = (): void => {
    this.#turns.flush();
    if (this.#driver) this.#driver.leaveNow();
    else this.#ends();
  };
  #gone!: () => void;
  readonly #leaving = new Promise<void>((resolve) => (this.#gone = resolve));

  /** @internal */
  constructor(loading: Promise<Wasm>, ahead: Ahead, room: string, settings: Settings, initData: Uint8Array | undefined,
    options: MeshOptions) {
    super();
    this.#ahead = ahead;
    this.room = room;
    this.options = Object.freeze({ ...options });
    this.#settings = settings;
    globalThis.addEventListener?.("pagehide", this.#closing);
    void this.#begin(loading, initData);
  }

  /** The own id, once joined. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Whether the own id is registered at the signalling server. */
  get isjoined(): boolean {
    return this.#id !== undefined && !this.#over;
  }

  /** Whether the room is whole for this member. */
  get issync(): boolean {
    return this.#synced;
  }

  /** See {@link isjoined}. */
  isJoined(): boolean {
    return this.isjoined;
  }

  /** Resolves once joined; rejects when that fails (`join-timeout`, `left`, …). */
  waitToJoin(): Promise<true> {
    return quiet(this.#until("joined", () => this.isjoined, -1, "join-timeout").then(() => true as const));
  }

  /** Resolves with everybody's ids once the room is whole; rejects after `sync_timeout` and when this member leaves. */
  waitToSync(): Promise<string[]> {
    const whole = this.#until("sync", () => this.#synced, this.#settings.syncTimeout, "sync-timeout");
    return quiet(whole.then(() => this.getPeers()));
  }

  /** Everybody in the room, with oneself. */
  getPeers(): string[] {
    return [...this.#peers];
  }

  /**
   * Sends a value to everybody, or to one. Resolved when accepted under the budget: from then on it reaches every
   * member that stays, in the order of the calls. A rejection that nobody looks at becomes one `error` event.
   */
  send(data: unknown, to?: string | false | null): Promise<void> {
    return this.#promise((resolve, reject) => {
      const target = to === undefined || to === null || to === false ? "" : to;
      if (typeof target !== "string") throw new MeshError("invalid-option", "to is no id");
      if (target === "" && to === "") throw new MeshError("unknown-member", '""');
      let payload = encodeValue(data, encodeWithBlobs);
      const queued = this.#turns.wait(() => this.#hand(payload as Uint8Array, target, resolve, reject), CALL + ((payload as Uint8Array).length ?? 0));
      if (payload instanceof Uint8Array) return this.#turns.go(queued);
      payload.then(
        (bytes) => (payload = bytes),
        (cause: unknown) => {
          reject(notEncodable(cause));
          queued.run = () => undefined;
        },
      ).finally(() => this.#turns.go(queued));
    });
  }

  /** Sets the own init data: any value that can be sent, at most 64 KiB encoded. Throws when it cannot be sent. */
  initData(data: unknown): void {
    if (this.#over) throw this.#over;
    const bytes = encodeInitData(data);
    this.#turns.go(this.#turns.wait(() => {
      const code = this.#driver?.setInitData(bytes) ?? 0;
      if (code < 0) this.emit("error", new MeshError(codeOf(-1 - code), "initData"));
    }));
  }

  /** Leaves once everything sent is delivered. Final. Resolves when it is done. */
  cleanup(): Promise<void> {
    this.#turns.flush();
    if (this.#driver) this.#driver.leave();
    else this.#ends();
    return this.#leaving;
  }

  /** A picture of the room as this member sees it. */
  status(): MeshStatus {
    const picture = this.#driver?.status();
    const { id = this.#id ?? "", founding = "0".repeat(32), term = 0, host = null, isHost = false } = picture ?? {};
    return {
      id, room: this.room, founding, term, host, isHost, mode: this.#settings.mode,
      signalling: picture?.signalling ? "up" : "down",
      buffered: (picture?.buffered ?? 0) + this.#turns.bytes,
      peers: (picture?.peers ?? []).map((peer) => ({
        id: peer.id, dialect: "ours", path: peer.direct ? "direct" : "member", rttMs: peer.rttMs,
      })),
    };
  }

  /** Ends this member's host role only: for tests. */
  _disconnectHost(): void {
    if (!this.#over) this.#turns.go(this.#turns.wait(() => this.#driver?.dropHost()));
  }

  /**
   * Gives a stream to everybody, those who come later included; in the place of the one given before, if there is one:
   * without a new connection, and without a new `stream` event there. With `usePreviousStream` a kind (sound, picture)
   * that `stream` lacks goes on from the one before; without it, what is dropped is dropped for everybody. The first
   * track of each kind counts. Resolves when every connection has taken it. Who gives nothing still gets the others'.
   */
  call(stream?: MediaStream | null, usePreviousStream = true): Promise<void> {
    return this.#promise((resolve, reject) => {
      const tracks = this.#given.tracksOf(stream);
      this.#turns.go(this.#turns.wait(() => {
        if (this.#over) return reject(this.#over);
        this.#given.take(tracks, usePreviousStream);
        this.#give().then(resolve, (cause: unknown) => reject(new MeshError("internal", "call", { cause })));
      }));
    });
  }

  /** Gives no stream any more. The tracks are not stopped: they are the program's. Others' streams go on. */
  disconnectCall(): void {
    this.#change(() => this.#given.end());
  }

  /** Mutes the own sound, or not: this stream's and those of later calls, until told otherwise. The others are told. */
  mute(muted = true): void {
    this.#change(() => this.#given.mute(muted));
  }

  /** Gets that member's stream even if `auto_call_peer` is reached: the answer to `manual-stream`. */
  callPeer(id: string): Promise<void> {
    return this.#promise((resolve, reject) => {
      this.#turns.go(this.#turns.wait(() => {
        const code = this.#driver?.callPeer(id);
        if (code === 0) resolve();
        else reject(code === undefined ? (this.#over ?? new MeshError("left")) : new MeshError(codeOf(-1 - code), id));
      }));
    });
  }

  /** In the order of the calls, like all else. */
  #change(act: () => void): void {
    if (this.#over) return;
    this.#turns.go(this.#turns.wait(() => {
      act();
      void this.#give().catch(() => undefined);
    }));
  }

  /** Sends what is given, and says so. */
  async #give(): Promise<void> {
    const sent = this.#driver?.media.send(this.#given.tracks);
    this.#driver?.give(this.#given.kinds);
    await sent;
  }

  /** A promise whose rejection, if nobody looks at it, is an `error` event. */
  #promise(executor: (resolve: () => void, reject: (error: unknown) => void) => void): Promise<void> {
    return new Watched<void>((resolve, reject) => {
      if (this.#over) throw this.#over;
      executor(resolve, reject);
    }, (error) => this.emit("error", error as MeshError));
  }

  async #begin(loading: Promise<Wasm>, initData: Uint8Array | undefined): Promise<void> {
    let wasm: Wasm | undefined;
    try {
      wasm = await loading;
      const ahead = this.#ahead;
      if (this.#over) return;
      const { id, token, connectionId } = ahead;
      const { url, rtc, meshLimit, healthMs, joinTimeout, autoCall, mode } = this.#settings;
      const joinTimeoutMs = joinTimeout === -1 ? NEVER : joinTimeout;
      const driver = new Driver({
        wasm, url, rtc, ahead,
        config: { room: this.room, id, token, connectionId, meshLimit, healthMs, joinTimeoutMs, autoCall, mode, versions: [0, 0], initData },
        translate: (event) => this.#translate(event),
        over: (error) => this.#ends(error),
      });
      this.#driver = driver;
      driver.start();
      this.#turns.open();
    } catch (cause) {
      this.#ends(wasm ? new MeshError("internal", String(cause), { cause }) : new MeshError("unsupported", `WebAssembly: ${cause}`, {
        cause, hint: "a content security policy must allow 'wasm-unsafe-eval'",
      }));
    }
  }

  #hand(payload: Uint8Array, to: string, resolve: () => void, reject: (error: unknown) => void): void {
    if (this.#over) return reject(this.#over);
    if (payload.length > LARGEST_MESSAGE) return reject(new MeshError("message-too-large", `${payload.length} bytes`));
    let taken = false;
    this.#driver?.send(payload, to, (code) => {
      taken = true;
      if (code === 0) resolve();
      else if (code > 0) this.#waiting.set(code - 1, { resolve, reject });
      else reject(new MeshError(codeOf(-1 - code), to));
    });
    // It has just broken, or left.
    if (!taken) reject(this.#over ?? new MeshError("left"));
  }

  /** What tells the user of this event. Bytes are read now: they are gone when it is told. */
  #translate(event: Event): () => void {
    switch (event.event) {
      case "joined":
        return () => {
          this.#id = event.id;
          this.emit("joined", event.id);
        };
      case "hostconnected":
        return () => this.emit("hostconnected", event.isHost, { host: event.host, term: event.term });
      case "sync":
        return () => {
          this.#synced = event.peers !== false;
          if (event.peers) this.#peers = event.peers;
          this.emit("sync", event.peers && this.getPeers());
        };
      case "hostdropped":
        return () => this.emit("hostdropped");
      case "peerjoined":
      case "peerdropped":
        return () => {
          this.#peers = event.peers;
          this.emit(event.event, event.id, this.getPeers());
        };
      case "data":
      case "initData":
        return this.#translateValue(event.event, event.id, event.data);
      case "meshlimitexceeded":
        return () => this.emit("meshlimitexceeded", event.limit, event.tries);
      case "signalling":
        return () => this.emit("signalling", event.up ? "up" : "down");
      case "gap":
        return () => this.emit("gap", { from: event.from, missing: [event.first, event.last] });
      case "accepted":
        return () => this.#settle(event.ticket)?.resolve();
      case "refused":
        return () => this.#settle(event.ticket)?.reject(new MeshError(event.code));
      case "error":
        return () => this.emit("error", toldError(event.code, event.detail));
      case "left":
        return () => undefined;
      case "stream":
        return () => this.#stream(event.id, event.link, event.kinds);
      case "streamdrop":
        return () => {
          this.#streams.delete(event.id);
          this.emit("streamdrop", event.id);
        };
      case "manual-stream":
        return () => this.emit("manual-stream", event.id);
    }
  }

  #translateValue(name: "data" | "initData", id: string, bytes: Uint8Array): () => void {
    let value: unknown;
    try {
      value = decode(bytes);
    } catch (cause) {
      return () => this.emit("error", new MeshError("internal", `what ${id} sent cannot be read`, { cause }));
    }
    if (name === "data") return () => this.emit("data", value, id);
    return () => this.emit("initData", id, value);
  }

  /** A member's stream begins, or something of it is otherwise. */
  #stream(id: string, link: number, kinds: number): void {
    const known = this.#streams.get(id);
    const stream = known ?? new MediaStream();
    const state = fill(stream, this.#driver?.media.received(link) ?? [], kinds);
    this.#streams.set(id, stream);
    if (!known) this.emit("stream", stream, id);
    this.emit("streamchanged", id, state);
  }

  #settle(ticket: number): Waiting | undefined {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    return waiting;
  }

  /** Resolves when `is` holds after an event of that name; rejects with the first of time-out and end. */
  #until(name: "joined" | "sync", is: () => boolean, limit: number, late: "join-timeout" | "sync-timeout"): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#over) throw this.#over;
      if (is()) return resolve();
      const timer = limit < 0 ? undefined : setTimeout(() => done(() => reject(new MeshError(late))), limit);
      const looks = (): void => {
        if (is()) done(resolve);
      };
      const ended = (): void => done(() => reject(this.#over));
      const failed = (error: MeshError): void => {
        if (error.code === late) done(() => reject(error));
      };
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.off(name, looks).off("left", ended).off("error", failed);
        settle();
      };
      this.on(name, looks).on("left", ended).on("error", failed);
    });
  }

  #ends(error?: MeshError): void {
    if (this.#over) return;
    this.#over = error ?? new MeshError("left");
    globalThis.removeEventListener?.("pagehide", this.#closing);
    this.#ahead.close();
    this.#synced = false;
    // What still waits has an answer too, and the loss of a message is never silent.
    this.#turns.end();
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
    if (error) this.emit("error", error);
    this.emit("left");
    this.#gone();
  }
}

/** The same promise, as far as its owner sees; that nobody looks at its rejection is no error of the page. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function encodeValue<T>(value: unknown, by: (value: unknown) => T): T {
  try {
    return by(value);
  } catch (cause) {
    throw notEncodable(cause);
  }
}

const notEncodable = (cause: unknown): MeshError =>
  new MeshError("not-encodable", cause instanceof Error ? cause.message : "", { cause });

function encodeInitData(value: unknown): Uint8Array {
  const bytes = encodeValue(value, encode);
  if (bytes.length > LARGEST_INIT_DATA) throw new MeshError("message-too-large", `initData, ${bytes.length} bytes`);
  return bytes;
}
