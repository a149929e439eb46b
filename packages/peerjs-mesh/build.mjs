// Makes dist/ from src/ and from wasm/, which `cargo xtask build` leaves here. Prints what a page loads, in bytes.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const at = (...parts) => join(here, ...parts);
const { version } = JSON.parse(readFileSync(at("package.json"), "utf8"));

rmSync(at("dist"), { recursive: true, force: true });
mkdirSync(at("dist"));

// The module, packed, and the one that takes it out.
const [unpacker, packed] = ["unpack.wasm", "mesh.packed"].map((name) => readFileSync(at("wasm", name)));
const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ["src/unpack.ts"],
  bundle: true,
  format: "esm",
  write: false,
});
const { unpack } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
if (!readFileSync(at("wasm", "mesh_bg.wasm")).equals(await unpack(unpacker, packed))) {
  throw new Error("what was packed is not what is taken out");
}
writeFileSync(at("dist", "module.js"), `export default "${packed.toString("base64")}";\n`);

/** Names of properties that nobody outside the package sees: they become letters (0.3 kB gzip). */
const INTERNAL = [
  "addCandidate", "ahead", "autoCall", "begin", "call_peer", "closeAll", "deadline", "described",
  "destroy", "dial", "drain", "dropHost", "drop_host", "flag", "flush", "foresee", "frame", "give",
  "hasInitData", "healthMs", "hear", "hire", "joinTimeout", "joinTimeoutMs", "kinds", "lane",
  "lanes", "leaveNow", "list", "make", "media", "memory", "meshLimit", "num", "offered", "opened",
  "over", "prepare", "ready", "received", "report", "ring", "run", "scale", "session",
  "set_hidden", "set_init_data", "signal", "str", "syncTimeout", "takeLink", "takeSession",
  "ticket", "tracks", "tracksOf", "translate", "u16", "u32", "u64", "view", "wait", "whole",
];
const sources = readdirSync(at("src"), { recursive: true }).filter((path) => path.endsWith(".ts"));
const words = new Set(sources.flatMap((path) => readFileSync(at("src", path), "utf8").match(/\w+/g)));
const builtIn = new Set(Object.getOwnPropertyNames(globalThis).filter((name) => words.has(name)).flatMap((name) => {
  const it = globalThis[name];
  return [it, it?.prototype].filter(Boolean).flatMap((of) => Object.getOwnPropertyNames(of));
}));
const known = INTERNAL.filter((name) => builtIn.has(name));
if (known.length > 0) throw new Error(`${known} are JavaScript's, too`);

await build({
  absWorkingDir: here,
  entryPoints: ["src/index.ts", "src/url.ts", "src/tagged.ts"],
  outdir: "dist",
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  mangleProps: new RegExp(`^(?:${INTERNAL.join("|")})$`),
  define: { VERSION: JSON.stringify(version), UNPACKER: "U" },
  // Beside index.js and not in it: gzip does better when base64 and code are not mixed (1 kB).
  alias: { "module/inline": "./module.js" },
  external: ["./module.js"],
});
// What esbuild has made one file of, terser makes smaller (0.5 kB gzip). Nothing here has a getter that does something.
const compress = { passes: 4, unsafe_proto: true, pure_getters: true, unsafe_methods: true, sequences: false, reduce_funcs: false };
for (const entry of ["index.js", "url.js"]) {
  const bundle = readFileSync(at("dist", entry), "utf8");
  const { code } = await minify(bundle, { module: true, ecma: 2022, compress });
  // As two letters a byte, what repeats is still seen by gzip: 0.4 kB less than as base64; and 0.1 kB less before the code.
  const first = entry === "index.js" ? `const U="${unpacker.toString("hex")}";` : "";
  writeFileSync(at("dist", entry), `${first}${code}\n`);
}
copyFileSync(at("wasm", "mesh_bg.wasm"), at("dist", "mesh_bg.wasm"));

const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
execFileSync(process.execPath, [tsc, "--project", at("tsconfig.json")], { stdio: "inherit" });
for (const file of ["events.d.ts", "errors.d.ts", "emitter.d.ts"]) {
  const code = readFileSync(at("dist", file), "utf8").replaceAll(/\/\*.*?\*\/|"[^"\n]*"/gs, "");
  const seen = new Set(code.match(/\w+/g));
  const both = INTERNAL.filter((name) => seen.has(name));
  if (both.length > 0) throw new Error(`${both} in ${file} are the users', too`);
}

const gzip = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
const [index, inlined, url, module] = ["index.js", "module.js", "url.js", "mesh_bg.wasm"].map((name) => gzip(at("dist", name)));
console.log(`peerjs-mesh ${version}, gzip -9: index.js ${index} + module.js ${inlined} = ${index + inlined}; `
  + `url.js ${url} + mesh_bg.wasm ${module} = ${url + module}`);
