import { MeshError } from "../errors.js";
import { hex } from "../utf8.js";
import { Link } from "./link.js";
import { Session } from "./socket.js";

/** The PeerJS release whose words are spoken; servers take no notice. */
const PEERJS = "1.5.5";
/** The wire versions that the module speaks. */
const VERSIONS = { min: 1, max: 1 };

type Heard = ConstructorParameters<typeof Session>[1];

/** Opens a session; see {@link Session}. `url` is the websocket's address up to the key. */
export const openSession = (url: string, id: string, token: string, heard?: Heard): Session =>
  new Session(`${url}&id=${encodeURIComponent(id)}&token=${encodeURIComponent(token)}&version=${PEERJS}`, heard);

/**
 * What every member begins with, done while its module is still being loaded: the own session is opened, a link is
 * offered to whoever has the room's name, and the answer applied, so that the link is made meanwhile. It is the member that
 * decides: it takes these over when it asks for them, and should it ever say something else than was foreseen here, then that is said too.
 */
export class Ahead {
  /** A version 8 UUID: so are our ids told from those of PeerJS. */
  readonly id: string;
  readonly token: string;
  /** The first link's. */
  readonly connectionId: string;
  #session: Session | undefined;
  #link: Link | undefined;
  /** Settled when the link's offer is there; it never fails. */
  offered = Promise.resolve();

  constructor(url: string, readonly room: string) {
    const bytes = crypto.getRandomValues(new Uint8Array(40));
    bytes[6] = bytes[6]! & 0x0f | 0x80;
    bytes[8] = bytes[8]! & 0x3f | 0x80;
    const digits = hex(bytes);
    this.id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5");
    this.token = digits.slice(32, 64);
    this.connectionId = `dc_${digits.slice(64)}`;
    this.#session = openSession(url, this.id, this.token, (message) => {
      if (message.type === "open") void this.offered.then(() => this.#offer());
      if (message.type !== "relayed" || message.src !== room) return;
      const { signal } = message;
      if (signal.signal === "answer" && signal.connectionId === this.connectionId) this.#link?.foresee(signal.sdp);
    });
  }

  /** Begins the offer. Throws when the configuration cannot be used; then everything is closed. */
  prepare(rtc: RTCConfiguration): void {
    try {
      this.#link = new Link(rtc);
    } catch (cause) {
      this.close();
      throw new MeshError("invalid-option", "connection.config", { cause });
    }
    this.offered = this.#link.prepare();
  }

  /** The session, if it is that id's, once. */
  takeSession(id: string): Session | undefined {
    if (id !== this.id) return undefined;
    const session = this.#session;
    this.#session = undefined;
    return session;
  }

  /** The link, once. */
  takeLink(): Link | undefined {
    const link = this.#link;
    this.#link = undefined;
    return link;
  }

  /** Closes what nobody took. */
  close(): void {
    this.#session?.close();
    this.#link?.destroy();
  }

  #offer(): void {
    // Once the member is there it speaks for itself.
    if (!this.#session || !this.#link) return;
    const { connectionId } = this;
    this.#session.foresee({
      type: "relay", dst: this.room,
      signal: {
        signal: "offer", connectionId, media: false, sdp: this.#link.description, label: connectionId, reliable: true,
        serialization: "binary", mesh: VERSIONS,
      },
    });
  }
}
