import { Input, LinkEnd, writeCandidate } from "../records.js";
import { utf8 } from "../utf8.js";
import { soon } from "./task.js";
import type { Candidate } from "../signalling.js";

/** Tells the member a fact: kind, session or link, and what the kind needs. */
export type Report = (kind: number, id: number, extra?: number, bytes?: Uint8Array) => void;
/** Nobody to tell. */
export const NOBODY = (): void => undefined;

/** What a channel carries in one message at most, bytes (Chromium's own limit). */
const LARGEST_FRAME = 262_144;
/** What a page may have unsent on one link, bytes; the member is told at half of it and at none. */
const WINDOW = 256 << 10;
/** Candidates that may wait for their time. */
const WAITING = 256;
/** Frames that may wait for theirs, bytes, and what each counts for more; a remote that sends more is no member. */
const EARLY = 1 << 20, FRAME = 4096;
/** How long a description waits for the first way to be reached by, ms: those of the machine itself come in 5 (guess). */
const FIRST_CANDIDATE = 20;
/** How long a link that is to close may still send, ms. */
const LINGER = 1000;

/** Lanes 1 to 3 and how their channels are made; the channel's id is 100 and the lane. */
const LANES: readonly RTCDataChannelInit[] = [{ ordered: true }, { ordered: false, maxRetransmits: 0 }, { ordered: false }];

/**
 * One RTCPeerConnection with its channels. It decides nothing: it does what it is told, and tells what has happened.
 * After it has told that it is closed, or was told to close, it is silent.
 */
export class Link {
  readonly #connection: RTCPeerConnection;
  /** By lane; the default channel of an answerer comes late. */
  readonly #channels: (RTCDataChannel | undefined)[] = [undefined];
  #candidates: Candidate[] | undefined = [];
  /** The own description and the candidates in it have been told; of the others, those that wait for {@link begin}. */
  #description: string | undefined;
  #prepared: Promise<void> | undefined;
  /** A candidate has come. */
  #found = NOBODY;
  #ownCandidates: Uint8Array[] | undefined = [];
  #early: [lane: number, frame: Uint8Array][] | undefined = [];
  #earlyBytes = 0;
  /** The answer has been applied before the member said so. */
  #foreseen = false;
  #over = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #id = 0;
  #report: Report = NOBODY;
  #gone = NOBODY;

