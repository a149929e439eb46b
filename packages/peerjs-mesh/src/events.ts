import type { MeshError } from "./errors.js";
import type { Mode } from "./options.js";
import type { StreamState } from "./streams.js";

/** The events of a mesh and what their listeners are given. Lists contain the own id. */
export interface MeshEvents {
  /** The own id; once, for it is kept for life. */
  joined: [id: string];
  /** A host is there: is it this member, who is it, in which term. At each host. */
  hostconnected: [isHost: boolean, details: { host: string; term: number }];
  /** Everybody in the room, each time it becomes whole for this member; `false` when it no longer is. */
  sync: [peers: string[] | false];
  /** The host is gone. */
  hostdropped: [];
  /** Somebody is in the room, and the list with them. Once per member and stay. */
  peerjoined: [id: string, peers: string[]];
  /** Somebody is no longer in the room, and the list without them. */
  peerdropped: [id: string, peers: string[]];
  /** A message and its sender. */
  data: [value: unknown, from: string];
  /** Another member's init data, new or changed. */
  initData: [id: string, data: unknown];
  /** A member's stream, once. Until its `streamdrop` it is the same object; its tracks come and go. */
  stream: [stream: MediaStream, id: string];
  /** What that member gives has changed; also told with each `stream`. */
  streamchanged: [id: string, state: StreamState];
  /** A member's stream has ended: it has hung up or is gone. Once per stream. */
  streamdrop: [id: string];
  /** A member has a stream, and `auto_call_peer` is reached: `callPeer` gets it. */
  "manual-stream": [id: string];
  /** The room is full: its limit, and how often this member has asked. */
  meshlimitexceeded: [limit: number, tries: number];
  /** The connection to the signalling server. A room that runs needs none. */
  signalling: [state: "up" | "down"];
  /**
   * Messages of a member that will never come: the numbers of the first and the last. Of one that was dropped it is told
   * when it comes back without them, or can come back no longer: 30 s after the drop.
   */
  gap: [gap: { from: string; missing: [first: number, last: number] }];
  /** Something went wrong. Never thrown for want of a listener. */
  error: [error: MeshError];
  /** This member has left; the last event. */
  left: [];
}

/** What `status()` tells. */
export interface MeshStatus {
  id: string;
  room: string;
  /** Names the room's founding: 32 hex digits, zeros before the first `sync`. */
  founding: string;
  /** The counter of the host's term. */
  term: number;
  /** The host's id. */
  host: string | null;
  isHost: boolean;
  mode: Mode;
  signalling: "up" | "down";
  /** Bytes of own messages that are not known to have reached everybody. */
  buffered: number;
  /** The others. */
  peers: { id: string; dialect: "ours" | "original" | "peerjs"; path: "direct" | "member" | "relay"; rttMs: number | null }[];
}
