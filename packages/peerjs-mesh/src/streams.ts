import { MeshError } from "./errors.js";
import { KINDS, type Tracks } from "./driver/media.js";

/** Bits of what somebody gives, and none of it. */
const AUDIO = 1, VIDEO = 2, MUTED = 4, NOTHING = 255;
const NO_TRACKS: Tracks = [null, null];

/** What a member's stream carries. */
export interface StreamState {
  /** It has sound. */
  audio: boolean;
  /** It has a picture. */
  video: boolean;
  /** Its sound is muted by {@link Mesh.mute}. */
  muted: boolean;
}

/** What this member gives: two tracks at most, whatever streams they are from. */
export class Given {
  tracks: Tracks = NO_TRACKS;
  #gives = false;
  #muted = false;
  #warned = false;

  /** `changed` is called when one of the tracks has ended by itself: a device is gone, a shared window closed. */
  constructor(readonly changed: () => void, readonly warn: (text: string) => void) {}

  /** As the module has it. */
  get kinds(): number {
    const [audio, video] = this.tracks;
    return this.#gives ? (audio ? AUDIO : 0) | (video ? VIDEO : 0) | (this.#muted ? MUTED : 0) : NOTHING;
  }

  /** Gives these tracks from now on. With `keep`, a kind that is not among them goes on as it is. */
  take([audio, video]: Tracks, keep: boolean): void {
    const kept = (track: MediaStreamTrack | null): MediaStreamTrack | null => (keep ? track : null);
    this.tracks = [audio ?? kept(this.tracks[0]), video ?? kept(this.tracks[1])];
    this.#gives = true;
    if (this.#muted) this.mute(true);
    for (const track of this.tracks) track?.addEventListener("ended", this.#ended);
  }

  /** Gives nothing any more. */
  end(): void {
    this.tracks = NO_TRACKS;
    this.#gives = false;
  }

  mute(muted: boolean): void {
    this.#muted = muted;
    if (this.tracks[0]) this.tracks[0].enabled = !muted;
  }

  /** A stream's tracks, one of each kind. Throws `invalid-option` when it is no stream. */
  tracksOf(stream: MediaStream | null | undefined): Tracks {
    if (!stream) return NO_TRACKS;
    if (typeof stream.getTracks !== "function") {
      throw new MeshError("invalid-option", "stream", { hint: "stream must be a MediaStream" });
    }
    return KINDS.map((kind) => {
      const [first = null, second] = stream.getTracks().filter((track) => track.kind === kind);
      if (second && !this.#warned) {
        this.#warned = true;
        this.warn(`of several ${kind} tracks in a stream the first is sent`);
      }
      return first;
    }) as [MediaStreamTrack | null, MediaStreamTrack | null];
  }

  readonly #ended = ({ target }: Event): void => {
    const [audio, video] = this.tracks;
    if (target !== audio && target !== video) return;
    this.tracks = [audio === target ? null : audio, video === target ? null : video];
    this.changed();
  };
}

/** Puts into a stream what belongs to these kinds of what is received, and takes out all else. */
export function fill(stream: MediaStream, received: MediaStreamTrack[], kinds: number): StreamState {
  const wanted = received.filter((_, index) => kinds & (1 << index));
  for (const track of stream.getTracks()) if (!wanted.includes(track)) stream.removeTrack(track);
  for (const track of wanted) stream.addTrack(track);
  return { audio: (kinds & AUDIO) > 0, video: (kinds & VIDEO) > 0, muted: (kinds & MUTED) > 0 };
}
