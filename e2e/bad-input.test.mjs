// Bad input, a row each: what is wrong, on which face, the code (or the event) that says so, and by when. Nothing hangs, nothing dies.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { asClient, counted, GARBAGE, gated, NO_MESSAGES, nobody, offersMuch, says, silent, WRONG_MESSAGES } from "./harness/bad-servers.mjs";
import { Member } from "./harness/member.mjs";
import { startNative } from "./harness/native-member.mjs";
import { plainNet } from "./harness/net.mjs";
import { calm, listEachOther, marks } from "./harness/oracle.mjs";
import { agentUrl, PageMember } from "./harness/page-member.mjs";
import { stop } from "./harness/processes.mjs";
import { binary, startNpmPeer, startOurs } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";
import { now, short, within } from "./harness/time.mjs";

/** So many rows at once: most of their time is waiting. */
const AT_ONCE = 4;

const place = plainNet().place("here");
let stage;
let servers;
before(async () => {
  stage = await Stage.open(plainNet());
  servers = { ours: await startOurs(place), "npm-peer": await startNpmPeer(place) };
  await stage.warm(["chromium"]);
});
after(async () => {
  await stage?.close();
  await Promise.all(Object.values(servers ?? {}).map((server) => server.stop()));
});

/** The page in which all members of the face `mesh()` are. */
let shared;

/** A call of `mesh(room, options)` in the shared page, with what is `said` in the same task. */
async function callInShared({ room = randomUUID(), server = servers.ours, options = {}, said = [] }) {
  const page = await (shared ??= openShared());
  const member = new Member("mesh()", "chromium");
  const key = randomUUID();
  page.hearers.set(key, (line) => member.hear(line));
  await page.evaluate(
    async (key, room, options, said) => {
      const { mesh } = await import("/packages/peerjs-mesh/dist/index.js");
      const say = (event, fields) => globalThis.tell(key, JSON.stringify({ event, t: performance.now(), ...fields }));
      const fails = ({ code, message, hint }) => say("error", { code, message, hint });
      const made = mesh(room, options);
      globalThis.made = { ...globalThis.made, [key]: made };
      for (const data of said) made.send(data).then(() => say("sent"), fails);
      made.on("error", fails).on("joined", (id) => say("joined", { id }));
    },
    key,
    room,
    { ...options, connection: server.connection() },
    said,
  );
  member.close = async () => {
    member.over ??= "closed";
    page.hearers.delete(key);
    await page.evaluate((key) => void globalThis.made[key].cleanup(), key);
  };
  return member;
}

async function openShared() {
  const browser = await stage.browser("chromium", place);
  const { page } = await browser.open(`${stage.files.url}e2e/agent.html`);
  page.hearers = new Map();
  await page.exposeFunction("tell", (key, line) => page.hearers.get(key)?.(line));
  return page;
}

/** Both faces of a member: given what `mesh(room, options)` takes, it is a Member. And the server's own command. */
const FACES = {
  /** As JS, but in a page with others, which is no time to wait for, and with nothing between the caller and mesh(). */
  "mesh()": callInShared,
  async JS({ room = randomUUID(), server = servers.ours, options = {}, connection }) {
    const browser = await stage.browser("chromium", place);
    return new PageMember("page", "chromium", await browser.open(agentUrl(stage.files, { room, server, options, connection })));
  },
  async CLI({ room = randomUUID(), server = servers.ours, options = {}, args = [] }) {
    return startNative(place, "native", { room, server, options, args });
  },
  async serve({ args }) {
    const child = place.spawn(binary(), ["serve", ...args]);
    return { events: [], exited: child.exited, close: () => stop(child), get log() { return child.errors; } };
  },
};

const rows = [];

/**
 * A test of one row on each face that it applies to; `act` gets `start` and returns the event that is expected: an
 * error with `code`, or, where nothing is refused, one called `event`.
 */
