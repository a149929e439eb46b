// Many native members that are one process: crates/peerjs-mesh/examples/crowd.rs.

import { CROWD_LINES } from "./lines.mjs";
import { Member } from "./member.mjs";
import { eachLine, stop } from "./processes.mjs";
import { crowdBinary } from "./servers.mjs";
import { within } from "./time.mjs";

/** One of them. What one says, all say; it ends with the process. */
class CrowdMember extends Member {
  lines = CROWD_LINES;
  #child;

  constructor(name, child) {
    super(name, "native");
    this.#child = child;
  }

  get log() {
    return this.#child.errors;
  }

  write() {
    throw new Error(`${this.name} is one of a crowd, which takes no commands`);
  }

  async close() {
    this.over ??= "closed";
    this.#child.stdin.end();
    await within(this.#child.exited, 5000, "the crowd leaves").catch(() => stop(this.#child));
  }
}

/** Starts `names.length` members in one process at a place; all join at the same moment. */
export function startCrowd(place, names, { room, server }) {
  const child = place.spawn(crowdBinary(), [room, server.url, String(names.length)]);
  child.stdin.on("error", () => {});
  const members = names.map((name) => new CrowdMember(name, child));
  eachLine(child, (line) => {
    const number = /"member":(\d+)/.exec(line)?.[1];
    (members[number] ?? members[0]).hear(line);
  });
  child.exited.then((exit) => {
    for (const member of members) member.ended(`exit ${exit.code ?? exit.signal}: ${child.errors}`);
  });
  return members;
}
