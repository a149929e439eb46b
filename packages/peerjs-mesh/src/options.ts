import { MeshError } from "./errors.js";

/** How to reach the signalling server, as PeerJS's constructor takes it. */
export interface ConnectionOptions {
  /** Host name; `"/"` is the page's own. Default: PeerJS's cloud. */
  host?: string;
  /** Default 443. */
  port?: number;
  /** Where the server is mounted. Default `"/"`. */
  path?: string;
  /** Default `"peerjs"`. */
  key?: string;
  /** Whether to use TLS. Default: whether the page does; always with PeerJS's cloud. */
  secure?: boolean;
  /** What every RTCPeerConnection is made with. Default: PeerJS's STUN and TURN servers. */
  config?: RTCConfiguration;
  /** Taken for PeerJS's sake. */
  debug?: 0 | 1 | 2 | 3;
}

/** Options of {@link mesh}. Absent means default; `0` and `false` mean themselves. */
export interface MeshOptions {
  /** How to reach the signalling server. Absent: PeerJS's cloud. */
  connection?: ConnectionOptions;
  /** Any value that can be sent: every member hears it with this member. At most 64 KiB encoded. */
  initData?: unknown;
  /** The most members of the room while this member hosts it; -1: no limit. Default 10. */
  mesh_limit?: number;
  /**
   * `"host"`: the host passes messages on. `"full"`: they go directly wherever two members can be connected, and by way of
   * the host else. `"auto"` is not available yet. Default `"host"`.
   */
  mesh_mode?: "host" | "full" | "auto";
  /** Milliseconds until a member that is not in the room gives up; -1: never. Default -1. */
  join_timeout?: number;
  /** Milliseconds that {@link Mesh.waitToSync} waits; -1: for ever. Default 60 000. */
  sync_timeout?: number;
  /** Milliseconds between heartbeats, 100 to 60 000. Default 500. */
  do_health_check_interval?: number;
  /** Not available yet. Default false. */
  owner_mode?: boolean;
  /** Has an effect in owner mode only. */
  is_owner?: boolean;
  /** What this member's warnings in the console are marked with. Default: the room's name. */
  log_id?: unknown;
  /** The original's; no effect: attempts go on until `join_timeout`. */
  retry?: unknown;
  /** The original's; no effect: attempts back off by themselves. */
  retry_interval?: unknown;
  /** The original's; had no effect there either. */
  max_mesh_peers?: unknown;
  /** How many members' streams come by themselves; for the rest `manual-stream` is told. -1: all. Default 5. */
  auto_call_peer?: number;
  /** The original's; health checks are always on. */
  do_health_check?: unknown;
  /** The original's; `true` has no effect: nothing here needs black pictures or silence. Default false. */
  insert_dummy_track?: boolean;
}

/** By which ways messages go; their places are the module's numbers. */
export const MODES = ["host", "full"] as const;
export type Mode = (typeof MODES)[number];

/** Options with every default filled in. */
export interface Settings {
  /** The websocket's address up to the key: `…/peerjs?key=…`. */
  url: string;
  rtc: RTCConfiguration;
  meshLimit: number;
  /** How many streams come by themselves; 2^32 - 1: all. */
  autoCall: number;
  mode: Mode;
  joinTimeout: number;
  syncTimeout: number;
  healthMs: number;
  /** Whether `initData` was given (it may be `undefined`'s equal, `null`). */
  hasInitData: boolean;
}