function row(input, { faces = ["JS", "CLI"], code, event: name = "error", deadline, exit }, act) {
  for (const face of faces) {
    rows.push([`${input} | ${face} | ${code ?? name} | ${deadline} ms`, { timeout: deadline + 30_000 }, async () => {
      const started = [];
      const start = async (config = {}) => {
        const member = await FACES[face](config);
        started.push(member);
        return member;
      };
      try {
        const began = now();
        const event = await within(act({ start, face }), deadline, `${code ?? name}; said: ${started.map((m) => short(m.events.slice(-6), 800) + (m.log ?? ""))}`);
        const after = `after ${Math.round(now() - began)} ms: ${short(event)}`;
        assert.deepEqual({ event: event.event, code: event.code }, { event: name, code }, after);
        if (event.event === "error") {
          assert.equal(typeof event.message, "string");
          assert.equal(typeof event.hint, "string");
        }
        if (exit !== undefined && started.at(-1).exited) {
          const ended = await within(started.at(-1).exited, deadline, "it exits");
          assert.equal(ended.code, exit, `exit; it said: ${started.at(-1).log}`);
        }
      } finally {
        await Promise.all(started.map((member) => member.close()));
      }
      for (const member of started) member.wellSpoken?.();
    }]);
  }
}

const error = (member, code, ms) => member.next((event) => event.event === "error" && (!code || event.code === code), ms);

/** At a server of one's own: it ends with `act`. */
async function at(open, act) {
  const server = await open();
  try {
    return await act(server);
  } finally {
    await server.stop();
  }
}

/** A row in which a bad server stands where signalling should be. */
function badServer(input, expected, open, options) {
  row(input, expected, ({ start }) => at(open, async (server) => error(await start({ server, options }), expected.code)));
}

badServer("unreachable server", { code: "server-unreachable", deadline: 5000 }, nobody);
badServer("unreachable server, join_timeout", { code: "join-timeout", deadline: 6000, exit: 3 }, nobody, { join_timeout: 2000 });
badServer("server that accepts and says nothing", { code: "server-unreachable", deadline: 15_000 }, silent);
badServer("server that accepts and says nothing, join_timeout", { code: "join-timeout", deadline: 6000, exit: 3 }, silent, { join_timeout: 2000 });
badServer("websocket server that says nothing, join_timeout", { code: "join-timeout", deadline: 6000, exit: 3 }, says, { join_timeout: 2000 });
badServer("garbage from the server", { code: "server-error", deadline: 5000 }, () => says(...GARBAGE));
// Each in a session of its own: the first that is no message ends the one in which it is said.
for (const garbage of GARBAGE) {
  const what = `${short(String(garbage), 30)} from the server`;
  badServer(`${what}, join_timeout`, { faces: ["CLI"], code: "join-timeout", deadline: 5000, exit: 3 }, () => says(garbage), { join_timeout: 1000 });
  // What comes after a wrong message is heard in the same session: the message was taken, and harmed nothing.
  const expected = NO_MESSAGES.includes(garbage) ? { code: "server-error" } : { event: "joined" };
  row(`${what}, and then OPEN`, { faces: ["mesh()", "CLI"], ...expected, deadline: 5000 }, ({ start }) =>
    at(() => says(garbage, '{"type":"OPEN"}'), async (server) => {
      const member = await start({ server });
      const event = await member.next(({ event }) => event === "joined" || event === "error");
      if (expected.event) assert(server.sessions() <= 2, "one of its own and one for the room's name: none was given up for another");
      return event;
    }),
  );
}
badServer("server that refuses with a text of its own", { code: "server-error", deadline: 5000 }, () => says('{"type":"ERROR","payload":{"msg":"closed on Sundays"}}'));

row("port in use", { faces: ["serve"], code: "port-in-use", deadline: 5000, exit: 5 }, async ({ start }) => {
  const { host, port } = servers.ours;
  const serve = await start({ args: ["--host", host, "--port", `${port}`] });
  await serve.exited;
  const [, code, message, hint] = /^peerjs-mesh: ([a-z-]+): (.+?)(?: \((.+)\))?$/m.exec(serve.log) ?? [];
  assert.match(message ?? serve.log, new RegExp(`\\b${port}\\b`), "it names the port");
  return { event: "error", code, message, hint: hint ?? "" };
});

for (const kind of ["ours", "npm-peer"]) {
  row(`wrong key at ${kind}`, { faces: ["JS"], code: "invalid-key", deadline: 5000 }, async ({ start }) =>
    error(await start({ server: servers[kind], connection: servers[kind].connection({ key: "wrong" }) })),
  );
  row(`wrong key at ${kind}`, { faces: ["CLI"], code: "invalid-key", deadline: 5000, exit: 4 }, async ({ start }) =>
    error(await start({ server: servers[kind], args: ["--key", "wrong"] })),
  );
}

for (const [what, room] of Object.entries({ "a room name that is no PeerJS id": "no such/room", "an empty room name": "" })) {
  row(what, { code: "invalid-room", deadline: 5000, exit: 2 }, async ({ start }) => error(await start({ room })));
}

