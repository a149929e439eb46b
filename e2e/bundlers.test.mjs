// The packed package, as a stranger has it, through the bundlers that are installed here: it joins a room, and its module
// is in the bundle once. And on a server that renders pages, where importing it does nothing.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import { plainNet } from "./harness/net.mjs";
import { ROOT } from "./harness/root.mjs";
import { SERVERS } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";

const APP = `import { mesh } from "peerjs-mesh";
const { room, options } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const member = mesh(room, options);
for (const name of ["sync", "peerjoined"]) member.on(name, () => (globalThis.listed = member.getPeers().length));
`;
const LINE = '<!doctype html><script type="module" src="./main.js"></script>';

const folder = mkdtempSync(join(tmpdir(), "peerjs-mesh-bundlers-"));
const at = (...parts) => join(folder, ...parts);
let stage;
let server;
before(async () => {
  mkdirSync(at("node_modules", "peerjs-mesh"), { recursive: true });
  const pack = ["pack", "--silent", "--workspace", "peerjs-mesh", "--pack-destination", folder];
  const tarball = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", at(tarball), "-C", at("node_modules", "peerjs-mesh"), "--strip-components=1"]);
  writeFileSync(at("package.json"), '{"type":"module"}');
  writeFileSync(at("main.js"), APP);
  writeFileSync(at("index.html"), LINE);
  stage = await Stage.open(plainNet(), { "/bundled/": at("out") });
  server = await SERVERS.ours(stage.net.place("server"));
});
after(async () => {
  await stage?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const BUNDLERS = {
  async esbuild(out) {
    await esbuild.build({ entryPoints: [at("main.js")], bundle: true, minify: true, format: "esm", outfile: join(out, "main.js"), logLevel: "error" });
    writeFileSync(join(out, "index.html"), LINE);
  },
  async vite(out) {
    const entry = createRequire(`${ROOT}apps/demo/package.json`).resolve("vite/package.json");
    const { exports } = JSON.parse(readFileSync(entry, "utf8"));
    const main = typeof exports["."] === "string" ? exports["."] : (exports["."].import ?? exports["."].default);
    const vite = await import(pathToFileURL(join(entry, "..", main)));
    await vite.build({ root: folder, base: "./", configFile: false, logLevel: "error", build: { outDir: out, emptyOutDir: true } });
  },
};

for (const [name, bundle] of Object.entries(BUNDLERS)) {
  test(`what ${name} makes of it joins a room`, { timeout: 60_000 }, async () => {
    const out = at("out", name);
    mkdirSync(out, { recursive: true });
    await bundle(out);
    const module = /"([^"]{1000,})"/.exec(readFileSync(at("node_modules", "peerjs-mesh", "dist", "module.js"), "utf8"))[1];
    const scripts = readdirSync(out, { recursive: true }).filter((file) => file.endsWith(".js"));
    const text = scripts.map((file) => readFileSync(join(out, file), "utf8")).join("");
    assert.equal(text.split(module.slice(0, 200)).length - 1, 1, "the module is in the bundle once");

    const options = { connection: server.connection() };
    const hash = encodeURIComponent(JSON.stringify({ room: randomUUID(), options }));
    const browser = await stage.browser("chromium", stage.net.place("bundled"));
    const pages = [];
    for (let i = 0; i < 2; i++) pages.push(await browser.open(`${stage.files.url}bundled/${name}/index.html#${hash}`));
    for (const { page } of pages) await page.waitForFunction("globalThis.listed === 2", { timeout: 20_000 });
    for (const { close, errors } of pages) {
      assert.deepEqual(errors, []);
      await close();
    }
  });
}

/** A server that renders pages: it has none of what a page has, and of what it has the package touches nothing. */
const RENDERER = `
const touched = [];
const watch = (name) => {
  const tell = () => (touched.push(name), undefined);
  Object.defineProperty(globalThis, name, { configurable: true, get: tell, set: tell });
};
for (const name of ["window", "self", "document", "location", "RTCPeerConnection", "Worker", "WebSocket", "WebAssembly", "fetch",
  "setTimeout", "setInterval", "queueMicrotask", "crypto", "addEventListener"]) watch(name);
const globals = Object.getOwnPropertyNames(globalThis).sort();
const { mesh, MeshError, version } = await import(process.argv[1]);
const after = Object.getOwnPropertyNames(globalThis).sort();
const more = after.filter((name) => !globals.includes(name));
process.stdout.write(JSON.stringify({ mesh: typeof mesh, error: typeof MeshError, version, touched, more }));
`;

for (const entry of ["peerjs-mesh", "peerjs-mesh/url"]) {
  test(`a server that renders pages imports ${entry}: nothing runs, nothing throws`, { timeout: 20_000 }, () => {
    // It ends by itself: no timer, worker or socket keeps it.
    const node = ["--input-type=module", "--eval", RENDERER, entry];
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, node, { cwd: folder, encoding: "utf8", timeout: 10_000 });
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: "" });
    const { version } = JSON.parse(readFileSync(at("node_modules", "peerjs-mesh", "package.json"), "utf8"));
    assert.deepEqual(JSON.parse(stdout), { mesh: "function", error: "function", version, touched: [], more: [] });
  });
}
