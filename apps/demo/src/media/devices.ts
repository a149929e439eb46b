/** The camera, the microphone and the speakers of this device, and what became of asking for them. */

import { recall, recallFlag, remember, rememberFlag } from "../room/remember.js";

export type Kind = "camera" | "microphone";

/**
 * How it is with a device: not asked for yet, being opened, on, switched off by its owner; or refused by the browser,
 * not there, used by another program, pulled out, out of reach because the page is not secure.
 */
export type Standing = "idle" | "asking" | "on" | "off" | "denied" | "missing" | "busy" | "lost" | "insecure";

/** One camera or microphone as the components show it. */
export interface Source {
  standing: Standing;
  /** What is recorded; there is one also while the microphone is muted. */
  track: MediaStreamTrack | undefined;
  /** What there is to choose from. Names are empty until the browser has been allowed to tell them. */
  list: readonly MediaDeviceInfo[];
  /** The id of the one in use; empty: whichever the browser prefers. */
  chosen: string;
  /** Whether the one that was chosen last could not be had, so that the one before goes on. */
  kept: boolean;
}

export interface DevicesState {
  camera: Source;
  microphone: Source;
  speakers: { list: readonly MediaDeviceInfo[]; chosen: string; /** Whether this browser lets one choose. */ can: boolean };
}

/**
 * The camera's picture by how many are in the call: everybody sends theirs to everybody, so what one more costs, all
 * pay. Guesses: with these some 3 Mbit/s and one busy core suffice at each step.
 */
const PICTURES = [
  { people: 2, width: 1280, height: 720, frames: 30 },
  { people: 4, width: 640, height: 360, frames: 24 },
  { people: 8, width: 480, height: 270, frames: 20 },
  { people: Infinity, width: 320, height: 180, frames: 15 },
];
const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const INPUT: Record<Kind, MediaDeviceKind> = { camera: "videoinput", microphone: "audioinput" };
const KINDS: readonly Kind[] = ["camera", "microphone"];

/** Keeps the devices open over lobby and call. */
export class Devices {
  #state: DevicesState;
  #picture = PICTURES[0]!;
  /** The last choice of each kind, and when it has been made: one change at a time. */
  readonly #wishes = new Map<Kind, string>();
  readonly #changes = new Map<Kind, Promise<void>>();
  readonly #replacing = new Set<Kind>();
  /** Which use of the devices this is: what opens after they were given back is not kept. */
  #use = 0;
  readonly #listeners = new Set<() => void>();
  /** Hears what a person should be told at once: a device was pulled out, or will not open. */
  onTrouble: (text: string, kind: Kind) => void = () => undefined;

  // One function, so that it is added once however often this starts.
  readonly #listen = (): void => void this.#list();

  constructor() {
    const source = (kind: Kind): Source => ({
      standing: recallFlag(kind, true) ? "idle" : "off", track: undefined, list: [], chosen: recall(`${kind}-id`) ?? "", kept: false,
    });
    this.#state = {
      camera: source("camera"),
      microphone: source("microphone"),
      speakers: { list: [], chosen: recall("speaker-id") ?? "", can: "setSinkId" in HTMLMediaElement.prototype },
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): DevicesState => this.#state;

