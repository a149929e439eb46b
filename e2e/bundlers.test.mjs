// The packed package, as a stranger has it, through bundlers and without one: a page of each of its entries joins a room
// and hears the other, and the module is in the bundle once. To TypeScript, whose programs it has types for. And on a server
// that renders pages, where importing it does nothing.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rollup } from "rollup";
import webpack from "webpack";
import { plainNet } from "./harness/net.mjs";
import { ROOT } from "./harness/root.mjs";
import { SERVERS } from "./harness/servers.mjs";
import { Stage } from "./harness/stage.mjs";

/** By the name of a page. */
const ENTRIES = { main: "peerjs-mesh", url: "peerjs-mesh/url" };
const PAGES = Object.keys(ENTRIES);
const PACKAGE = ["app", "node_modules", "peerjs-mesh"];
const app = (entry) => `import { mesh } from "${entry}";
const { room, options } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const member = mesh(room, options);
for (const name of ["sync", "peerjoined"]) member.on(name, () => (globalThis.listed = member.getPeers().length));
globalThis.heard = [];
member.on("data", (value) => heard.push(value));
globalThis.say = (value) => member.send(value);
`;
const html = (page) => `<!doctype html><link rel="icon" href="data:,"><script type="module" src="./${page}.js"></script>`;

const folder = mkdtempSync(join(tmpdir(), "peerjs-mesh-bundlers-"));
const at = (...parts) => join(folder, ...parts);
const source = (page) => at("app", `${page}.js`);
const input = Object.fromEntries(PAGES.map((page) => [page, source(page)]));
const writePages = (out) => PAGES.forEach((page) => writeFileSync(join(out, `${page}.html`), html(page)));
let stage;
let server;
before(async () => {
  mkdirSync(at(...PACKAGE), { recursive: true });
  const pack = ["pack", "--silent", "--workspace", "peerjs-mesh", "--pack-destination", folder];
  const tarball = execFileSync("npm", pack, { cwd: ROOT, encoding: "utf8" }).trim();
  execFileSync("tar", ["-xzf", at(tarball), "-C", at(...PACKAGE), "--strip-components=1"]);
  writeFileSync(at("app", "package.json"), '{"type":"module"}');
  for (const page of PAGES) writeFileSync(source(page), app(ENTRIES[page]));
  writePages(at("app"));
  stage = await Stage.open(plainNet(), { "/bundled/": at("out") });
  server = await SERVERS.ours(stage.net.place("server"));
});
after(async () => {
  await stage?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The Vite that the demo is built with. */
function vite() {
  const entry = createRequire(`${ROOT}apps/demo/package.json`).resolve("vite/package.json");
  const { exports } = JSON.parse(readFileSync(entry, "utf8"));
  const main = typeof exports["."] === "string" ? exports["."] : (exports["."].import ?? exports["."].default);
  return import(pathToFileURL(join(entry, "..", main)));
}

/** README.md says which of them put `mesh_bg.wasm` beside what they make, and that it is copied there for the others. */
const BUNDLERS = {
  async esbuild(out) {
    await esbuild.build({ entryPoints: input, bundle: true, minify: true, format: "esm", outdir: out, logLevel: "error" });
    writePages(out);
    return "leaves the file behind";
  },
  async rollup(out) {
    const fail = (warning) => assert.fail(String(warning.message ?? warning));
    const bundle = await rollup({ input, plugins: [nodeResolve({ browser: true })], onwarn: fail });
    await bundle.write({ dir: out, format: "es" });
    await bundle.close();
    writePages(out);
    return "leaves the file behind";
  },
  async webpack(out) {
    const compiler = webpack({ mode: "production", context: at("app"), entry: input, output: { path: out }, performance: false });
    const { errors, warnings } = (await promisify(compiler.run.bind(compiler))()).toJson({ all: false, errors: true, warnings: true });
    await promisify(compiler.close.bind(compiler))();
    assert.deepEqual([...errors, ...warnings].map(({ message }) => message), []);
    writePages(out);
    return "takes the file along";
  },
  async vite(out) {
    const rolldownOptions = { input: PAGES.map((page) => at("app", `${page}.html`)) };
    const build = { outDir: out, emptyOutDir: true, rolldownOptions };
    await (await vite()).build({ root: at("app"), base: "./", configFile: false, logLevel: "error", build });
    return "takes the file along";
  },
};

/** A page of each entry, at that address: both join one room, and what one says the other hears. */
async function meet(base) {
  const hash = encodeURIComponent(JSON.stringify({ room: randomUUID(), options: { connection: server.connection() } }));
  const browser = await stage.browser("chromium", stage.net.place("bundled"));
  const opened = [];
  for (const name of PAGES) opened.push({ name, ...(await browser.open(`${base}${name}.html#${hash}`)) });
  try {
    for (const { page } of opened) await page.waitForFunction("globalThis.listed === 2", { timeout: 20_000 });
    for (const { name, page } of opened) await page.evaluate((value) => globalThis.say(value), { from: name });
    for (const { page } of opened) await page.waitForFunction("heard.length > 0", { timeout: 10_000 });
    const heard = await Promise.all(opened.map(({ page }) => page.evaluate(() => globalThis.heard)));
    assert.deepEqual(heard, [[{ from: "url" }], [{ from: "main" }]]);
    assert.deepEqual(opened.flatMap(({ errors }) => errors), []);
  } catch (error) {
    const said = opened.map(({ name, errors }) => `${name}: ${errors.join("; ") || "nothing"}`);
    throw new Error(`${error.message}\nthe pages said: ${said.join("\n")}`, { cause: error });
  } finally {
    for (const { close } of opened) await close();
  }
}

for (const [name, bundle] of Object.entries(BUNDLERS)) {
  test(`what ${name} makes of both entries meets in a room and talks`, { timeout: 60_000 }, async () => {
    const out = at("out", name);
    mkdirSync(out, { recursive: true });
    const wanted = await bundle(out);
    const module = /"([^"]{1000,})"/.exec(readFileSync(at(...PACKAGE, "dist", "module.js"), "utf8"))[1];
    const files = readdirSync(out, { recursive: true });
    const text = files.filter((file) => file.endsWith(".js")).map((file) => readFileSync(join(out, file), "utf8")).join("");
    assert.equal(text.split(module.slice(0, 200)).length - 1, 1, "the module is in the bundle once");

    const taken = files.some((file) => file.endsWith(".wasm"));
    assert.equal(taken ? "takes the file along" : "leaves the file behind", wanted, "README.md says so");
    if (!taken) copyFileSync(at(...PACKAGE, "dist", "mesh_bg.wasm"), join(out, "mesh_bg.wasm"));
    await meet(`${stage.files.url}bundled/${name}/`);
  });
}

