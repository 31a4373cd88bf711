/** The linter, the formatter and the type checker find nothing: `npm run lint`, as a test. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const require = createRequire(import.meta.url);

/** Runs a tool that is written as a script of a package. */
function run(packageName: string, script: string, ...args: string[]): { status: number | null; output: string } {
  const path = join(dirname(require.resolve(`${packageName}/package.json`)), script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...args], { cwd: root, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

test("biome: no lint, and all files are formatted", () => {
  const { status, output } = run("@biomejs/biome", "bin/biome", "check", "--error-on-warnings", "--colors=off", ".");
  expect(status, output).toBe(0);
});

test("the type checker", () => {
  const { status, output } = run("typescript", "bin/tsc", "--noEmit", "-p", "tsconfig.json");
  expect(status, output).toBe(0);
});
