// What the benches share: pages that measure ours and the original side by side, a table, a file, a verdict.

import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { plainNet } from "../../harness/net.mjs";
import { ROOT } from "../../harness/root.mjs";
import { binary, SERVERS } from "../../harness/servers.mjs";
import { Stage } from "../../harness/stage.mjs";
import { median } from "../../harness/time.mjs";
import { bundleOriginal } from "./original.mjs";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    check: { type: "boolean" },
    runs: { type: "string" },
    only: { type: "string" },
    interval: { type: "string" },
    net: { type: "string" },
  },
});

/** Figures of all runs: the worst of them. */
export const largest = (numbers) => Math.max(...numbers);
export const smallest = (numbers) => Math.min(...numbers);

/** How many runs of each figure: `--runs`, or MESH_RUNS (for `cargo xtask bench`), or what the bench thinks good. */
export const runs = (usual) => Number(values.runs ?? process.env.MESH_RUNS ?? usual);
/** An odd number, so that the median is one of them. */
export const RUNS = runs(5);
/** What `--only` names. */
export const ONLY = values.only;
/** Of `recovery`: `--interval 250` or `--interval default`, `--net plain` or `--net lab`. */
export const { interval: INTERVAL, net: NET } = values;
/** `--only ours` or `--only peer`: one side alone, for whoever works on the other. */
export const SIDES = values.only ? [values.only] : ["ours", "peer"];

export class Bench {
  rows = [];

  constructor(name) {
    this.name = name;
  }

  static async open(name) {
    const bench = new Bench(name);
    const entry = `${ROOT}packages/peerjs-mesh/dist/index.js`;
    if (SIDES.includes("ours") && !existsSync(entry)) throw new Error(`no ${entry}: run \`cargo xtask build\``);
    bench.original = await bundleOriginal();
    bench.stage = await Stage.open(plainNet(), { "/original/": bench.original.folder });
    bench.place = bench.stage.net.place("bench");
    bench.modules = {
      ours: `${bench.stage.files.url}packages/peerjs-mesh/dist/index.js`,
      file: `${bench.stage.files.url}packages/peerjs-mesh/dist/url.js`,
      peer: `${bench.stage.files.url}original/original.js`,
    };
    bench.browser = await bench.stage.browser("chromium", bench.place);
    bench.servers = { "npm-peer": await SERVERS["npm-peer"](bench.place) };
    if (SIDES.includes("ours")) {
      binary();
      bench.servers.ours = await SERVERS.ours(bench.place);
    }
    return bench;
  }

  /** One that measures ours alone, on stages of its own. */
  static alone(name) {
    return new Bench(name);
  }

  /** A fresh page, its module loaded but nothing joined. `call(name, …args)` calls `bench.name(…args)` in it. */
  async page(side, page = "page.html") {
    const opened = await this.browser.open(
      `${this.stage.files.url}e2e/bench/shared/${page}#${encodeURIComponent(this.modules[side])}`,
    );
    await opened.page.waitForFunction("globalThis.ready === true", { timeout: 30_000 });
    return {
      ...opened,
      page: opened.page,
      close: opened.close,
      call: (name, ...args) => opened.page.evaluate((n, a) => globalThis.bench[n](...a), name, args),
    };
  }

  /** Options for `mesh()`, the same for both sides. */
  options(server) {
    return { connection: this.servers[server].connection({ debug: 0 }), mesh_limit: -1 };
  }

  /**
   * One line of the table: medians of the runs of both sides, or another figure of them (`largest`, `smallest`: what no
   * run may miss).
   * @param {{case: string, metric: string, unit: string, goal?: string}} what `goal` is `ours <= N`, `ratio <= N`, `ours >= N` or `ratio >= N`
   */
  row(what, ours, peer, figure = median) {
    const mine = ours?.length ? round(figure(ours)) : null;
    const theirs = peer?.length ? round(figure(peer)) : null;
    const ratio = mine !== null && theirs ? round(mine / theirs, 3) : null;
    const row = { ...what, ours: mine, peer: theirs, ratio, goal: what.goal ?? null, runs: { ours: ours?.map((x) => round(x)), peer: peer?.map((x) => round(x)) } };
    this.rows.push(row);
    console.log(line(row));
    return row;
  }

  async close() {
    await this.stage?.close();
    await Promise.all(Object.values(this.servers ?? {}).map((server) => server.stop()));
    await this.original?.remove();
  }

  /** Prints the table, writes the file, and gives the exit code. */
  async finish() {
    const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, system: `${process.platform} ${release()}`, node: process.version, chromium: await (this.version ?? this.browser.browser.version()), date: new Date().toISOString() };
    await this.close();
    const out = resolve(values.out ?? `${ROOT}target/bench/${this.name}.json`);
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, `${JSON.stringify({ name: this.name, machine, rows: this.rows }, null, 2)}\n`);
    console.log(`\n${line({ case: "case", metric: "metric", unit: "unit", ours: "ours", peer: "peer", ratio: "ratio", goal: "goal" })}`);
    const missed = this.rows.filter((row) => !reached(row));
    for (const row of this.rows) console.log(`${line(row)}${reached(row) ? "" : "  MISSED"}`);
    console.log(`\n${this.legend ?? "peer: @manishiitg/peerjs-mesh 0.0.39 with PeerJS 1.5.5, same browser, same minutes; medians, but where it says worst: of all runs"}`);
    if (missed.length > 0) console.log(`${missed.length} goals missed`);
    return values.check && missed.length > 0 ? 1 : 0;
  }
}

const round = (number, digits = 1) => Math.round(number * 10 ** digits) / 10 ** digits;

function line(row) {
  const cells = [
    row.case.padEnd(44),
    row.metric.padEnd(19),
    row.unit.padEnd(6),
    String(row.ours ?? "–").padStart(9),
    String(row.peer ?? "–").padStart(9),
    String(row.ratio ?? "–").padStart(7),
    `  ${row.goal ?? ""}`,
  ];
  return cells.join(" ").trimEnd();
}

/** Whether a row reaches its goal; one without a goal does, one without a figure for it does not. */
function reached(row) {
  if (!row.goal) return true;
  const [, figure, relation, number] = /^(ours|ratio) (<=|>=) ([\d.]+)$/.exec(row.goal) ?? [];
  if (!figure) throw new Error(`no such goal: ${row.goal}`);
  if (row[figure] === null) return false;
  return relation === "<=" ? row[figure] <= Number(number) : row[figure] >= Number(number);
}
