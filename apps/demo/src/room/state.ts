/** What a room looks like to the components: plain values, never changed in place. */

/** What every member tells the others about itself, as its init data. */
export interface Card {
  name: string;
  /** Whether it is heard. */
  mic: boolean;
  /** Whether its camera is on. */
  camera: boolean;
  /** Whether it shows its screen. */
  screen: boolean;
}

export interface Member extends Card {
  id: string;
  self: boolean;
  /** Whether it holds the room: it lets newcomers in and passes messages on. */
  holder: boolean;
  /** What comes from it; one's own stream is not here. */
  stream: MediaStream | undefined;
}

/** A line of the chat. */
export interface Line {
  key: number;
  kind: "own" | "other" | "event" | "trouble";
  text: string;
  /** Who wrote it, for lines of others. */
  who: string;
  at: Date;
  /** Of own lines: is it still on its way, and why it never got off. */
  waiting: boolean;
  failure: string;
}

/** Something said in the bar above the call for a while. */
export interface Notice {
  key: number;
  tone: "info" | "good" | "trouble";
  text: string;
  /** What it is about: what is said later of the same takes its place. */
  topic?: string;
  /** People who have come: one notice names them all. */
  arrived?: readonly string[];
}

/**
 * Where this member stands: on its way in, in the room, in it but cut off from the others, before a full room, without a
 * server, unable to go on, gone.
 */
export type Phase = "connecting" | "in" | "interrupted" | "full" | "no-server" | "failed" | "left";

export interface RoomState {
  room: string;
  phase: Phase;
  /** Why, where the phase is `failed` or `no-server`. */
  reason: string;
  /** The most members that a full room takes. */
  limit: number;
  /** Oneself first, then in order of appearance. */
  members: readonly Member[];
  lines: readonly Line[];
  /** Messages of others so far: what is unread is counted from it. */
  heard: number;
  notices: readonly Notice[];
  /** The server is away: the room goes on, but nobody new gets in. */
  serverAway: boolean;
}
