// The module against the real binary: cargo xtask test --only e2e/lab

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { access } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { startLab } from "./lab.mjs";

const bin = process.env.LAB_BIN;
assert.ok(bin, "LAB_BIN has to name the peerjs-mesh-lab binary");

/** A network for one test, and its end whatever happens. */
async function withLab(options, run) {
  const lab = await startLab({ bin, ...options });
  try {
    return await run(lab);
  } finally {
    await lab.stop();
  }
}

/** Runs JavaScript in a node; `line()` is what it prints next. */
function script(lab, node, code) {
  const [command, args] = lab.wrap(node, process.execPath, ["-e", code]);
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value };
}

const server = `
  const server = require("node:net").createServer((socket) => socket.pipe(socket));
  server.listen(4000, () => console.log("listening"));`;

const pinger = `
  const socket = require("node:net").connect(4000, "10.50.0.1");
  socket.setNoDelay(true);
  let start;
  const ping = () => { start = performance.now(); socket.write("x"); };
  socket.on("data", () => console.log(performance.now() - start));
  socket.on("connect", ping);
  process.stdin.on("data", ping);`;

test("programs in two nodes are as far apart as the lab says", { timeout: 30_000 }, async () => {
  await withLab({ nodes: 2, delayMs: 50, jitterMs: 10 }, async (lab) => {
    assert.deepEqual(lab.nodes.map((node) => node.ip), ["10.50.0.1", "10.50.0.2"]);
    assert.equal(await script(lab, 0, server).line(), "listening");
    const near = script(lab, 1, pinger);
    const again = async () => {
      near.child.stdin.write("again\n");
      return Number(await near.line());
    };
    // The fastest, for these programs wait for a CPU that others use.
    const fastest = async () => {
      let best = Infinity;
      for (let i = 0; i < 9; i++) best = Math.min(best, await again());
      return best;
    };
    assert.ok(Number(await near.line()) >= 80, "the first trip");
    const far = await fastest();
    assert.ok(far >= 80 && far <= 140, `${far} ms`);

    await lab.command({ cmd: "link", delay_ms: 0, jitter_ms: 0 });
    const close = await fastest();
    assert.ok(close < 80, `${close} ms`);

    const before = await lab.pair(1, 0);
    assert.ok(before.delivered > 9, JSON.stringify(before));
    await lab.command({ cmd: "cut", node: 1 });
    const repaired = again();
    while ((await lab.pair(1, 0)).cut === 0);
    await lab.command({ cmd: "heal", node: 1 });
    assert.ok((await repaired) > 0, "TCP repairs it");
  });
});

test("a relay and a wrapper lead into a node", { timeout: 30_000 }, async () => {
  await withLab({ nodes: 2 }, async (lab) => {
    const port = await lab.forward(1);
    // A name that a shell would take apart.
    const program = join(lab.directory, "it's node");
    symlinkSync(process.execPath, program);
    const wrapper = lab.wrapper(1, program);
    const code = server.replace("4000", `${port}, "127.0.0.1"`);
    const child = spawn(wrapper, ["-e", code]);
    const [text] = await once(child.stdout, "data");
    assert.equal(String(text), "listening\n");
    const socket = net.connect(port, "127.0.0.1");
    socket.write("echo");
    const [back] = await once(socket, "data");
    assert.equal(String(back), "echo");
    socket.destroy();
  });
});

test("a stopped lab leaves no namespace, no wrapper and no program", { timeout: 30_000 }, async () => {
  const lab = await startLab({ bin, nodes: 1 });
  const { child, line } = script(lab, 0, server);
  const ended = once(child, "exit");
  assert.equal(await line(), "listening");
  const paths = [lab.nodes[0].netns, lab.wrapper(0, "true")];
  for (const path of paths) await access(path);
  await lab.stop();
  for (const path of paths) await assert.rejects(access(path), { code: "ENOENT" });
  assert.deepEqual(await ended, [null, "SIGKILL"]);
});

test("mistakes are told", { timeout: 30_000 }, async () => {
  await assert.rejects(startLab({ bin: "/no/such/lab", nodes: 1 }), /ENOENT/);
  await assert.rejects(startLab({ bin, nodes: 0 }), /a lab has 1 to 254/);
  await withLab({ nodes: 1 }, async (lab) => {
    await assert.rejects(lab.command({ cmd: "cut", node: 3 }), /no node 3/);
    await assert.rejects(lab.command({ cmd: "melt" }), /melt/);
    assert.throws(() => lab.wrap(3, "true"), /no node 3/);
    await lab.command({ cmd: "link", loss: 0.5 });
  });
});