const WRONG_OPTIONS = {
  mesh_limit: ["text", 0, 1.5, null],
  do_health_check_interval: [10, "500", true],
  join_timeout: ["soon", -2],
  mesh_mode: ["ring", 3],
};
for (const [name, values] of Object.entries(WRONG_OPTIONS)) {
  for (const value of values) {
    row(`${name}: ${JSON.stringify(value)}`, { code: "invalid-option", deadline: 5000, exit: 2 }, async ({ start }) => {
      const event = await error(await start({ options: { [name]: value } }));
      assert.match(`${event.message} ${event.hint}`, new RegExp(name), "it names the option");
      return event;
    });
  }
}
for (const [name, value] of [["mesh_mode", "auto"], ["owner_mode", true]]) {
  row(`${name}: ${value}`, { code: "unsupported", deadline: 5000 }, async ({ start }) => error(await start({ options: { [name]: value } })));
}

/** A member that is in a room of its own. */
async function inRoom(start, config) {
  const member = await start(config);
  await listEachOther([member], 10_000);
  return member;
}

/** What a promise of `mesh.send(…)` in a page comes to; the expression is the page's. */
async function sendInPage(member, expression) {
  return member.page.evaluate(async (text) => {
    try {
      await globalThis.agent.mesh.send(new Function(`return (${text})`)());
      return { event: "sent" };
    } catch (error) {
      return { event: "error", code: error.code, message: error.message, hint: error.hint };
    }
  }, expression);
}

for (const value of ["() => 1", "Symbol('x')", "{ f() {} }", "(() => { const a = []; a.push(a); return a; })()"]) {
  row(`unencodable value ${value}`, { faces: ["JS"], code: "not-encodable", deadline: 10_000 }, async ({ start }) =>
    sendInPage(await inRoom(start), value),
  );
}
const nested = (depth, value = 1) => Array.from({ length: depth }).reduce((inner) => [inner], value);
row("unencodable value, 101 lists in each other", { faces: ["JS"], code: "not-encodable", deadline: 10_000 }, async ({ start }) =>
  sendInPage(await inRoom(start), JSON.stringify(nested(101))),
);
// Beyond what its reader of JSON goes into, it is no command.
for (const [depth, code] of [[101, "not-encodable"], [127, "not-encodable"], [128, "bad-command"], [100_000, "bad-command"]]) {
  for (const cmd of ["send", "initData"]) {
    row(`unencodable value, ${depth} lists in each other, ${cmd}`, { faces: ["CLI"], code, deadline: 15_000 }, async ({ start }) => {
      const room = randomUUID();
      const [member, other] = [await inRoom(start, { room }), await start({ room })];
      await listEachOther([member, other], 10_000);
      // What stands before and after it, and is as deep as may be, is lost by none of it.
      const around = [nested(100, "before"), nested(100, "after")];
      await member.sendData(around[0]);
      await member.write(`{"cmd":"${cmd}","data":${"[".repeat(depth)}1${"]".repeat(depth)},"tag":"deep"}`);
      const event = await member.next(({ tag }) => tag === "deep");
      await member.sendData(around[1]);
      await other.until(() => other.dataFrom(member.id).length === 2, 5000, "what was sent around it");
      assert.deepEqual(other.dataFrom(member.id), around);
      return event;
    });
  }
}
row("a message over the limit", { faces: ["CLI"], code: "message-too-large", deadline: 30_000 }, async ({ start }) => {
  const member = await inRoom(start);
  const event = await member.sendData("x".repeat(256 * 1024 * 1024 + 1));
  // It goes on.
  assert.equal((await member.sendData("still here")).event, "sent");
  return event;
});
row("a message over the limit", { faces: ["JS"], code: "message-too-large", deadline: 20_000 }, async ({ start }) =>
  sendInPage(await inRoom(start), "new Uint8Array(256 * 1024 * 1024 + 1)"),
);
row("send to an unknown id", { code: "unknown-member", deadline: 10_000 }, async ({ start }) =>
  (await inRoom(start)).sendData("x", randomUUID()),
);
/** What becomes of a send that is handed over before the server can be reached; `act(member)` lets it be reached when it will. */
const beforeJoined = (start, act) =>
  at(() => gated(servers.ours), async (server) => {
    const member = await start({ server });
    return act(member, () => {
      assert(!member.events.some(({ event }) => event === "joined"), "it has not joined");
      server.open();
      return member.next("joined");
    });
  });