  /** Asks for all that its owner wants on, in one question. */
  async start(): Promise<void> {
    if (!this.#reachable()) return;
    navigator.mediaDevices.addEventListener("devicechange", this.#listen);
    await this.#list();
    await this.#ask();
  }

  async #ask(): Promise<void> {
    const wanted = KINDS.filter((kind) => this.#state[kind].standing === "idle");
    const there = wanted.filter((kind) => this.#state[kind].list.length > 0);
    for (const kind of wanted) if (!there.includes(kind)) this.#set(kind, { standing: "missing" });
    if (there.length === 2 && (await this.#open(there)) === "denied") {
      // Perhaps only one of them is refused. Whoever closed the question is not asked again.
      for (const kind of there) if ((await permission(kind)) === "granted" && (await this.#open([kind])) === "stopped") break;
    } else if (there.length === 1) await this.#open(there);
  }

  /** Asks once more for what was refused or could not be opened. */
  async again(): Promise<void> {
    for (const kind of KINDS) if (["denied", "busy"].includes(this.#state[kind].standing)) this.#set(kind, { standing: "idle" });
    await this.#ask();
  }

  /** Switches one on or off. A camera that is off is not in use; a microphone is only deaf, so that it is back at once. */
  async toggle(kind: Kind): Promise<void> {
    const { standing, track } = this.#state[kind];
    if (standing === "asking") return;
    if (!this.#reachable()) return this.onTrouble(whyNot(kind, "insecure"), kind);
    if (standing === "on") {
      rememberFlag(kind, false);
      if (kind === "camera") this.#drop(kind);
      else if (track) track.enabled = false;
      this.#set(kind, { standing: "off" });
      return;
    }
    rememberFlag(kind, true);
    if (track?.readyState === "live") {
      track.enabled = true;
      this.#set(kind, { standing: "on" });
      return;
    }
    await this.#openOrSay(kind);
  }

  /** Uses another camera or microphone from now on; one that is off stays off. */
  choose(kind: Kind, id: string): Promise<void> {
    this.#wishes.set(kind, id);
    const change = (this.#changes.get(kind) ?? Promise.resolve()).then(async () => {
      // Arrow keys go through a list: only where they stop is opened.
      if (this.#wishes.get(kind) !== id) return;
      const { standing, track } = this.#state[kind];
      if (track?.readyState === "live") return this.#replace(kind, id, track);
      remember(`${kind}-id`, id);
      this.#set(kind, { chosen: id, kept: false });
      // One that is off is opened when it is switched on.
      if (standing !== "off") await this.#openOrSay(kind);
    });
    this.#changes.set(kind, change);
    return change;
  }

  /** Another one in the place of one that runs, which goes on where the other cannot be had. */
  async #replace(kind: Kind, id: string, before: MediaStreamTrack): Promise<void> {
    const { standing, chosen } = this.#state[kind];
    // A muted microphone stays muted.
    const as = standing === "off" ? "off" : "on";
    this.#replacing.add(kind);
    this.#set(kind, { chosen: id, kept: false, ...(as === "on" && { standing: "asking" }) });
    let now = await this.#request([kind], as);
    if (now !== as && now !== "denied" && now !== "stopped") {
      // Many phones open only one camera at a time. The others see its last picture meanwhile.
      before.stop();
      now = await this.#request([kind], as);
    }
    if (now === as) remember(`${kind}-id`, id);
    else if (now !== "stopped") {
      this.#set(kind, { chosen });
      now = before.readyState === "live" ? as : await this.#request([kind], as);
      if (now === as) this.#set(kind, { standing: as, kept: true });
      else if (now !== "stopped") {
        this.#drop(kind);
        this.#set(kind, { standing: now });
      }
      if (now !== "stopped") this.onTrouble(now === as ? notThatOne(kind) : whyNot(kind, now), kind);
    }
    this.#replacing.delete(kind);
    await this.#list();
  }

  chooseSpeaker(id: string): void {
    remember("speaker-id", id);
    this.#change({ speakers: { ...this.#state.speakers, chosen: id } });
  }

  /** Makes the camera's picture as large as so many people can bear. */
  fitTo(people: number): void {
    const picture = PICTURES.find((row) => people <= row.people)!;
    if (picture === this.#picture) return;
    this.#picture = picture;
    // A camera that cannot goes on as it is.
    void this.#state.camera.track?.applyConstraints(this.#size()).catch(() => undefined);
  }

  #size(): MediaTrackConstraints {
    const { width, height, frames } = this.#picture;
    return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frames } };
  }

  /** Gives every device back; `start` takes them again. */
  stop(): void {
    this.#use++;
    this.#wishes.clear();
    for (const kind of KINDS) {
      this.#drop(kind);
      if (["on", "asking"].includes(this.#state[kind].standing)) this.#set(kind, { standing: "idle" });
    }
  }

  async #openOrSay(kind: Kind): Promise<void> {
    await this.#open([kind]);
    const text = whyNot(kind, this.#state[kind].standing);
    if (text) this.onTrouble(text, kind);
  }

  /** Opens devices with one question, `as` switched on or off, and notes what became of it. */
  async #open(kinds: readonly Kind[], as: "on" | "off" = "on"): Promise<Standing | "stopped"> {
    if (as === "on") for (const kind of kinds) this.#set(kind, { standing: "asking" });
    const standing = await this.#request(kinds, as);
    if (standing !== as && standing !== "stopped") {
      for (const kind of kinds) {
        this.#drop(kind);
        this.#set(kind, { standing });
      }
      // The two together fail by the worse one: the other may do alone.
      if (kinds.length > 1 && standing !== "denied") for (const kind of kinds) if ((await this.#open([kind])) === "stopped") break;
    }
    // Names can be read only now.
    await this.#list();
    return standing;
  }

  /** Asks the browser, and takes what it gives. What fails changes nothing; `stopped`: nobody wants it any more. */
  async #request(kinds: readonly Kind[], as: "on" | "off"): Promise<Standing | "stopped"> {
    const use = this.#use;
    let standing: Standing | "stopped" = as;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        ...(kinds.includes("camera") && { video: { ...this.#size(), ...this.#exactly("camera") } }),
        ...(kinds.includes("microphone") && { audio: { ...AUDIO, ...this.#exactly("microphone") } }),
      });
      if (use === this.#use) for (const track of stream.getTracks()) this.#take(track.kind === "video" ? "camera" : "microphone", track, as);
      else for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      standing = standingAfter(error);
    }
    return use === this.#use ? standing : "stopped";
  }

  #exactly(kind: Kind): MediaTrackConstraints {
    const { chosen, list } = this.#state[kind];
    return list.some((device) => device.deviceId === chosen) && chosen !== "" ? { deviceId: { exact: chosen } } : {};
  }

  #take(kind: Kind, track: MediaStreamTrack, as: "on" | "off"): void {
    const { track: before, chosen } = this.#state[kind];
    if (kind === "camera") track.contentHint = "motion";
    // Before anybody has it: who is muted is not heard for a moment either.
    if (as === "off") track.enabled = false;
    // Told when the device goes, never for our own stop().
    track.addEventListener("ended", () => void this.#onLost(kind, track));
    this.#set(kind, { standing: as, track, chosen: track.getSettings().deviceId ?? chosen, kept: false });
    // Only now: the others are to see the one or the other, never neither.
    before?.stop();
  }

  async #onLost(kind: Kind, track: MediaStreamTrack): Promise<void> {
    // Some phones end the camera that runs when another is opened: whoever changes it sees to that.
    if (this.#state[kind].track !== track || this.#replacing.has(kind)) return;
    const as = this.#state[kind].standing === "off" ? "off" : "on";
    this.#drop(kind);
    this.#set(kind, { standing: "lost", chosen: "" });
    await this.#list();
    if (this.#state[kind].list.length === 0) return this.onTrouble(whyNot(kind, "lost"), kind);
    await this.#open([kind], as);
    const now = this.#state[kind];
    const name = now.list.find((device) => device.deviceId === now.chosen)?.label || "another one";
    if (now.standing !== as) return this.onTrouble(whyNot(kind, "lost"), kind);
    this.onTrouble(`Your ${kind} is gone. ${name} takes its place.`, kind);
  }

  #drop(kind: Kind): void {
    this.#state[kind].track?.stop();
    this.#set(kind, { track: undefined });
  }

  #reachable(): boolean {
    if (navigator.mediaDevices) return true;
    for (const kind of KINDS) this.#set(kind, { standing: "insecure" });
    return false;
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    for (const kind of KINDS) {
      const list = all.filter((device) => device.kind === INPUT[kind]);
      // One that was missing, or gone, is back.
      const back = list.length > 0 && ["missing", "lost"].includes(this.#state[kind].standing);
      this.#set(kind, { list, ...(back && { standing: "off" }) });
    }
    this.#change({ speakers: { ...this.#state.speakers, list: all.filter((device) => device.kind === "audiooutput") } });
  }

  #set(kind: Kind, change: Partial<Source>): void {
    this.#change({ [kind]: { ...this.#state[kind], ...change } });
  }

  #change(change: Partial<DevicesState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function standingAfter(error: unknown): Standing {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}

async function permission(kind: Kind): Promise<PermissionState | "unknown"> {
  try {
    return (await navigator.permissions.query({ name: kind as PermissionName })).state;
  } catch {
    return "unknown";
  }
}

/** What to tell a person whose camera or microphone is not on; empty where nothing is wrong. */
export function whyNot(kind: Kind, standing: Standing): string {
  const name = kind === "camera" ? "camera" : "microphone";
  switch (standing) {
    case "denied":
      return `The browser does not let this page use the ${name}. Allow it beside the address, then try again.`;
    case "missing":
      return `No ${name} was found.`;
    case "busy":
      return `The ${name} cannot be opened. Perhaps another program uses it.`;
    case "lost":
      return `The ${name} was unplugged.`;
    case "insecure":
      return `The browser gives the ${name} only to pages with https. This one was opened without.`;
    default:
      return "";
  }
}

/** What to tell a person whose choice could not be had while the one before goes on. */
export const notThatOne = (kind: Kind): string => `That ${kind} cannot be opened. The one before goes on.`;

/** Whether a picture shows what lies before its owner, and not the owner: nobody knows that as in a mirror. */
export const facesAway = (track: MediaStreamTrack | undefined): boolean => track?.getSettings().facingMode === "environment";
