/** `sstc eval --device webgpu`: what the host says, in float32. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../cli/harness.ts";
import { expectClose } from "../golden.ts";
import { NOT_RUN, testDevice } from "./device.ts";

const folder = mkdtempSync(join(tmpdir(), "sstc-eval-webgpu-"));
afterAll(() => rmSync(folder, { recursive: true }));

const input = join(folder, "input.json");
// So many that other noise would draw another tree for one of them.
const twelve = (row: readonly number[]) => Array.from({ length: 12 }, () => row);
const rows = { u: twelve([0.3, -1.2, 0.8, 0.1, 1.5, -0.4]), cotangent: twelve([1, -2, 0.5, 3, -1, 0.25]) };
writeFileSync(input, JSON.stringify(rows));

async function answers(device: string, ...args: readonly string[]) {
  const tree = ["eval", "SpanningTree(complete(4))", "--relax", "ExpFamily", "--at", "0.5", "--input", input];
  const { status, stdout, stderr } = await run(...tree, "--device", device, ...args);
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as { readonly [key: string]: readonly unknown[] };
}

test("the same keys in the same form, and the same numbers", async ({ skip }) => {
  skip(!(await testDevice()).computes, NOT_RUN);
  for (const args of [[], ["--query", "marginals,sample,log_partition", "--seed", "5"]]) {
    const [found, exact] = [await answers("webgpu", ...args), await answers("host", ...args)];
    expect(Object.keys(found)).toEqual(Object.keys(exact));
    for (const [key, values] of Object.entries(exact)) {
      expectClose(found[key]!.flat(3) as number[], values.flat(3) as number[], { abs: 1e-6, rel: 1e-5 }, key);
    }
    expect(found.sample?.flat(1).length).toBe(exact.sample?.flat(1).length);
  }
});

test("what it does not answer is said before a device is opened", async () => {
  const tree = ["eval", "SpanningTree(complete(4))", "--relax", "ExpFamily", "--at", "1", "--input", input];
  const ask = (...args: readonly string[]) => run(...tree, "--device", "webgpu", "--query", ...args);
  const entropy = await ask("entropy");
  expect([entropy.status, entropy.stdout]).toEqual([2, ""]);
  expect(entropy.stderr).toBe("sstc: --query entropy: WebGPU does not answer this; leave out --device webgpu\n");
  expect((await ask("sample", "--draws", "3")).stderr).toContain("--draws: WebGPU draws one sample of each example");
});
