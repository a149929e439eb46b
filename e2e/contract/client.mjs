// A websocket client that says and hears raw frames. It waits for facts: whether something did *not* come is asked by
// a marker sent after it, which the server must deliver in order.

import WebSocket from "ws";

const PATIENCE_MS = 15_000;
let counter = 0;

/** A name nobody else uses. */
export const fresh = (prefix = "c") => `${prefix}-${process.pid}-${counter += 1}`;

export class Client {
  #events = [];
  #waiting = null;

  constructor(url, options) {
    this.ws = new WebSocket(url, options);
    this.ws.on("message", (data, binary) => this.#push({ text: data.toString(), binary }));
    this.ws.on("close", (code) => this.#push({ closed: code }));
    this.ws.on("error", () => {});
    this.opened = new Promise((resolve, reject) => {
      this.ws.once("open", resolve);
      this.ws.once("unexpected-response", (_, response) => {
        reject(Object.assign(new Error("refused"), { status: response.statusCode }));
        response.destroy();
      });
      this.ws.once("error", reject);
    });
    this.opened.catch(() => {});
  }

  #push(event) {
    if (event.binary) event = { binary: event.text };
    if (this.#waiting) this.#waiting(event);
    else this.#events.push(event);
  }

  /** The next frame as text, or `{closed: code}`. */
  async nextRaw(patience = PATIENCE_MS) {
    if (this.#events.length === 0) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing heard within ${patience} ms`)), patience);
        this.#waiting = (event) => {
          clearTimeout(timer);
          this.#waiting = null;
          this.#events.push(event);
          resolve();
        };
      });
    }
    const event = this.#events.shift();
    return event.text ?? event;
  }

  /** The next frame as an object, or `{closed: code}`. */
  async next(patience) {
    const event = await this.nextRaw(patience);
    return typeof event === "string" ? JSON.parse(event) : event;
  }

  /** The next `n` frames. */
  async take(n) {
    const frames = [];
    for (let i = 0; i < n; i += 1) frames.push(await this.next());
    return frames;
  }

  /** Everything up to the close, the close included. */
  async untilClosed(patience) {
    const events = [];
    for (;;) {
      events.push(await this.next(patience));
      if (events.at(-1).closed !== undefined) return events;
    }
  }

  say(frame) {
    this.ws.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  /** What `receiver` hears before the next marker of this client reaches it. */
  async heardBy(receiver, receiverId) {
    const marker = fresh("marker");
    this.say({ type: "CANDIDATE", dst: receiverId, payload: marker });
    const heard = [];
    for (;;) {
      const frame = await receiver.next();
      if (frame.payload === marker) return heard;
      heard.push(frame);
      if (frame.closed !== undefined) throw new Error(`closed (${frame.closed}) instead of hearing a marker`);
    }
  }

  /** Closes and waits until that is done. */
  async close() {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.ws.once("close", resolve));
    this.ws.close();
    await closed;
  }
}

/** What a case works with: one server, and clients that are gone when the case is over. */
export class Bench {
  #clients = [];

  constructor(server) {
    this.server = server;
  }

  url({ id, token, key = this.server.key, path = `${this.server.path}peerjs`, query = "" }) {
    const part = (name, value) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]);
    const parts = [...part("key", key), ...part("id", id), ...part("token", token), ...(query ? [query] : [])];
    return `ws://127.0.0.1:${this.server.port}${path}?${parts.join("&")}`;
  }

  /** Opens a websocket; nothing is read yet. */
  async dial(hello, options) {
    const client = new Client(this.url(hello), options);
    this.#clients.push(client);
    await client.opened;
    return client;
  }

  /** Registers an id, OPEN included. */
  async join(id = fresh(), token = "t") {
    const client = await this.dial({ id, token });
    const open = await client.nextRaw();
    if (open !== '{"type":"OPEN"}') throw new Error(`no OPEN for ${id} but ${JSON.stringify(open)}`);
    client.id = id;
    return client;
  }

  /** What somebody new hears who claims this id: `OPEN`, `ID-TAKEN`, …. Leaves again. */
  async claim(id, token = fresh("token")) {
    const client = await this.dial({ id, token });
    const first = await client.next();
    await client.close();
    return first.type;
  }

  /** Waits until an id is free; false if it is not within `patience` ms. */
  async becomesFree(id, patience = 5_000) {
    const end = Date.now() + patience;
    while (await this.claim(id) !== "OPEN") {
      if (Date.now() > end) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return true;
  }

  async http(path, { method = "GET", headers = {} } = {}) {
    const answer = await fetch(this.server.origin + path, { method, headers, redirect: "manual" });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  }

  /** The status with which a websocket handshake is refused. */
  async refusal(hello) {
    try {
      await this.dial(hello);
      return "accepted";
    } catch (error) {
      return error.status ?? error.message;
    }
  }

  done() {
    for (const client of this.#clients) client.ws.terminate();
  }
}
