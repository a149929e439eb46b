// What members in a room of pages and programs went through comes out again, call by call: `join --record`, and what a
// page's module was told and said.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { plainNet } from "./harness/net.mjs";
import { listEachOther } from "./harness/oracle.mjs";
import { ROOT } from "./harness/root.mjs";
import { Stage } from "./harness/stage.mjs";
import { within } from "./harness/time.mjs";
import { mixture } from "./harness/values.mjs";

const place = plainNet().place("here");
let stage;
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "peerjs-mesh-recording-"));
  await build({ entryPoints: [`${ROOT}e2e/pages/recorder.js`], bundle: true, format: "esm", outfile: join(folder, "recorder.js"), logLevel: "error" });
  stage = await Stage.open(plainNet(), { "/recorder/": folder });
  await stage.warm(["chromium"]);
});
after(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Where the programs are that repeat: `cargo xtask replay FILE` without cargo, and the one for pages. */
const PROGRAMS = {
  native: [process.env.SIM_BIN ?? `${ROOT}target/release/peerjs-mesh-sim`, ["replay"]],
  page: [process.env.PAGE_REPLAY_BIN ?? `${ROOT}target/release/examples/replay`, []],
};

/** Repeats a recording: exit code and what is said of it. */
async function replay(file, kind = "native") {
  const [program, args] = PROGRAMS[kind];
  if (!existsSync(program)) throw new Error(`no ${program}: \`cargo xtask test --only recording\` builds it`);
  const child = place.spawn(program, [...args, file]);
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  const { code } = await within(child.exited, 30_000, "the replay ends");
  return { code, said: said + child.errors };
}

/** A page's recording so far, in a file of its name. */
async function recordingOf(page) {
  const file = join(folder, `${page.name}.txt`);
  await writeFile(file, await page.page.evaluate(() => globalThis.recording()));
  return file;
}

test("pages that hosted, were guests and took over are repeated, byte by byte; a changed recording is told", { timeout: 120_000 }, async () => {
  const recorder = "/recorder/recorder.js";
  const files = [];
  const scenario = {
    async default(room) {
      const host = await room.start("chromium", { recorder });
      await listEachOther([host], 20_000);
      const heir = await room.start("chromium", { recorder });
      await listEachOther([host, heir], 20_000);
      const program = await room.start("native");
      const all = [host, heir, program];
      await listEachOther(all, 20_000);
      await Promise.all(all.map((member) => room.ledger.send(member, mixture(member.name, 40, all.filter((other) => other !== member).map(({ id }) => id)))));
      await room.ledger.heard(all, all, 30_000);
      for (const member of [host, heir]) await member.send({ cmd: "status" });
      await host.next("status");
      files.push(await recordingOf(host));
      await host.kill();
      await listEachOther([heir, program], 20_000);
      assert(heir.isHost, "it took over");
      await room.ledger.fence([heir, program]);
      files.push(await recordingOf(heir));
    },
  };
  await stage.play(scenario, { server: "npm-peer", mix: ["chromium"] });

  for (const file of files) {
    const good = await replay(file, "page");
    assert.equal(good.code, 0, good.said);
    assert.match(good.said, /^page lines=\d+ identical$/m);
  }
  const lines = (await readFile(files[1], "utf8")).split("\n");
  for (const what of ["drain", "status"]) assert(lines.some((line) => line.startsWith(`${what} `)), `there is a ${what}`);
  // A frame that the page sent ended with another byte; and the longest one that it received did not come.
  const sent = lines.findIndex((line, number) => number > lines.length / 2 && /^drain \w+ \w+$/.test(line));
  const other = lines[sent].replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
  const received = lines.filter((line) => /^input \d+ 6 /.test(line)).sort((one, two) => two.length - one.length);
  const told = lines.indexOf(received[0]);
  for (const [name, at, line] of [["frame", sent, other], ["dropped", told, undefined]]) {
    assert(at > 0, name);
    const changed = join(folder, `${name}.txt`);
    await writeFile(changed, (line === undefined ? lines.toSpliced(at, 1) : lines.with(at, line)).join("\n"));
    const bad = await replay(changed, "page");
    assert.equal(bad.code, 1, `${name}: ${bad.said}`);
    if (line !== undefined) assert.match(bad.said, new RegExp(`^page line ${at + 1} differs$`, "m"));
  }
});

test("a member that lost its hosting page and took over is repeated; a changed recording is told", { timeout: 120_000 }, async () => {
  const file = join(folder, "run.jsonl");
  const scenario = {
    async default(room) {
      const host = await room.start("chromium");
      await listEachOther([host], 20_000);
      const taped = await room.start("native", { args: ["--record", file] });
      await listEachOther([host, taped], 20_000);
      const guest = await room.start("chromium");
      const all = [host, taped, guest];
      await listEachOther(all, 20_000);
      await Promise.all(all.map((member) => room.ledger.send(member, mixture(member.name, 40, all.filter((other) => other !== member).map(({ id }) => id)))));
      await room.ledger.heard(all, all, 30_000);
      await host.kill();
      await listEachOther([taped, guest], 20_000);
      assert(taped.isHost, "it took over");
      await room.ledger.fence([taped, guest]);
      await taped.leave();
    },
  };
  await stage.play(scenario, { server: "ours", mix: ["chromium"] });

  const good = await replay(file);
  assert.equal(good.code, 0, good.said);
  assert.match(good.said, /^recording lines=\d+ identical$/m);

  const lines = (await readFile(file, "utf8")).split("\n");
  // A frame that went out had one byte more.
  const at = lines.findIndex((line, number) => number > lines.length / 2 && /^\{"Output":\[\{"Send"/.test(line));
  assert(at > 0, "something was sent");
  const changed = join(folder, "changed.jsonl");
  await writeFile(changed, lines.with(at, lines[at].replace(/"(\d+) B /, (_, size) => `"${Number(size) + 1} B `)).join("\n"));
  const told = await replay(changed);
  assert.equal(told.code, 1, told.said);
  assert.match(told.said, new RegExp(`^recording line ${at + 1} differs$`, "m"));

  // What a crash leaves.
  const prefix = join(folder, "prefix.jsonl");
  await writeFile(prefix, lines.slice(0, at).join("\n").concat('\n{"t":'));
  const cut = await replay(prefix);
  assert.equal(cut.code, 0, cut.said);
  assert.match(cut.said, /last line is cut/);
});