  /** Throws when the configuration cannot be used. */
  constructor(config: RTCConfiguration) {
    const connection = new RTCPeerConnection(config);
    this.#connection = connection;
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.#ownCandidate(candidate);
    };
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed") this.#ends(LinkEnd.Failed);
      if (connection.connectionState === "closed") this.#ends(LinkEnd.Closed);
    };
    connection.ondatachannel = ({ channel }) => {
      // PeerJS announces one channel; of any other, nothing is wanted.
      if (this.#channels[0]) channel.close();
      else this.#take(0, channel);
    };
  }

  /** From now on it is the link of this name, and tells what happens. */
  begin(id: number, report: Report, gone: () => void): void {
    this.#id = id;
    this.#report = report;
    this.#gone = gone;
    if (this.#over) report(Input.LinkClosed, id, LinkEnd.Failed);
  }

  /** Makes the default channel and an offer; also before it has a name. (The channel's label means nothing to PeerJS.) */
  prepare(): Promise<void> {
    this.#take(0, this.#connection.createDataChannel("", { ordered: true }));
    return this.#prepared = this.#try(async () => this.#describe(await this.#connection.createOffer()));
  }

  /** The own description, with the candidates found until it was asked for first. */
  get description(): string {
    return this.#description ??= this.#connection.localDescription?.sdp ?? "";
  }

  /** Tells the offer, once it is there. */
  dial(): void {
    void (this.#prepared ?? this.prepare()).then(() => this.described());
  }

  /** Applies an offer and makes an answer. */
  answer(sdp: string, lanes: boolean): void {
    if (lanes) this.#openLanes();
    void this.#try(async () => {
      await this.#remote({ type: "offer", sdp });
      await this.#describe(await this.#connection.createAnswer());
      this.described();
    });
  }

  /** Applies the answer that the member is going to accept. That it has opened is told when it does. */
  foresee(sdp: string): void {
    if (this.#foreseen) return;
    this.#foreseen = true;
    void this.#try(() => this.#remote({ type: "answer", sdp }));
  }

  /** Applies the answer to the own offer. */
  accept(sdp: string, lanes: boolean): void {
    this.foresee(sdp);
    this.#foreseen = false;
    if (lanes) this.#openLanes();
    this.#opens();
  }

  /** Applies a candidate, once there is a description that it belongs to. */
  addCandidate(candidate: Candidate): void {
    if (!this.#candidates) this.#apply(candidate);
    else if (this.#candidates.length < WAITING) this.#candidates.push(candidate);
  }

  /** Hands a frame to a channel; the channel copies it. */
  send(lane: number, frame: Uint8Array<ArrayBuffer>): void {
    const channel = this.#channels[lane];
    if (this.#over || !channel) return;
    try {
      channel.bufferedAmountLowThreshold = channel.bufferedAmount + frame.length > WINDOW / 2 ? WINDOW / 2 : 0;
      channel.send(frame);
    } catch {
      this.#ends(channel.readyState === "open" ? LinkEnd.Failed : LinkEnd.Closed);
    }
  }

  /** Closes after what was handed over has left, or after a second. */
  close(): void {
    if (this.#over) return;
    this.#silence();
    const looks = (): void => {
      if (this.#buffered() === 0) this.destroy();
    };
    for (const channel of this.#channels) {
      if (!channel) continue;
      channel.bufferedAmountLowThreshold = 0;
      channel.onbufferedamountlow = looks;
    }
    this.#linger = setTimeout(() => this.destroy(), LINGER);
    looks();
  }

  /** Closes now. */
  destroy(): void {
    this.#silence();
    clearTimeout(this.#linger);
    for (const channel of this.#channels) if (channel) channel.onbufferedamountlow = null;
    this.#connection.close();
    this.#gone();
  }

  #silence(): void {
    this.#over = true;
    this.#candidates = this.#ownCandidates = this.#early = undefined;
    const connection = this.#connection;
    connection.onicecandidate = connection.onconnectionstatechange = connection.ondatachannel = null;
    for (const channel of this.#channels) {
      if (channel) channel.onopen = channel.onmessage = channel.onclose = channel.onbufferedamountlow = null;
    }
  }

  #ends(why: number): void {
    if (this.#over) return;
    this.destroy();
    this.#report(Input.LinkClosed, this.#id, why);
  }

  /** Runs what makes or applies a description; when it fails, so has the link. */
  #try(negotiate: () => Promise<void>): Promise<void> {
    return negotiate().catch(() => this.#ends(LinkEnd.Failed));
  }

  async #remote(description: RTCSessionDescriptionInit): Promise<void> {
    await this.#connection.setRemoteDescription(description);
    const waiting = this.#candidates ?? [];
    this.#candidates = undefined;
    waiting.forEach((candidate) => this.#apply(candidate));
  }

  #apply({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: Candidate): void {
    if (this.#over) return;
    // One that cannot be used (another family, a name that does not resolve) does no harm: there are others.
    this.#connection.addIceCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }).catch(() => undefined);
  }

  /** Done when the first candidates stand in it too: together they are one message and not five. */
  async #describe(description: RTCSessionDescriptionInit): Promise<void> {
    const found = new Promise<void>((resolve) => {
      this.#found = () => soon(resolve);
      setTimeout(resolve, FIRST_CANDIDATE);
    });
    await this.#connection.setLocalDescription(description);
    await found;
  }

  /** Tells the own description, which is there. */
  described(): void {
    if (this.#over) return;
    this.#report(Input.LinkDescribed, this.#id, 0, utf8(this.description));
    const waiting = this.#ownCandidates ?? [];
    this.#ownCandidates = undefined;
    waiting.forEach((record) => this.#report(Input.LinkCandidate, this.#id, 0, record));
  }

  #ownCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: RTCIceCandidate): void {
    // It stands in the description.
    if (this.#description === undefined) return this.#found();
    const record = writeCandidate({
      signal: "candidate", connectionId: "", media: false, candidate, sdpMid: sdpMid ?? undefined,
      sdpMLineIndex: sdpMLineIndex ?? undefined, usernameFragment: usernameFragment ?? undefined,
    });
    if (!this.#ownCandidates) this.#report(Input.LinkCandidate, this.#id, 0, record);
    else if (this.#ownCandidates.length < WAITING) this.#ownCandidates.push(record);
  }

  #openLanes(): void {
    LANES.forEach((init, index) => {
      const id = 101 + index;
      this.#take(index + 1, this.#connection.createDataChannel("", { ...init, negotiated: true, id }));
    });
  }

  #take(lane: number, channel: RTCDataChannel): void {
    this.#channels[lane] = channel;
    channel.binaryType = "arraybuffer";
    channel.onopen = () => this.#opens();
    channel.onmessage = ({ data }) => this.#received(lane, typeof data === "string" ? utf8(data) : new Uint8Array(data));
    channel.onclose = () => this.#ends(LinkEnd.Closed);
    channel.onbufferedamountlow = () => this.#drained(channel);
    if (channel.readyState === "open") this.#opens();
  }

  #opens(): void {
    const early = this.#early;
    if (this.#over || this.#foreseen || !early || !this.#channels.every((channel) => channel?.readyState === "open")) return;
    this.#early = undefined;
    const largest = Math.min(LARGEST_FRAME, this.#connection.sctp?.maxMessageSize || LARGEST_FRAME);
    this.#report(Input.LinkOpened, this.#id, largest);
    for (const [lane, frame] of early) this.#received(lane, frame);
  }

  #received(lane: number, frame: Uint8Array): void {
    if (this.#over) return;
    // One channel may carry frames before another is open here.
    if (!this.#early) this.#report(Input.LinkReceived, this.#id, lane, frame);
    else if ((this.#earlyBytes += frame.length + FRAME) > EARLY) this.#ends(LinkEnd.Failed);
    else this.#early.push([lane, frame]);
  }

  #drained(channel: RTCDataChannel): void {
    channel.bufferedAmountLowThreshold = 0;
    this.#report(Input.LinkDrained, this.#id, this.#buffered());
  }

  #buffered(): number {
    return this.#channels.reduce((sum, channel) => sum + (channel?.bufferedAmount ?? 0), 0);
  }
}
