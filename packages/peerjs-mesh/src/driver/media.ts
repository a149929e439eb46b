import { Input, MediaState } from "../records.js";
import { textOf, utf8 } from "../utf8.js";
import type { Report } from "./link.js";

/** Sound and picture, in the order of a media connection's transceivers. */
export const KINDS = ["audio", "video"] as const;
/** A track of each kind, or none. */
export type Tracks = readonly [audio: MediaStreamTrack | null, video: MediaStreamTrack | null];

/** Candidates that may wait for the description that they belong to; a remote that sends more is no member. */
const WAITING = 256;
/**
 * While connections are being made pictures are sent this much smaller, and so long after the last one was, ms: a first
 * picture that is small is there sooner, and what many encoders would take is left to the making of connections.
 * (Measured with four pages and cameras on two cores: everybody sees everybody in 0.7 of the time.)
 */
const SMALL = 4, SETTLED = 1_500;

/**
 * One RTCPeerConnection for sound and picture in both directions. Both are negotiated from the first offer, whether
 * there is something to send or not: all that changes later changes tracks, never the connection.
 */
class Connection {
  readonly #connection: RTCPeerConnection;
  /** Says which tracks belong together: what is seen and heard is kept in step. */
  readonly #group = new MediaStream();
  #candidates: RTCIceCandidateInit[] | undefined = [];
  #work: Promise<unknown> = Promise.resolve();
  #restart = false;
  #over = false;

  /** Throws when the configuration cannot be used. */
  constructor(readonly id: number, rtc: RTCConfiguration, readonly report: Report, public tracks: Tracks, readonly opened: () => void) {
    // Both ends are ours: one way for both kinds is enough.
    const connection = new RTCPeerConnection({ ...rtc, bundlePolicy: "max-bundle" });
    this.#connection = connection;
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#say(candidate);
    };
    connection.onconnectionstatechange = () => {
      const { connectionState: state } = connection;
      if (state === "connected") {
        this.report(Input.Media, this.id, MediaState.Opened);
        this.opened();
      }
      if (state === "failed") this.#fails();
    };
  }

  /** Makes an offer: the first one, the same again, or after a failure one that looks for a new way. */
  dial(): void {
    this.#do(async () => {
      const connection = this.#connection;
      if (connection.getTransceivers().length === 0) {
        KINDS.forEach((kind, index) => connection.addTransceiver(this.tracks[index] ?? kind, { streams: [this.#group] }));
        this.scale(SMALL);
      }
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: this.#restart }));
      this.#restart = false;
      this.#say(connection.localDescription!);
    });
  }

  /** What the remote said by {@link Input.MediaSignal}. */
  hear(signal: Uint8Array): void {
    let heard: RTCSessionDescriptionInit & RTCIceCandidateInit;
    try {
      heard = JSON.parse(textOf(signal));
    } catch {
      return this.#fails();
    }
    this.#do(async () => {
      const connection = this.#connection;
      if (!heard.type) {
        if (this.#candidates) this.#candidates.length < WAITING && this.#candidates.push(heard);
        else await this.#add(heard);
        return;
      }
      // Of two answers to an offer that was made twice, the second is too late.
      if (heard.type === "answer" && connection.signalingState !== "have-local-offer") return;
      await connection.setRemoteDescription(heard);
      this.report(Input.Media, this.id, MediaState.Described);
      const waiting = this.#candidates;
      this.#candidates = undefined;
      for (const candidate of waiting ?? []) await this.#add(candidate);
      if (heard.type !== "offer") return;
      for (const transceiver of connection.getTransceivers()) {
        transceiver.direction = "sendrecv";
        transceiver.sender.setStreams?.(this.#group);
      }
      // An offer that comes again finds pictures on their way, and no connection is made that would end their being small.
      if (waiting) this.scale(SMALL);
      await this.replace(this.tracks);
      await connection.setLocalDescription(await connection.createAnswer());
      this.#say(connection.localDescription!);
    });
  }

  /** Sends pictures that are so many times smaller than they are. */
  scale(by: number): void {
    const sender = this.#connection.getTransceivers()[1]?.sender;
    const parameters = sender?.getParameters();
    if (!parameters?.encodings?.[0]) return;
    parameters.encodings[0].scaleResolutionDownBy = by;
    // One that is asked twice at once says no to the second; the next change will do.
    sender!.setParameters(parameters).catch(() => undefined);
  }

  /** Sends these tracks from now on. */
  replace(tracks: Tracks): Promise<unknown> {
    this.tracks = tracks;
    // An answerer's transceivers come with the offer.
    return Promise.all(this.#connection.getTransceivers().map(({ sender }, index) => sender.replaceTrack(tracks[index] ?? null)));
  }

  /** The tracks that come from the remote, one of each kind. */
  get received(): MediaStreamTrack[] {
    return this.#connection.getTransceivers().map(({ receiver }) => receiver.track);
  }

  close(): void {
    this.#over = true;
    this.#connection.close();
  }

  async #add(candidate: RTCIceCandidateInit): Promise<void> {
    // One that cannot be used (another family, a name that does not resolve) does no harm: there are others.
    await this.#connection.addIceCandidate(candidate).catch(() => undefined);
  }

  /** One thing after the other; what fails ends the connection, unless it is over anyway. */
  #do(act: () => Promise<void>): void {
    this.#work = this.#work.then(() => (this.#over ? undefined : act())).catch(() => this.#fails());
  }

  #fails(): void {
    this.#restart = true;
    if (!this.#over) this.report(Input.Media, this.id, MediaState.Failed);
  }

  #say(what: RTCSessionDescription | RTCIceCandidate): void {
    if (!this.#over) this.report(Input.MediaSignal, this.id, 0, utf8(JSON.stringify(what)));
  }
}

/** The media connections of a member, and what it sends on all of them. It decides nothing: it moves tracks. */
export class Media {
  readonly #connections = new Map<number, Connection>();
  #tracks: Tracks = [null, null];
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly rtc: RTCConfiguration, readonly report: Report) {}

  /** Sends these tracks from now on, on every connection. */
  async send(tracks: Tracks): Promise<void> {
    this.#tracks = tracks;
    await Promise.all(Array.from(this.#connections.values(), (connection) => connection.replace(tracks)));
  }

  /** Makes a connection, and its offer if it is to `dial`; for one that is there, another offer. */
  connect(id: number, dial: boolean): void {
    try {
      const connection = this.#connections.get(id) ?? new Connection(id, this.rtc, this.report, this.#tracks, () => this.#settle());
      this.#connections.set(id, connection);
      if (dial) connection.dial();
    } catch {
      this.report(Input.Media, id, MediaState.Failed);
    }
  }

  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      for (const connection of this.#connections.values()) connection.scale(1);
    }, SETTLED);
  }

  hear(id: number, signal: Uint8Array): void {
    this.#connections.get(id)?.hear(signal);
  }

  /** The tracks that come on this connection: sound, picture. None when there is no such connection. */
  received(id: number): MediaStreamTrack[] {
    return this.#connections.get(id)?.received ?? [];
  }

  /** True: there was such a connection. */
  close(id: number): boolean {
    this.#connections.get(id)?.close();
    return this.#connections.delete(id);
  }

  closeAll(): void {
    for (const id of this.#connections.keys()) this.close(id);
  }
}
