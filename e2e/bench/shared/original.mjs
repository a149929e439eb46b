// The package that we are measured beside, unmodified from npm, bundled at run time into a folder that is thrown away.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

/** Bundles `@manishiitg/peerjs-mesh` with its PeerJS; `{folder, remove()}`, the module is `original.js` in it. */
export async function bundleOriginal() {
  const folder = await mkdtemp(join(tmpdir(), "peerjs-mesh-original-"));
  await build({
    stdin: { contents: 'export { mesh } from "@manishiitg/peerjs-mesh";', resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    platform: "browser",
    define: { global: "globalThis" },
    outfile: join(folder, "original.js"),
    logLevel: "error",
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
