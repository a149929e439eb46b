/** Sound, pictures and connections without a browser: they note what is done with them. */

export class FakeTrack extends EventTarget {
  enabled = true;
  readyState = "live";
  constructor(readonly kind: "audio" | "video", readonly id: string) {
    super();
  }
  /** Ends by itself, as when a device is unplugged. */
  ends(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

export class FakeStream {
  #tracks: FakeTrack[];
  constructor(tracks: FakeTrack[] = []) {
    this.#tracks = [...tracks];
  }
  getTracks(): FakeTrack[] { return [...this.#tracks]; }
  addTrack(track: FakeTrack): void { if (!this.#tracks.includes(track)) this.#tracks.push(track); }
  removeTrack(track: FakeTrack): void { this.#tracks = this.#tracks.filter((other) => other !== track); }
  get ids(): string[] { return this.#tracks.map(({ id }) => id); }
}

interface Transceiver {
  direction: string;
  sender: {
    track: FakeTrack | null; scale: number;
    replaceTrack(track: FakeTrack | null): Promise<void>; setStreams(): void;
    getParameters(): { encodings: { scaleResolutionDownBy?: number }[] };
    setParameters(parameters: { encodings: { scaleResolutionDownBy?: number }[] }): Promise<void>;
  };
  receiver: { track: FakeTrack };
}

export class FakeConnection {
  static all: FakeConnection[] = [];
  /** What the next constructor throws. */
  static refuses: Error | undefined;
  transceivers: Transceiver[] = [];
  remote: unknown[] = [];
  candidates: unknown[] = [];
  offers: unknown[] = [];
  signalingState = "stable";
  connectionState = "new";
  localDescription: { type: string; sdp: string } | null = null;
  closed = false;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;

  constructor(readonly config: RTCConfiguration) {
    if (FakeConnection.refuses) throw FakeConnection.refuses;
    FakeConnection.all.push(this);
  }
  #transceiver(track: FakeTrack | null, kind: "audio" | "video", direction: string): Transceiver {
    const name = `${FakeConnection.all.indexOf(this)}-${kind}`;
    const sender: Transceiver["sender"] = {
      track, scale: 1,
      replaceTrack: async (next) => void (sender.track = next),
      setStreams: () => undefined,
      getParameters: () => ({ encodings: [{}] }),
      setParameters: async ({ encodings }) => void (sender.scale = encodings[0]!.scaleResolutionDownBy ?? 1),
    };
    const transceiver = { direction, sender, receiver: { track: new FakeTrack(kind, name) } };
    this.transceivers.push(transceiver);
    return transceiver;
  }
  addTransceiver(what: FakeTrack | "audio" | "video"): Transceiver {
    return typeof what === "string" ? this.#transceiver(null, what, "sendrecv") : this.#transceiver(what, what.kind, "sendrecv");
  }
  /** One for data is no concern of these tests. */
  createDataChannel(): { close(): void } {
    FakeConnection.all = FakeConnection.all.filter((other) => other !== this);
    return { close: () => undefined };
  }
  getTransceivers(): Transceiver[] { return this.transceivers; }
  async createOffer(options: unknown): Promise<{ type: string; sdp: string }> {
    this.offers.push(options);
    return { type: "offer", sdp: "o" };
  }
  async createAnswer(): Promise<{ type: string; sdp: string }> { return { type: "answer", sdp: "a" }; }
  async setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
  }
  async setRemoteDescription(description: { type: string }): Promise<void> {
    this.remote.push(description.type);
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
    if (description.type === "offer" && this.transceivers.length === 0) {
      for (const kind of ["audio", "video"] as const) this.#transceiver(null, kind, "recvonly");
    }
  }
  async addIceCandidate(candidate: unknown): Promise<void> {
    this.candidates.push(candidate);
    if ((candidate as { candidate: string }).candidate === "bad") throw new Error("of another family");
  }
  close(): void { this.closed = true; }
  /** As when ICE says so. */
  becomes(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
  get sent(): (string | undefined)[] { return this.transceivers.map(({ sender }) => sender.track?.id); }
}
