// A program: serves folders as static files, and says where on its first line of standard output.
//
//   node static-server.mjs ADDRESS /=FOLDER [/prefix/=FOLDER …]
//
// Loopback or a lab's address only; port 0. The longest prefix wins. Nothing is cached, so that a page of one run
// never meets the code of another.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const [address, ...mounts] = process.argv.slice(2);
const folders = mounts
  .map((mount) => ({ prefix: mount.slice(0, mount.indexOf("=")), folder: resolve(mount.slice(mount.indexOf("=") + 1)) }))
  .sort((a, b) => b.prefix.length - a.prefix.length);

/** The file that a path of a URL names, or undefined; never one outside the mounted folder. */
function fileFor(path) {
  const mount = folders.find(({ prefix }) => path.startsWith(prefix));
  if (!mount) return undefined;
  const file = normalize(join(mount.folder, path.slice(mount.prefix.length)));
  return file.startsWith(mount.folder + sep) ? file : undefined;
}

const server = createServer((request, response) => {
  if (request.url === "/favicon.ico") {
    response.writeHead(204).end();
    return;
  }
  let file;
  try {
    file = fileFor(decodeURIComponent(new URL(request.url, "http://static").pathname));
    if (!file || !statSync(file).isFile()) throw new Error("no file");
  } catch {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
    return;
  }
  response.writeHead(200, {
    "content-type": TYPES[extname(file)] ?? "application/octet-stream",
    "cache-control": "no-store",
    "access-control-allow-origin": "*",
  });
  createReadStream(file).on("error", () => response.destroy()).pipe(response);
});

server.listen(0, address, () => {
  const { port } = server.address();
  console.log(JSON.stringify({ event: "listening", url: `http://${address}:${port}/`, port }));
});
process.on("SIGTERM", () => process.exit(0));
// The end of standard input means that whoever started this is gone.
process.stdin.on("end", () => process.exit(0)).resume();