const PATTERN = /^(?!.{129})[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*$/;
const IGNORED = ["retry", "retry_interval", "max_mesh_peers", "do_health_check"];
/** Ignored, too; but what is false says nothing. */
const IGNORED_FLAGS = ["is_owner", "insert_dummy_track"];
const KNOWN = [
  "connection", "initData", "mesh_limit", "mesh_mode", "join_timeout", "sync_timeout", "do_health_check_interval",
  "owner_mode", "auto_call_peer", "log_id", ...IGNORED, ...IGNORED_FLAGS,
];
const CONNECTION_IGNORED = ["token", "pingInterval", "logFunction", "referrerPolicy", "serializers"];
const CONNECTION_KNOWN = ["host", "port", "path", "key", "secure", "config", "debug", ...CONNECTION_IGNORED];
const CLOUD = "0.peerjs.com";

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isInteger = (least: number, most: number) => (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

/** The room's name, if it is one. Throws `invalid-room`. */
export function checkRoom(room: unknown): string {
  if (typeof room === "string" && PATTERN.test(room)) return room;
  throw new MeshError("invalid-room", show(room));
}

/**
 * Options, checked, with every default. Throws `invalid-option` or `unsupported`, naming the option.
 * Everything that is merely not used goes to `warn`, in one line for all of one kind.
 */
export function checkOptions(options: unknown, page: { hostname: string; protocol: string } | undefined,
  warn: (text: string) => void): Settings {
  const { given, take, flag, whole } = read("options", options, "");
  const time = (name: string): number | undefined =>
    take(name, isInteger(-1, NEVER_MS), "a whole number of milliseconds, or -1 for no limit");

  const mode = take<Mode | "auto">("mesh_mode", (value) => [...MODES, "auto"].includes(value as string),
    '"host", "full" or "auto"') ?? "host";
  if (mode === "auto") throw later('mesh_mode: "auto"', 'mesh_mode can be "host" or "full"');
  if (flag("owner_mode")) throw later("owner_mode: true", "leave it out: the room goes on without its owner");
  warnOf(given, KNOWN, [...IGNORED, ...IGNORED_FLAGS.filter(flag)], "", warn);
  const count = (name: string, fallback: number, least: number): number =>
    take(name, (value) => value === -1 || isInteger(least, 0xffff_fffe)(value),
      `a whole number from ${least}, or -1 for no limit`) ?? fallback;
  const limit = count("mesh_limit", 10, 1);
  return {
    ...checkConnection(given["connection"], page, warn),
    meshLimit: limit === -1 ? 0 : limit,
    // -1 is 2^32 - 1 there.
    autoCall: count("auto_call_peer", 5, 0) >>> 0,
    mode,
    joinTimeout: time("join_timeout") ?? -1,
    syncTimeout: time("sync_timeout") ?? 60_000,
    healthMs: whole("do_health_check_interval", 100, 60_000) ?? 500,
    hasInitData: given["initData"] !== undefined,
  };
}

/** Longest time that timers of browsers can wait, ms. */
const NEVER_MS = 0x7fff_ffff;

function checkConnection(connection: unknown, page: { hostname: string; protocol: string } | undefined,
  warn: (text: string) => void): { url: string; rtc: RTCConfiguration } {
  const { given, take, flag, whole } = read("connection", connection, "connection.");
  warnOf(given, CONNECTION_KNOWN, CONNECTION_IGNORED, "connection.", warn);
  const text = (value: unknown): boolean => typeof value === "string" && value !== "";
  const asked = take<string>("host", text, "a host name") ?? CLOUD;
  const port = whole("port", 1, 65_535) ?? 443;
  const path = take<string>("path", (value) => typeof value === "string", "text") ?? "/";
  const key = take<string>("key", text, "text") ?? "peerjs";
  const wished = flag("secure");
  const config = take<RTCConfiguration>("config", isObject, "an RTCConfiguration");
  whole("debug", 0, 3);

  // As PeerJS has it: "/" is the page's host, the cloud is always secure, slashes round the path are put in.
  const host = asked === "/" ? (page?.hostname ?? "localhost") : asked;
  const secure = host === CLOUD || (wished ?? page?.protocol === "https:");
  const authority = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const slashed = `/${path}/`.replace(/^\/\//, "/").replace(/\/\/$/, "/");
  const url = `${secure ? "wss" : "ws"}://${authority}:${port}${slashed}peerjs?key=${encodeURIComponent(key)}`;
  if (/[/?#@\s]/.test(host) || !isUrl(url)) throw invalid("connection.host", asked, "a host name");
  return { url, rtc: config ?? defaultConfig() };
}

/** What PeerJS 1.5 gives its connections. */
const defaultConfig = (): RTCConfiguration => ({
  iceServers: [
    { urls: "stun:stun.l.google.com:19302" },
    {
      urls: ["turn:eu-0.turn.peerjs.com:3478", "turn:us-0.turn.peerjs.com:3478"],
      username: "peerjs",
      credential: "peerjsp",
    },
  ],
});

function isUrl(text: string): boolean {
  try {
    new URL(text);
    return true;
  } catch {
    return false;
  }
}

/** What is given, by name: `take` checks one and gives it; `flag`: true or false; `whole`: a number. */
function read(what: string, options: unknown, prefix: string) {
  if (options !== undefined && !isObject(options)) throw invalid(what, options, "an object");
  const given = options ?? {};
  const take = <T>(name: string, good: (value: unknown) => boolean, wanted: string): T | undefined => {
    const value = given[name];
    if (value !== undefined && !good(value)) throw invalid(prefix + name, value, wanted);
    return value as T | undefined;
  };
  const flag = (name: string) => take<boolean>(name, (value) => typeof value === "boolean", "true or false");
  const whole = (name: string, least: number, most: number) =>
    take<number>(name, isInteger(least, most), `a whole number from ${least} to ${most}`);
  return { given, take, flag, whole };
}

function warnOf(given: Record<string, unknown>, known: string[], ignored: string[], prefix: string,
  warn: (text: string) => void): void {
  const unused = Object.keys(given).filter((name) => ignored.includes(name) && given[name] !== undefined);
  if (unused.length > 0) warn(`no effect here: ${unused.map((name) => prefix + name).join(", ")}`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const nearest = known.map((other) => [distance(name, other), other] as const).sort((a, b) => a[0] - b[0])[0]!;
    const hint = nearest[0] <= name.length / 2 ? `; did you mean ${prefix}${nearest[1]}?` : "";
    warn(`unknown option ${prefix}${name}${hint}`);
  }
}

/** How many letters of each are not in the other, whatever their order and case: near enough for a hint. */
const distance = (from: string, to: string): number => {
  const strays = (one: string, other: string) =>
    Array.from(one.toLowerCase()).filter((letter) => !other.toLowerCase().includes(letter)).length;
  return strays(from, to) + strays(to, from);
};

const invalid = (name: string, value: unknown, wanted: string): MeshError =>
  new MeshError("invalid-option", `${name} is ${show(value)}`, { hint: `${name} must be ${wanted}` });

const later = (what: string, hint: string): MeshError =>
  new MeshError("unsupported", `${what} is not yet available`, { hint });

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 64));
  return typeof value === "object" && value !== null ? `a${Array.isArray(value) ? "n array" : "n object"}` : String(value);
}
