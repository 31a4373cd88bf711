/** Measures `sstc compile` of NRI as a user meets it: a fresh Node process of the built command line, until it ends. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Row, timeInTurns } from "./measure.ts";

/** The repository's root, seen from dist/test/bench. */
export const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A cold compilation, in turns with a Node process that does nothing. */
export async function compilationRows(seconds: number): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), "sstc-bench-"));
  try {
    const commandLine = join(root, "dist", "cli.js");
    const model = join(root, "examples", "nri", "nri.sst");
    const works = [() => run(["-e", "0"]), () => run([commandLine, "compile", model, "--out", directory])];
    const [node, compile] = (await timeInTurns(works, 4 * seconds)).map((timing) => ({
      ...timing,
      processor: undefined,
    }));
    return [
      { name: "node that does nothing", timing: node! },
      { name: "sstc compile examples/nri/nri.sst", timing: compile!, goal: 300 },
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function run(args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with status ${status}:\n${stderr}`);
}