test("what Vite's server for development serves of both entries meets in a room and talks", { timeout: 60_000 }, async () => {
  const { address } = stage.net.place("server");
  const where = { host: address, port: 0 };
  const dev = await (await vite()).createServer({ root: at("app"), configFile: false, logLevel: "error", server: where });
  try {
    await dev.listen();
    await meet(`http://${address}:${dev.httpServer.address().port}/`);
  } finally {
    await dev.close();
  }
});

test("without a bundler both entries of the unpacked package meet in a room and talk", { timeout: 60_000 }, async () => {
  const out = at("out", "plain");
  cpSync(at(...PACKAGE, "dist"), join(out, "dist"), { recursive: true });
  writePages(out);
  writeFileSync(join(out, "main.js"), app("./dist/index.js"));
  writeFileSync(join(out, "url.js"), app("./dist/url.js"));
  await meet(`${stage.files.url}bundled/plain/`);
});

for (const resolution of ["bundler", "node16", "nodenext"]) {
  test(`a program in TypeScript has the types of both entries, with moduleResolution ${resolution}`, { timeout: 60_000 }, () => {
    const program = readFileSync(fileURLToPath(new URL("./pages/program.ts", import.meta.url)), "utf8");
    const out = at("app", resolution);
    mkdirSync(out);
    for (const page of PAGES) writeFileSync(join(out, `${page}.ts`), program.replaceAll('"peerjs-mesh"', `"${ENTRIES[page]}"`));
    const module = resolution === "bundler" ? "esnext" : resolution;
    const compilerOptions = {
      target: "es2022", module, moduleResolution: resolution, strict: true, skipLibCheck: false, exactOptionalPropertyTypes: true,
      noEmit: true, types: [],
    };
    writeFileSync(join(out, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const { resolve } = createRequire(`${ROOT}packages/peerjs-mesh/package.json`);
    const tsc = [join(resolve("typescript/package.json"), "..", "bin", "tsc"), "--project", out, "--pretty", "false"];
    const { status, stdout, stderr } = spawnSync(process.execPath, tsc, { encoding: "utf8" });
    assert.deepEqual({ status, said: `${stdout}${stderr}` }, { status: 0, said: "" });
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
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, node, { cwd: at("app"), encoding: "utf8", timeout: 10_000 });
    assert.deepEqual({ status, signal, stderr }, { status: 0, signal: null, stderr: "" });
    const { version } = JSON.parse(readFileSync(at(...PACKAGE, "package.json"), "utf8"));
    assert.deepEqual(JSON.parse(stdout), { mesh: "function", error: "function", version, touched: [], more: [] });
  });
}
