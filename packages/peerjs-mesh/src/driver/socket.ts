import { Input, SessionEnd, writeMessage } from "../records.js";
import { parse, stringify, type FromServer, type ToServer } from "../signalling.js";
import { NOBODY, type Report } from "./link.js";

/** How long a websocket may take to open, ms: less than the member waits. */
const OPENING = 8_000;

/** What a server may say before there is a member to hear it, messages: of its own it says one. */
const WAITING = 64;

/**
 * One websocket to a signalling server. What happens before it has a name waits for it. After it has told that it is
 * closed, or was told to close, it is silent.
 */
export class Session {
  readonly #socket: WebSocket | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #id = 0;
  #report: Report = NOBODY;
  #early: [kind: number, extra?: number, bytes?: Uint8Array][] | undefined = [];
  #foreseen: string | undefined;
  #opened = false;
  #over = false;

  /** `heard` is told what the server says, before the member is. */
  constructor(url: string, heard: (message: FromServer) => void = NOBODY) {
    try {
      this.#socket = new WebSocket(url);
    } catch {
      // A policy of the page forbids it.
      this.#ends(SessionEnd.Unreachable);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#ends(SessionEnd.Unreachable);
      // Chromium would open it late, and take the registration from a newer one. (Firefox does so all the same.)
      this.#socket?.close();
    }, OPENING);
    this.#socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#opened = true;
      this.#tell(Input.SessionConnected);
    };
    this.#socket.onmessage = ({ data }) => {
      const message = typeof data === "string" ? parse(data) : "not-JSON";
      if (typeof message === "object") {
        heard(message);
        this.#tell(Input.SessionReceived, 0, writeMessage(message));
      }
      // Whatever another client can make the server pass on must not cost this member its session.
      if (message === "not-JSON" || message === "not-an-object") this.#ends(SessionEnd.Garbage);
    };
    this.#socket.onclose = () => this.#ends(this.#opened ? SessionEnd.Closed : SessionEnd.Unreachable);
  }

  /** From now on it is the session of this name, and tells what happens; first, what has. */
  begin(id: number, report: Report): void {
    this.#id = id;
    this.#report = report;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const fact of early) this.#tell(...fact);
  }

  send(message: ToServer): void {
    const text = stringify(message);
    if (text === this.#foreseen) this.#foreseen = undefined;
    else if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  /** Says what the member is going to say; it is not said again then. */
  foresee(message: ToServer): void {
    this.send(message);
    this.#foreseen = stringify(message);
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    // Closed before it is open it would be an error in the page's console; a browser gives up by itself what never opens.
    socket.onopen = (): void => socket.close();
    if (socket.readyState) socket.close();
  }

  #ends(why: number): void {
    if (this.#over) return;
    this.close();
    this.#tell(Input.SessionClosed, why);
  }

  #tell(kind: number, extra?: number, bytes?: Uint8Array): void {
    if (!this.#early) this.#report(kind, this.#id, extra, bytes);
    else if (this.#early.push([kind, extra, bytes]) > WAITING) this.#ends(SessionEnd.Garbage);
  }
}
