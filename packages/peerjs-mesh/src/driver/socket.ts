import { Input, SessionEnd, writeMessage } from "../records.js";
import { parse, stringify, type ToServer } from "../signalling.js";
import type { Report } from "./link.js";

/** How long a websocket may take to open, ms. */
const OPENING = 10_000;

/** One websocket to a signalling server. After it has told that it is closed, or was told to close, it is silent. */
export class Session {
  readonly #socket: WebSocket | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #opened = false;
  #over = false;

  constructor(readonly id: number, url: string, readonly report: Report) {
    try {
      this.#socket = new WebSocket(url);
    } catch {
      // A policy of the page forbids it.
      this.#ends(SessionEnd.Unreachable);
      return;
    }
    this.#timer = setTimeout(() => this.#ends(SessionEnd.Unreachable), OPENING);
    this.#socket.onopen = () => {
      clearTimeout(this.#timer);
      this.#opened = true;
      report(Input.SessionConnected, id);
    };
    this.#socket.onmessage = ({ data }) => {
      const message = typeof data === "string" ? parse(data) : "not-JSON";
      if (typeof message === "object") report(Input.SessionReceived, id, 0, writeMessage(message));
      // Whatever another client can make the server pass on must not cost this member its session.
      else if (message === "not-JSON" || message === "not-an-object") this.#ends(SessionEnd.Garbage);
    };
    this.#socket.onclose = () => this.#ends(this.#opened ? SessionEnd.Closed : SessionEnd.Unreachable);
  }

  send(message: ToServer): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(stringify(message));
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #ends(why: number): void {
    if (this.#over) return;
    this.close();
    this.report(Input.SessionClosed, this.id, why);
  }
}
