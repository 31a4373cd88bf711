/** How Vite builds the page: into `dist`, with relative addresses, so that it can be served from any folder. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "./",
  // The page is written as users of the package would write it; here its names mean the sources of this checkout.
  resolve: {
    alias: [
      { find: /^sstc$/, replacement: here("../../sstc.ts") },
      { find: /^sstc\/runtime$/, replacement: here("../../runtime/runtime.ts") },
    ],
  },
  server: { fs: { allow: [here("../..")] } },
  worker: { format: "es" },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // The compiler and its standard library are one file of some 800 kB, a quarter of that compressed.
    chunkSizeWarningLimit: 1500,
  },
});
