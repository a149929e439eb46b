// Where members and servers run: the machine as it is, or the lab's namespaces. Both have one face:
//
//   net.kind            "plain" or "lab"
//   net.place(name)     a place: { name, address, spawn(command, args, options), wrapper(program), isolated }
//   net.stop()
//
// In the plain net every place is this machine. In the lab each name is a namespace with its own address.

import { spawn } from "node:child_process";
import { adopt } from "./processes.mjs";

/** The machine as it is: all on loopback. */
export function plainNet() {
  const here = {
    name: "here",
    address: "127.0.0.1",
    isolated: false,
    spawn: (command, args, options = {}) => adopt(spawn(command, args, options)),
    wrapper: (program) => program,
  };
  return { kind: "plain", place: () => here, stop: async () => {} };
}
