/** What went wrong on the command line once, and must not again. Each test is called by the fault. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "sstc-cli-regressions-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command says, with its exit status. */
async function told(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const { status, stdout, stderr } = await run(...args);
  return { status, stdout, stderr: stderr.replaceAll(folder, "D") };
}

test("only the first example had samples where utilities do not depend on data", async () => {
  const { status, stdout, stderr } = await told("sample", "examples/quickstart/model.sst", "--device", "cpu");
  expect(status, stderr).toBe(0);
  const { examples } = JSON.parse(stdout) as { examples: { z: { hard: number[][]; soft: number[][] } }[] };
  expect(examples).toHaveLength(4);
  const sums = examples.map(({ z }) => [z.hard, z.soft].map(([row]) => row!.reduce((total, value) => total + value)));
  for (const [hard, soft] of sums) {
    expect(hard).toBe(3);
    expect(soft).toBeCloseTo(3, 5);
  }
  expect(new Set(examples.map(({ z }) => String(z.soft))).size).toBe(4);
});

test("samples at a temperature too small were null, and all was well", async () => {
  const input = join(folder, "u.json");
  writeFileSync(input, '{"u": [[0, 1, 2]]}');
  const { status, stdout, stderr } = await told(
    ...["eval", "OneHot(3)", "--relax", "ExpFamily", "--at", "1e-320", "--input", input],
  );
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("sstc: the utilities of OneHot(3) divided by the temperature 1e-320 hold an infinite value");
  expect(stderr).toContain("at example 0, position 1\n  why: a solver needs finite numbers\n  help: raise the");
});
