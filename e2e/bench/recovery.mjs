// How long a room takes from the loss of its host to the first broadcast that reaches every survivor: the worst of many
// runs, and how they are spread. Of a host that leaves that is told, too, but what is compared with the goal is for how long
// no broadcast reached all.
//
//   node bench/recovery.mjs [--out FILE] [--check] [--runs N] [--only FAULT] [--interval 250|default]
//   [--net plain|lab]
//
// Six members say 20 broadcasts a second each. After each run those who were lost are replaced, at the end of the line,
// so that in turn a program and a page host. In the lab there are an eighth of the runs.

import { silence } from "../harness/chatter.mjs";
import { labNet, plainNet } from "../harness/net.mjs";
import { SERVERS } from "../harness/servers.mjs";
import { Room, Stage } from "../harness/stage.mjs";
import { GOAL, leftAt } from "../scenarios/succession.mjs";
import { median, passed, strain, wall } from "../harness/time.mjs";
import { Bench, INTERVAL, largest, NET, ONLY, runs } from "./shared/bench.mjs";

const MIX = ["native", "chromium", "firefox", "native", "chromium", "chromium"];
const LINK = { delay: 100, jitter: 20, loss: 0.01 };
/**
 * A room that was not changed for so long has settled, ms: links to deputies are made, the name is the host's; and members
 * have forgotten most of how late the start of the last page has made them. In the lab one link in six loses a packet of
 * its handshakes, and those try again after 1 s (DTLS) or 3 s (SCTP, in a program).
 */
const SETTLED = 5_000;
const SETTLED_IN_LAB = 8_000;
/** A run that has not recovered by then counts as one that took just so long, ms. */
const LIMIT = 20_000;
/** After so many runs the room is another one: what its members have said is kept as long as it lasts. */
const ROOM = 10;

const RUNS = runs(40);
const INTERVALS = [undefined, 250].filter((ms) => !INTERVAL || INTERVAL === String(ms ?? "default"));
/** Goals, ms: polite, and else at the default and at 250 ms; in the lab 1 s more. */
const goal = (fault, interval, lab) => (fault === "polite" ? GOAL.polite : interval === 250 ? 1600 : GOAL.lost) + (lab ? GOAL.lab : 0);

/** What befalls the host: whom it takes, how, and since when messages count; `mend` undoes what outlives them. */
const FAULTS = {
  // A host that leaves may take its time, and pass on meanwhile what others say: what counts is how long nothing reaches all,
  // until something does that was said when it was gone.
  polite: { strike: ({ host }) => host.leave(), since: ({ host }) => leftAt(host) },
  kill: { strike: ({ host }) => host.kill() },
  stop: { strike: ({ host }) => host.freeze() },
  cut: { net: true, strike: ({ host, room }) => room.net.cut(host.place), mend: ({ host, room }) => room.net.heal(host.place) },
  "host + deputy": { deputy: true, strike: ({ host, deputy }) => Promise.all([host.kill(), deputy.kill()]) },
};

const bench = Bench.alone("recovery");
bench.legend = [
  "ours alone; the worst of all runs, spread as printed above; strain is how much longer than alone a program took here",
  "worst: from the fault to the first broadcast, said after it, that reached every survivor",
  "polite, worst: the longest time, from the word to leave on, in which no broadcast reached every survivor",
  "polite, worst from fault: from the word to leave to the first broadcast, said when the host had gone, that reached every survivor",
].join("\n");

/** One run in a room that is full and talks. */
async function run(room, { strike, since, mend, deputy }, settled) {
  const { chatter } = room;
  const known = new Set(chatter.members);
  await room.fill();
  await chatter.begin(room.members.filter((member) => !known.has(member)), LIMIT);
  await passed(settled);
  const struck = { room, host: room.host, deputy: deputy && room.deputy };
  const gone = [struck.host, struck.deputy].filter(Boolean);
  const survivors = room.members.filter((member) => !gone.includes(member));
  const what = `${struck.host.kind}${deputy ? ` and ${struck.deputy.kind}` : ""}`;
  try {
    const from = wall();
    await strike(struck);
    // What is said in the moment between may still be passed on.
    const recovered = await chatter.recovered(from, survivors, LIMIT, since?.(struck) ?? wall()).catch(() => undefined);
    const end = from + (recovered?.all ?? LIMIT);
    const ms = recovered && since ? silence(from, end, survivors) : (recovered?.first ?? LIMIT);
    return { ms, first: recovered?.first ?? LIMIT, all: recovered?.all ?? LIMIT, what, failed: !recovered };
  } finally {
    for (const member of gone) {
      if (!member.over) await member.kill();
      await member.close();
    }
    await mend?.(struck);
  }
}