row("send before joined, to all", { event: "sent", deadline: 15_000 }, ({ start }) =>
  beforeJoined(start, async (member, joins) => {
    const event = await member.sendData("x");
    await joins();
    return event;
  }),
);
// Who is in the room is known once it is whole, so that is answered later; a command's answer shows that it was read.
row("send before joined, to an unknown id", { code: "unknown-member", deadline: 15_000 }, ({ start }) =>
  beforeJoined(start, async (member, joins) => {
    for (const command of [{ cmd: "status" }, { cmd: "send", data: "x", to: randomUUID(), tag: "early" }]) await member.send(command);
    await member.next("status");
    await joins();
    return member.next(({ tag }) => tag === "early");
  }),
);
row("send in the task of mesh()", { faces: ["mesh()"], event: "sent", deadline: 15_000 }, async ({ start }) => {
  const room = randomUUID();
  const host = await startNative(place, "host", { room, server: servers.ours });
  try {
    await listEachOther([host], 10_000);
    const member = await start({ room, said: ["first", "second"] });
    const event = await member.next("sent");
    // The host may hear of it before we hear of its id.
    await member.next("joined");
    await host.until(() => host.dataFrom(member.id).length === 2, 5000, "what was said");
    assert.deepEqual(host.dataFrom(member.id), ["first", "second"]);
    return event;
  } finally {
    await host.close();
  }
});
row("send after leaving", { faces: ["JS"], code: "left", deadline: 10_000 }, async ({ start }) => {
  const member = await inRoom(start);
  await member.send({ cmd: "leave" });
  await member.next("left");
  return sendInPage(member, "1");
});

row("send after leaving", { faces: ["CLI"], code: "left", deadline: 10_000, exit: 0 }, async ({ start }) => {
  const member = await inRoom(start);
  // In one piece: whoever reads the first could read the second.
  await member.write([{ cmd: "leave" }, { cmd: "send", data: 1, tag: "late" }].map((command) => JSON.stringify(command)).join("\n"));
  const event = await member.next(({ tag }) => tag === "late");
  assert(member.events.some(({ event }) => event === "left"), "it is answered in its turn");
  return event;
});

const BAD_COMMANDS = ["", "{", "null", "[]", '"send"', "{}", '{"cmd":7}', '{"cmd":"dance"}', '{"cmd":"send"}', '{"cmd":"send","data":{"$bytes":5}}', '{"cmd":"send","data":1,"to":7}'];
for (const line of BAD_COMMANDS) {
  row(`the command ${line || "(an empty line)"}`, { code: "bad-command", deadline: 10_000 }, async ({ start }) => {
    const member = await inRoom(start);
    await member.write(line);
    const event = await error(member);
    // It goes on.
    assert.equal((await member.sendData("still here")).event, "sent");
    return event;
  });
}

row("a full room", { code: "mesh-full", deadline: 15_000 }, async ({ start }) => {
  const room = randomUUID();
  await inRoom(start, { room, options: { mesh_limit: 1 } });
  return error(await start({ room, options: { mesh_limit: 1 } }));
});
row("a full room, join_timeout", { code: "join-timeout", deadline: 15_000, exit: 4 }, async ({ start }) => {
  const room = randomUUID();
  await inRoom(start, { room, options: { mesh_limit: 1 } });
  const late = await start({ room, options: { mesh_limit: 1, join_timeout: 3000 } });
  await error(late, "mesh-full", 10_000);
  return error(late, "join-timeout");
});

/** Somebody else owns the room's name on the server, and never answers. */
row("a room's name whose owner answers nothing", { code: "host-unavailable", deadline: 10_000 }, async ({ start }) => {
  const room = randomUUID();
  return asClient(servers.ours, room, async () => error(await start({ room })));
});

/** Another client says what is longer than any message of ours. What comes next by the room's name is heard in the same session. */
for (const kind of ["ours", "npm-peer"]) {
  row(`OFFERs of 4 MB from another client at ${kind}`, { event: "sync", deadline: 20_000 }, ({ start }) =>
    at(() => counted(servers[kind]), async (server) => {
      const room = randomUUID();
      const member = await inRoom(start, { room, server });
      await offersMuch(servers[kind], member.id, room);
      await listEachOther([member, await start({ room, server: servers[kind] })], 10_000);
      assert(server.sessions() <= 2, "one of its own and one for the room's name: none was given up for another");
      return member.events.findLast(({ event }) => event === "sync");
    }),
  );
}

