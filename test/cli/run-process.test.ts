/**
 * `sstc run` as a process of its own, from dist/: signals, exit statuses, standard input, the default directory. Where
 * dist/ is older than the sources there is nothing to test; `npm run build` brings it up to date.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { treesFolder } from "./trees.ts";

const root = join(import.meta.dirname, "../..");
const cli = join(root, "dist", "cli.js");

/** When a file of a folder was last written, but for those that every run of the tests generates. */
function newest(folder: string): number {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((each) => each.isFile() && !each.name.endsWith(".generated.ts"));
  return Math.max(...files.map((each) => statSync(join(each.parentPath, each.name)).mtimeMs));
}
const isBuilt = existsSync(cli) && ["cli", "runtime", "compiler"].every((each) => newest(each) < newest("dist"));

const { folder, file } = treesFolder();
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; `watch` is told what it has written to standard error so far. */
function execute(
  program: string,
  args: readonly string[],
  input = "",
  watch?: (kill: () => void, text: string) => void,
) {
  return new Promise<Outcome>((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder, timeout: 60_000 });
    const written = { stdout: "", stderr: "" };
    child.stdout.on("data", (data: Buffer) => {
      written.stdout += String(data);
    });
    child.stderr.on("data", (data: Buffer) => {
      written.stderr += String(data);
      watch?.(() => child.kill("SIGINT"), written.stderr);
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...written }));
    child.stdin.end(input);
  });
}
const sstc = (args: readonly string[], input?: string) => execute(process.execPath, [cli, ...args], input);

describe.skipIf(!isBuilt)("a process", () => {
  test("ends by itself, with results on standard output and nothing else", async () => {
    const { status, stdout, stderr } = await sstc(["run", "trees.sst", "--scale", "tiny"]);
    expect(status, stderr).toBe(0);
    expect(stdout.split("\n")[1]).toMatch(/^Edges +test\.loss/);
    expect(stdout.trimEnd().split("\n").slice(-3)).toEqual([
      "table    runs/fit-tiny/table.md",
      "models   runs/fit-tiny/*/best.safetensors",
      "picture  runs/fit-tiny/picture.svg",
    ]);
    expect(stdout).not.toContain("steps");
    for (const control of ["\r", "\u001b"]) expect(stderr).not.toContain(control);
    const [first] = [readFileSync(join(folder, "runs/fit-tiny/table.md"))];
    expect((await sstc(["run", "trees.sst", "--scale", "tiny", "--seed", "1"])).stdout).toContain(
      "runs/fit-tiny-2/table.md",
    );
    expect(readFileSync(join(folder, "runs/fit-tiny/table.md"))).toEqual(first);
  });

  test("that is interrupted tells a command that a shell carries out, and that ends as the uninterrupted run", async () => {
    const flags = [
      "run",
      "trees.sst",
      "--set",
      "steps=5000",
      "--set",
      "validate=1000",
      "--set",
      "Edges = SpanningTree",
    ];
    let killed = false;
    const stopped = await execute(process.execPath, [cli, ...flags], "", (kill, text) => {
      if (killed || !text.includes("step 1000/5000")) return;
      killed = true;
      kill();
    });
    expect([stopped.status, stopped.stdout]).toEqual([130, ""]);
    const command = /stopped; go on with: (.*)\n/.exec(stopped.stderr)![1]!;
    const resumed = await execute("sh", ["-c", command]);
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stderr).not.toContain("step 1000/5000");
    const whole = await sstc(flags);
    const last = (name: string) => readFileSync(join(folder, "runs", name, "Edges=SpanningTree", "last.safetensors"));
    expect(whole.stdout).toContain("runs/fit-2/");
    expect(last("fit").equals(last("fit-2"))).toBe(true);
  });

  test("reads the experiment from standard input, its data beside the working directory", async () => {
    const { status, stdout } = await sstc(
      ["run", "-", "--scale", "tiny", "--out", "piped"],
      readFileSync(file, "utf8"),
    );
    expect([status, stdout]).toEqual([0, expect.stringContaining("table    piped/table.md")]);
  });

  test("has exit status 1 for bad input and 2 for a bad command line", async () => {
    expect((await sstc(["run", "trees.sst", "--scale", "large"])).status).toBe(1);
    expect((await sstc(["run", "absent.sst"])).status).toBe(2);
    expect((await sstc(["run", "trees.sst", "--scael", "tiny"])).status).toBe(2);
  });
});
