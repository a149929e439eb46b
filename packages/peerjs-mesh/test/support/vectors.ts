// What the module and this package say to each other, byte for byte: the file that the Rust tests of crates/wasm hold to, too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const url = new URL("../../../../crates/wasm/testdata/records.txt", import.meta.url);

/** In hex, by name. */
export const vectors = new Map(readFileSync(url, "utf8").trim().split("\n").map((line) => line.split(": ") as [string, string]));

export const vector = (name: string): Buffer => Buffer.from(vectors.get(name) ?? assert.fail(`no vector ${name}`), "hex");

/** What follows the prefix in the names that begin with it, in the file's order. */
export const named = (prefix: string): string[] =>
  [...vectors.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
