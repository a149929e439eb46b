/** Stands for a page's WebSocket: the test says what happens. */
export class FakeSocket {
  static made: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly said: Record<string, any>[] = [];
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }
  send(text: string): void {
    this.said.push(JSON.parse(text));
  }
  close(): void {
    this.closed = true;
  }
  opens(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }
  hears(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** Stands for an RTCPeerConnection: it has an offer, finds candidates when the test says so, and is never connected. */
export class FakeConnection {
  static made: FakeConnection[] = [];
  onicecandidate: ((event: { candidate: object }) => void) | null = null;
  localDescription: { sdp: string } | null = null;
  connectionState = "new";
  closed = false;
  constructor(config: { iceServers?: unknown } = {}) {
    if (typeof config.iceServers === "number") throw new TypeError("not iterable");
    FakeConnection.made.push(this);
  }
  /** Its channels, in the order in which they were made. */
  readonly channels: { readyState?: string; onopen?: () => void; onmessage?: (event: { data: ArrayBuffer }) => void }[] = [];
  /** The others' descriptions. */
  readonly remote: string[] = [];
  createDataChannel(): object {
    return this.channels[this.channels.push({}) - 1]!;
  }
  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remote.push(sdp);
  }
  /** All channels that there are now are open. */
  connects(): void {
    for (const channel of this.channels) {
      channel.readyState = "open";
      channel.onopen?.();
    }
  }
  async createOffer(): Promise<object> {
    return {};
  }
  async setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: "an offer" };
  }
  finds(candidate: string): void {
    this.localDescription!.sdp += ` with ${candidate}`;
    this.onicecandidate?.({ candidate: { candidate } });
  }
  close(): void {
    this.closed = true;
  }
}
