// Where members and servers run: the machine as it is, or the lab's namespaces. Both have one face:
//
//   net.kind         "plain" or "lab"
//   net.place(name)  a place: { name, address, spawn(command, args, options), wrapper(program), tunnel() }
//   net.stop()
//   net.cut(place), net.heal(place)   the lab alone: nothing comes to that place or leaves it, and it does again; with a
//                    second place, nothing of the one comes to the other
//
// `spawn` gives a child whose process is the program itself, so that signals reach it; `wrapper` the path of a file
// that starts the program there; `tunnel` a port number for a debugger: what listens on it there is reached on it here.
// In the plain net every place is this machine. In the lab each name is a namespace with its own address.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { startLab } from "../lab/lab.mjs";
import { adopt } from "./processes.mjs";
import { ROOT } from "./root.mjs";

/** The machine as it is: all on loopback. */
export function plainNet() {
  const here = {
    name: "here",
    address: "127.0.0.1",
    spawn: (command, args, options = {}) => adopt(spawn(command, args, options)),
    wrapper: (program) => program,
    tunnel: async () => 0,
  };
  return { kind: "plain", place: () => here, stop: async () => {} };
}

/** How many places a lab has: a server, the judged mix, and newcomers. */
const NODES = 10;

/**
 * The lab: every link has `delay` ± `jitter` ms each way and loses the part `loss` of its packets. Needs root.
 * @param {{delay: number, jitter: number, loss: number, seed?: number}} link
 */
export async function labNet({ delay, jitter, loss, seed = Number(process.env.MESH_SEED ?? 1) }) {
  const lab = await startLab({ bin: labBinary(), nodes: NODES, seed, delayMs: delay, jitterMs: jitter, loss });
  const places = new Map();
  const place = (name) => {
    if (!places.has(name)) {
      const node = places.size;
      if (node >= NODES) throw new Error(`the lab's ${NODES} places are taken: ${[...places.keys()]}`);
      places.set(name, {
        name,
        node,
        address: lab.nodes[node].ip,
        spawn: (command, args, options = {}) => adopt(spawn(...lab.wrap(node, command, args), options)),
        wrapper: (program) => lab.wrapper(node, program),
        tunnel: () => lab.forward(node),
      });
    }
    return places.get(name);
  };
  const ways = ({ node }, other) => (other ? { from: node, to: other.node, both: true } : { node });
  const cut = (place, other) => lab.command({ cmd: "cut", ...ways(place, other) });
  const heal = (place, other) => lab.command({ cmd: "heal", ...ways(place, other) });
  return { kind: "lab", lab, place, cut, heal, stop: () => lab.stop() };
}

/** The lab's binary: LAB_BIN, or what cargo built. */
function labBinary() {
  const built = ["release", "debug"].map((profile) => `${ROOT}target/${profile}/peerjs-mesh-lab`);
  const path = process.env.LAB_BIN ?? built.find((candidate) => existsSync(candidate));
  if (!path) throw new Error("no lab: run `cargo build --release -p peerjs-mesh-lab`, or set LAB_BIN");
  return path;
}