/** Many runs of one fault; rooms and members are used again as long as they are good. */
async function series(stage, fault, interval, count, settled) {
  const options = interval ? { do_health_check_interval: interval } : {};
  const found = [];
  let room;
  const end = async () => {
    await room?.close();
    await room?.server.stop();
    room = undefined;
  };
  for (let i = 0; i < count; i++) {
    if (!room || i % ROOM === 0) {
      await end();
      room = new Room(stage, await SERVERS.ours(stage.net.place("server")), MIX, options);
    }
    let one;
    try {
      one = await run(room, FAULTS[fault], settled);
    } catch (error) {
      one = { ms: LIMIT, first: LIMIT, all: LIMIT, what: error.message.split("\n")[0], failed: true };
    }
    if (one.failed) {
      console.log(`  ${fault}: a run did not recover: ${one.what}`);
      await end();
    }
    found.push(one);
  }
  await end();
  return found;
}

const rank = (numbers, part) => [...numbers].sort((a, b) => a - b)[Math.ceil(part * numbers.length) - 1];

async function all(open, label, lab, count) {
  const stages = new Map();
  const stageFor = async (net) => {
    if (!stages.has(net)) stages.set(net, Stage.open(await net()).then(async (stage) => (await stage.warm(MIX), stage)));
    return stages.get(net);
  };
  for (const interval of INTERVALS) {
    for (const [fault, { net }] of Object.entries(FAULTS)) {
      if (ONLY && ONLY !== fault) continue;
      // A network can only be cut where there is one: the lab's, without delay or loss.
      const stage = await stageFor(net && !lab ? SHORT_LAB : open);
      const before = strain();
      const found = await series(stage, fault, interval, count, lab ? SETTLED_IN_LAB : SETTLED);
      bench.version ??= (await stage.browser("chromium", stage.net.place("chromium-1"))).browser.version();
      const judged = found.map(({ ms }) => ms);
      const first = found.map(({ first }) => first);
      // What a host that leaves says and passes on until it has gone makes these two figures, not one.
      const polite = FAULTS[fault].since !== undefined;
      const of = (numbers) => [Math.min(...numbers), median(numbers), rank(numbers, 0.9), Math.max(...numbers)].map(Math.round).join(" / ");
      const name = `${label}, ${interval ?? "default"}, ${fault}`;
      console.log(`${name}: min / median / p90 / max of ${count}: ${polite ? `silence ${of(judged)}; from the fault ` : ""}${of(first)}; one of each: ${of(found.map(({ all }) => all))}; strain ${Math.max(before, strain()).toFixed(1)}`);
      for (const kind of new Set(found.map(({ what }) => what))) {
        const those = found.filter(({ what }) => what === kind).map(({ ms }) => ms);
        console.log(`    ${kind}: ${of(those)} (${those.length})`);
      }
      const spread = (numbers) => ({ min: Math.min(...numbers), median: median(numbers), p90: rank(numbers, 0.9), max: Math.max(...numbers) });
      const row = bench.row({ case: name, metric: "worst", unit: "ms", goal: `ours <= ${goal(fault, interval, lab)}` }, judged, undefined, largest);
      row.spread = spread(judged);
      row.all = found.map(({ all }) => Math.round(all));
      if (polite) bench.row({ case: name, metric: "worst from fault", unit: "ms" }, first, undefined, largest).spread = spread(first);
    }
  }
  for (const stage of stages.values()) await (await stage).close();
}

const SHORT_LAB = () => labNet({ delay: 0, jitter: 0, loss: 0 });
if (NET !== "lab") await all(async () => plainNet(), "plain", false, RUNS);
if (NET !== "plain") await all(() => labNet(LINK), "lab", true, Math.max(1, Math.ceil(RUNS / 8)));
process.exit(await bench.finish());
