/**
 * `sstc new`: a folder with a model that runs, to begin from. It is the example examples/quickstart of this package.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UsageError } from "./usage-error.ts";

const packagePath = createRequire(import.meta.url).resolve("sstc/package.json");
const TEMPLATE = join(dirname(packagePath), "examples", "quickstart");
const FILES = ["model.sst", "data.js", "README.md"] as const;

/** Makes the folder `name` in the folder `within` and tells what to do next; what is there already is never touched. */
export function newCommand(name: string, within = "."): number {
  checkName(name);
  const folder = join(within, name);
  if (existsSync(folder)) throw new UsageError(`${name} exists already: choose another name`);
  try {
    mkdirSync(folder);
    for (const file of FILES) {
      writeFileSync(join(folder, file), readFileSync(join(TEMPLATE, file)), { flag: "wx" });
    }
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(packageOf(name), null, 2)}\n`, { flag: "wx" });
  } catch (problem) {
    throw new UsageError(`cannot make ${name}: ${(problem as Error).message}`);
  }
  const lines = [
    `made ${name}: model.sst, a model with an experiment; data.js, its data; README.md; package.json`,
    "",
    "next:",
    `  cd ${name}`,
    "  npm install               # brings sstc, unless it is installed already",
    "  npx sstc run model.sst    # trains for a few seconds and prints a table",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

/** The name becomes a folder's and a package's: what npm takes as one, without a scope. */
function checkName(name: string): void {
  const fits = /^[a-z0-9][a-z0-9._-]*$/.test(name) && name.length <= 214 && name !== "node_modules";
  if (fits) return;
  throw new UsageError(`${name} cannot be the name of a package: use small letters, digits and -, such as my-model`);
}

function packageOf(name: string) {
  const { version } = JSON.parse(readFileSync(packagePath, "utf8")) as { readonly version: string };
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    scripts: { start: "sstc run model.sst" },
    dependencies: { sstc: `^${version}` },
  };
}
