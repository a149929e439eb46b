// Runs every test of this folder and ends with one line: `N passed, N failed, N skipped`. Exit 0 = all passed.

import { readdirSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const only = process.argv[2];
const files = readdirSync(folder).filter((name) => name.endsWith(".test.mjs") && (!only || name.includes(only)));
const counts = { passed: 0, failed: 0, skipped: 0 };
const stream = run({ files: files.map((name) => folder + name), concurrency: 1 });
const isSuite = ({ details }) => details?.type === "suite";
stream.on("test:pass", (event) => {
  if (event.skip !== undefined || event.todo !== undefined) counts.skipped += 1;
  else if (!isSuite(event)) counts.passed += 1;
});
// A suite fails because of a test in it, which is counted already, or because of its hooks.
stream.on("test:fail", (event) => { if (!isSuite(event) || !/subtest/.test(event.details?.error?.message ?? "")) counts.failed += 1; });
stream.compose(spec).pipe(process.stdout);
process.on("exit", (code) => {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (code === 0 && (counts.failed > 0 || counts.passed === 0)) process.exitCode = 1;
});