const MARK = { v: [1, 1] };
const LINK_GARBAGE = [[], [0], [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255], Array(1000).fill(0xc1), [0x81, 0xa4, 0x6d, 0x65, 0x73, 0x68, 0x80]].map((bytes) => Buffer.from(bytes).toString("base64"));

const SAYS_NOTHING = "the room's host does not answer: the remote opened a channel and never said hello";

/**
 * A remote owns the room's name and takes the connection. What it says then is no hello of ours. A person is told what
 * it is, not only that; and the page, which knows what its channels went through, proves that it was no other thing.
 */
for (const [what, code, message, impostor, went] of [
  ["a remote that never says hello", "host-unavailable", SAYS_NOTHING, { mark: MARK }, "seen.channels > 0 && seen.said === 0"],
  // Its link is closed at once, not after the time for a hello, and it is dialled again.
  ["garbage on a link", "host-unavailable", "the room's host does not answer", { mark: MARK, frames: LINK_GARBAGE }, "seen.said > 0 && seen.closed > 0 && seen.offers > 1"],
  ["a remote that is not ours and says nothing", "unsupported", "not supported: ROOM is stock PeerJS or the original package", {}, "seen.offers > 0"],
]) {
  row(what, { code, deadline: 20_000 }, async ({ start }) => {
    const room = randomUUID();
    return withImpostor({ id: room, ...impostor }, async (page) => {
      await page.waitForFunction("globalThis.seen?.open === 1", { timeout: 10_000 });
      const event = await error(await start({ room }));
      assert.equal(event.message, message.replace("ROOM", room));
      await page.waitForFunction(went, { timeout: 10_000 });
      return event;
    });
  });
}

/** Opens the page of a remote that is none of ours, for as long as `act` takes. */
async function withImpostor(config, act) {
  const browser = await stage.browser("chromium", place);
  const fragment = encodeURIComponent(JSON.stringify({ url: servers.ours.url, ...config }));
  const opened = await browser.open(`${stage.files.url}e2e/pages/impostor.html#${fragment}`);
  try {
    return await act(opened.page);
  } finally {
    await opened.close();
  }
}

/**
 * Such a remote dials a room's host, which it finds as every newcomer does. The room goes on as if nobody had come, and
 * the link does not stay: `closed` ms after its channels were open all of them are closed.
 */
for (const [what, expected, closed, impostor, went] of [
  // Nobody waits for somebody who dials, so there is nobody to tell.
  ["a remote that dials the host and never says hello", { event: "data" }, 8_000, { mark: MARK }, "seen.channels === 4"],
  // At once, and not only after the time for a hello, which is 5 s.
  ["garbage from a remote that dials the host", { event: "data" }, 3_000, { mark: MARK, frames: LINK_GARBAGE }, "seen.said > 0"],
  ["a remote that is not ours and dials the host", { code: "unsupported" }, 15_000, { frames: LINK_GARBAGE }, "seen.said > 0"],
]) {
  row(what, { ...expected, deadline: 30_000 }, async ({ start }) => {
    const room = randomUUID();
    const host = await inRoom(start, { room });
    const guest = await startNative(place, "guest", { room, server: servers.ours });
    try {
      await listEachOther([host, guest], 10_000);
      const before = marks([host, guest]);
      const id = `impostor-${room}`;
      const told = await withImpostor({ id, dials: room, ...impostor }, async (page) => {
        await page.waitForFunction(went, { timeout: 10_000 });
        await page.waitForFunction("seen.channels > 0 && seen.closed >= seen.channels", { timeout: closed });
        return expected.code && error(host);
      });
      if (told) assert.match(told.message, new RegExp(id), "it is said who that was");
      await guest.sendData("to the host");
      await host.sendData("to the guest");
      const heard = await host.next("data");
      assert.deepEqual([heard.data, (await guest.next("data")).data], ["to the host", "to the guest"]);
      calm(before);
      for (const [member, mark] of before) {
        const wrong = member.events.slice(mark).filter((event) => event.event === "peerjoined" || (event.event === "error" && event !== told));
        assert.deepEqual(wrong, [], `${member.name} is told of nobody`);
      }
      return told ?? heard;
    } finally {
      await guest.close();
    }
  });
}

suite("bad input", { concurrency: AT_ONCE }, () => rows.forEach((its) => test(...its)));
