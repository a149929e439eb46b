// `join --record`: what a native member in a room with pages went through comes out again, line by line.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
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
  stage = await Stage.open(plainNet());
  folder = await mkdtemp(join(tmpdir(), "peerjs-mesh-recording-"));
  await stage.warm(["chromium"]);
});
after(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});

/** `cargo xtask replay FILE` without cargo: exit code and what it says. */
async function replay(file) {
  const program = process.env.SIM_BIN ?? `${ROOT}target/release/peerjs-mesh-sim`;
  if (!existsSync(program)) throw new Error(`no ${program}: run \`cargo build --release --bin peerjs-mesh-sim\`, or set SIM_BIN`);
  const child = place.spawn(program, ["replay", file]);
  let said = "";
  child.stdout.on("data", (text) => (said += text));
  const { code } = await within(child.exited, 30_000, "the replay ends");
  return { code, said: said + child.errors };
}

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
