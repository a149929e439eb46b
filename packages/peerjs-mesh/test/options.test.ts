import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MeshError } from "../src/errors.js";
import { checkOptions, checkRoom, type Settings } from "../src/options.js";

interface Vectors {
  rooms: { good: string[]; bad: string[] };
  good: object[];
  refused: { options: object; code: string; names: string }[];
}
const url = new URL("../../../testdata/options.json", import.meta.url);
const vectors = JSON.parse(readFileSync(url, "utf8")) as Vectors;

const page = { hostname: "page.example", protocol: "http:" };
const securePage = { hostname: "page.example", protocol: "https:" };

/** Settings, and the warnings on the way. */
function check(options?: unknown, where: typeof page | null = page): Settings & { warnings: string[] } {
  const warnings: string[] = [];
  return { ...checkOptions(options, where ?? undefined, (text) => warnings.push(text)), warnings };
}
const refusal = (act: () => unknown): MeshError => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof MeshError, String(error));
    return error;
  }
  return assert.fail("it was accepted");
};

for (const room of vectors.rooms.good) {
  test(`the room name ${JSON.stringify(room)} is one`, () => assert.equal(checkRoom(room), room));
}
for (const room of [...vectors.rooms.bad, undefined, null, 7, {}]) {
  test(`the room name ${JSON.stringify(room)} is none`, () => assert.equal(refusal(() => checkRoom(room)).code, "invalid-room"));
}
for (const options of vectors.good) {
  test(`${JSON.stringify(options)} is accepted`, () => assert.ok(check(options)));
}
for (const { options, code, names } of vectors.refused) {
  test(`${JSON.stringify(options)} is refused by name`, () => {
    const error = refusal(() => check(options));
    assert.equal(error.code, code);
    assert.ok(error.message.includes(names), error.message);
    if (code === "invalid-option") assert.ok(error.hint.includes(`${names} must be`), error.hint);
  });
}
for (const options of [5, "text", [], null]) {
  test(`${JSON.stringify(options)} are no options`, () => assert.equal(refusal(() => check(options)).code, "invalid-option"));
}

test("values that are false count", () => {
  const settings = check({ join_timeout: 0, sync_timeout: 0, initData: 0 });
  assert.deepEqual([settings.joinTimeout, settings.syncTimeout, settings.hasInitData], [0, 0, true]);
  assert.deepEqual([0, -1].map((limit) => check({ auto_call_peer: limit }).autoCall), [0, 0xffff_ffff]);
  assert.equal(check({ initData: undefined }).hasInitData, false);
  assert.equal(check({ connection: { host: "h", secure: false } }, securePage).url, "ws://h:443/peerjs?key=peerjs");
});

test("defaults are the original's, but for the heartbeat", () => {
  const { meshLimit, autoCall, mode, joinTimeout, syncTimeout, healthMs } = check();
  assert.deepEqual([meshLimit, autoCall, mode, joinTimeout, syncTimeout, healthMs], [10, 5, "host", -1, 60_000, 500]);
});

test("without a connection it is PeerJS's cloud and PeerJS's STUN and TURN", () => {
  const { url: address, rtc } = check();
  assert.equal(address, "wss://0.peerjs.com:443/peerjs?key=peerjs");
  assert.equal(rtc.iceServers?.length, 2);
  assert.deepEqual(check({ connection: { config: { iceServers: [] } } }).rtc, { iceServers: [] });
});

const URLS: [connection: object, where: typeof page | null, url: string][] = [
  [{ host: "/", port: 9000 }, page, "ws://page.example:9000/peerjs?key=peerjs"],
  [{ host: "/" }, securePage, "wss://page.example:443/peerjs?key=peerjs"],
  [{ host: "/", port: 1 }, null, "ws://localhost:1/peerjs?key=peerjs"],
  [{ host: "h" }, securePage, "wss://h:443/peerjs?key=peerjs"],
  [{ host: "h", secure: true }, page, "wss://h:443/peerjs?key=peerjs"],
  [{ secure: false }, page, "wss://0.peerjs.com:443/peerjs?key=peerjs"],
  [{ host: "h", path: "my/app" }, page, "ws://h:443/my/app/peerjs?key=peerjs"],
  [{ host: "h", path: "/my/app/" }, page, "ws://h:443/my/app/peerjs?key=peerjs"],
  [{ host: "h", path: "" }, page, "ws://h:443/peerjs?key=peerjs"],
  [{ host: "h", key: "a b&c" }, page, "ws://h:443/peerjs?key=a%20b%26c"],
  [{ host: "::1" }, page, "ws://[::1]:443/peerjs?key=peerjs"],
  [{ host: "[::1]" }, page, "ws://[::1]:443/peerjs?key=peerjs"],
];
for (const [connection, where, wanted] of URLS) {
  test(`${JSON.stringify(connection)} on ${where?.protocol ?? "no page"} is ${wanted}`, () => {
    assert.equal(check({ connection }, where).url, wanted);
  });
}
for (const host of ["http://h", "h?x", "a b", "u@h", "h#", "h:9000"]) {
  test(`${JSON.stringify(host)} is no host name`, () => {
    assert.match(refusal(() => check({ connection: { host } })).message, /connection\.host/);
  });
}

test("options that have no effect here are told in one line", () => {
  const { warnings } = check({ retry: 5, retry_interval: 0, log_id: "x", max_mesh_peers: undefined, is_owner: true });
  assert.deepEqual(warnings, ["no effect here: retry, retry_interval, is_owner"]);
  assert.deepEqual(check({ insert_dummy_track: true }).warnings, ["no effect here: insert_dummy_track"]);
  assert.deepEqual(check({ insert_dummy_track: false, is_owner: false, log_id: 7 }).warnings, []);
  assert.deepEqual(check({ connection: { token: "t", debug: 3 } }).warnings, ["no effect here: connection.token"]);
});

test("an unknown option is told with the nearest name", () => {
  assert.deepEqual(check({ meshLimit: 3 }).warnings, ["unknown option meshLimit; did you mean mesh_limit?"]);
  assert.deepEqual(check({ jointimeout: 3 }).warnings, ["unknown option jointimeout; did you mean join_timeout?"]);
  assert.deepEqual(check({ connection: { hots: "h" } }).warnings, ["unknown option connection.hots; did you mean connection.host?"]);
  assert.deepEqual(check({ zzz: 1 }).warnings, ["unknown option zzz"]);
});
