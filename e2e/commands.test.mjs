// The commands that README.md and the crate's example tell people to type; on a port of their own, for others may have theirs.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { nobody } from "./harness/bad-servers.mjs";
import { plainNet } from "./harness/net.mjs";
import { descendants, eachLine, kill, stop } from "./harness/processes.mjs";
import { ROOT } from "./harness/root.mjs";
import { binary, startOurs } from "./harness/servers.mjs";
import { within } from "./harness/time.mjs";

const place = plainNet().place("here");

/** A program whose lines are read: `line(pattern, ms)` waits for the first that fits, `say(text)` types one. */
function run(command, args) {
  const child = place.spawn(command, args, { cwd: ROOT });
  const lines = [];
  let look = () => {};
  eachLine(child, (line) => {
    lines.push(line);
    look();
  });
  const line = (pattern, ms) => {
    const found = new Promise((resolve) => {
      look = () => {
        const match = lines.map((text) => pattern.exec(text)).find(Boolean);
        if (match) resolve(match);
      };
      look();
    });
    const over = child.exited.then((exit) => {
      throw new Error(`${command} is over (${JSON.stringify(exit)}) before ${pattern}; it said: ${lines.join("\n")}\n${child.errors}`);
    });
    return within(Promise.race([found, over]), ms, () => `${pattern}; ${command} said: ${lines.join("\n")}\n${child.errors}`);
  };
  return { child, line, say: (text) => child.stdin.write(`${text}\n`), end: () => child.stdin.end() };
}

test("cargo xtask demo --port P serves the page that it names, and a room to a terminal, until Ctrl-C", { timeout: 180_000 }, async () => {
  const { port } = (await nobody()).connection();
  // What is built is only looked at.
  const demo = run("cargo", ["xtask", "demo", "--port", `${port}`]);
  let terminal;
  try {
    const [, url] = await demo.line(/^Demo: (.+)$/, 120_000);
    assert.equal(url, `http://localhost:${port}/demo/`);
    const page = await fetch(url);
    assert.equal(page.status, 200);
    const [, script] = /<script type="module"[^>]* src="([^"]+)"/.exec(await page.text());
    const code = await fetch(new URL(script, url));
    assert.equal(code.status, 200);
    assert.match(code.headers.get("content-type"), /javascript/);

    terminal = run(binary(), ["join", "lobby", "--name", "terminal", "--server", `http://localhost:${port}`]);
    await terminal.line(/^\* in the room: you \(you host\)$/, 15_000);
    terminal.end();
    assert.deepEqual(await within(terminal.child.exited, 15_000, "the terminal leaves"), { code: 0, signal: null });

    const server = descendants(demo.child.pid).map(({ pid }) => pid);
    assert(server.length > 0, "it serves by a process of its own");
    kill(demo.child.pid, "SIGINT");
    assert.deepEqual(await within(demo.child.exited, 15_000, "the demo ends"), { code: 0, signal: null });
    // What is left behind still takes connections.
    await assert.rejects(fetch(url));
  } finally {
    await Promise.all([demo, terminal].map((program) => program && stop(program.child)));
  }
});

test("two people talk by the crate's example of a chat", { timeout: 60_000 }, async () => {
  const server = await startOurs(place);
  const room = randomUUID();
  const chat = (name) => run(process.env.CHAT_BIN ?? `${ROOT}target/release/examples/chat`, [room, name, server.url]);
  const anna = chat("anna");
  let ben;
  try {
    await anna.line(/^\* 1 in the room$/, 15_000);
    ben = chat("ben");
    await ben.line(/^\* 2 in the room$/, 15_000);
    await Promise.all([anna.line(/^\* ben is here$/, 15_000), ben.line(/^\* anna is here$/, 15_000)]);
    anna.say("good morning");
    await ben.line(/^anna: good morning$/, 15_000);
    ben.say("grüß Gott 👋");
    await anna.line(/^ben: grüß Gott 👋$/, 15_000);
    // The end of input leaves, and says so.
    ben.end();
    assert.deepEqual(await within(ben.child.exited, 15_000, "ben leaves"), { code: 0, signal: null });
    await anna.line(/^\* ben left$/, 15_000);
  } finally {
    await Promise.all([anna, ben].map((program) => program && stop(program.child)));
    await server.stop();
  }
});
