import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  // The page may stand below any path: /demo/ on `peerjs-mesh serve`, anything behind a proxy.
  base: "./",
  plugins: [react()],
  build: {
    target: "es2022",
    // Everything that runs is in one script: there is nothing that could wait.
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
  },
  // `npm run dev`: the settings come from a server beside it, started with `peerjs-mesh serve`.
  server: {
    proxy: { "/config.json": { target: "http://localhost:9000", rewrite: () => "/demo/config.json" } },
  },
});
