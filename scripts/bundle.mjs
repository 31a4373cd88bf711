/**
 * After the build: the command line in a few files instead of 250, which Node takes a quarter of a cold compilation to
 * find and to link. What programs import from the package stays as it is.
 */
import { cpSync, rmSync } from "node:fs";
import { rolldown } from "rolldown";

const bundle = await rolldown({
  input: { cli: "dist/cli.js" },
  external: [/^@tensorflow\//, /^sstc\//, "commander"],
  platform: "node",
});
await bundle.write({ dir: "dist/bundle", format: "esm", chunkFileNames: "cli/[name].js" });
await bundle.close();
rmSync("dist/cli", { recursive: true });
cpSync("dist/bundle", "dist", { recursive: true });
rmSync("dist/bundle", { recursive: true });

// The host of modules for WebGPU: one file, for pages and for Node, that imports nothing.
const host = await rolldown({ input: "dist/runtime/webgpu/module.js", platform: "browser" });
await host.write({ file: "dist/webgpu.js", format: "esm" });
await host.close();
