/** The example of a structure of one's own: right against all members, trainable, and taught as it is written. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { events } from "../../examples/own-structure/data.js";
import { instantiate } from "../../runtime/instantiate.ts";
import { check, compile, layer, render } from "../../sstc.ts";
import { library } from "../../stdlib/library.ts";
import { run } from "../cli/harness.ts";
import {
  checkArgmax,
  checkBackward,
  checkBatch,
  checkLimit,
  checkLogPartition,
  checkMembers,
  checkSoft,
  type Subject,
} from "../structures/conform.ts";
import { inBox, total, type Vector, windows } from "../structures/enumeration.ts";

const temporary = mkdtempSync(join(tmpdir(), "sstc-window-"));
afterAll(() => rmSync(temporary, { recursive: true }));
function inputFile(content: unknown): string {
  const path = join(temporary, "input.json");
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const folder = join(import.meta.dirname, "../../examples/own-structure");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const source = { name: "window.sst", text: read("window.sst") };

/** Solves x = Σ p_s window_s for p, from the left: a point is in the hull if p is a distribution. */
const inHull = (n: number, length: number) => (x: Vector) => {
  const p: number[] = [];
  for (let i = 0; i < n; i++) p.push(x[i]! - (x[i - 1] ?? 0) + (p[i - length] ?? 0));
  const starts = p.slice(0, n - length + 1);
  const rest = p.slice(n - length + 1);
  return inBox(starts) && Math.abs(total(starts) - 1) < 1e-9 && rest.every((value) => Math.abs(value) < 1e-9);
};

describe.each([
  [1, 1],
  [5, 1],
  [5, 2],
  [6, 3],
  [4, 4],
])("Window(%i, %i) against its members", (n, length) => {
  const subject: Subject = {
    structure: `Window(${n}, ${length})`,
    members: windows(n, length),
    inHull: inHull(n, length),
    library,
    source,
  };
  test("count", () => checkMembers(subject));
  test("argmax", () => checkArgmax(subject));
  test("log-partition", () => checkLogPartition(subject));
  // The second is there for every structure that has an argmax.
  describe.each(["ExpFamily", "Euclidean"])("%s", (relaxation) => {
    test("soft samples", () => checkSoft(subject, relaxation));
    test("soft samples tend to hard ones", () => checkLimit(subject, relaxation));
    test("the derived backward", () => checkBackward(subject, relaxation, "dual"));
    test("batches", () => checkBatch(subject, relaxation));
  });
  test("the closed form of the Euclidean backward", () => checkBackward(subject, "Euclidean", "custom"));
});

test("the backward is derived: nobody has written one", async () => {
  const window = await layer("Window(6, 3) relax ExpFamily at 1", { source, device: "cpu" });
  const backward = window.decisions.find(({ pass }) => pass === "backward");
  expect([backward?.chosen, backward?.rejected.map(({ option }) => option)]).toEqual([
    "dual",
    ["custom", "autodiff", "finite_difference"],
  ]);
  expect(source.text).not.toMatch(/vjp|cotangent/);
});

test("the model compiles, trains, and finds the windows", async () => {
  expect(check(source).map(render)).toEqual([]);
  const { artifact, diagnostics } = compile(source, { model: "Event" });
  expect(diagnostics.map(render)).toEqual([]);
  const model = await instantiate(artifact!, {
    device: "cpu",
    seed: 1,
    optimizer: { name: "adam", learningRate: 0.1 },
  });
  const { train } = events({ n: 16, length: 4, train: 100, valid: 1, test: 1, seed: 1 });
  const batch = Object.fromEntries(Object.entries(train.columns).map(([name, column]) => [name, column.data]));
  const before = await model.evaluate(batch);
  for (let step = 0; step < 40; step++) await model.step(batch);
  const after = await model.evaluate(batch);
  expect(Number(after.metrics.found)).toBeGreaterThan(Number(before.metrics.found) + 0.3);
  expect(Math.abs((await model.parameters()).trust![0]!)).toBeGreaterThan(0.5);
});

describe("the README", () => {
  const readme = read("README.md");
  const blocks = [...readme.matchAll(/```sst\n([\s\S]*?)```/g)].map(([, block]) => block!);
  test("teaches the file line by line: what it shows stands there", () => {
    expect(blocks.length).toBeGreaterThan(8);
    for (const block of blocks) expect(source.text).toContain(block);
  });
  test("its commands work", async () => {
    const [, input, structure, rest] = /echo '(.*)' \| sstc eval "(.*)" --source window.sst (.*)/.exec(readme)!;
    const u = JSON.parse(input!) as { u: number[][] };
    const flags = rest!.split(" ");
    const file = join(folder, "window.sst");
    const { status, stdout } = await run("eval", structure!, "--source", file, ...flags, "--input", inputFile(u));
    expect([status, JSON.parse(stdout).argmax]).toEqual([0, [[0, 1, 1, 0]]]);
    const explained = await run("explain", file);
    expect([explained.status, explained.stdout]).toEqual([0, expect.stringContaining("backward: dual")]);
  });
  test("says what happens with another relaxation, and with a window that does not fit", async () => {
    const entropy = source.text.replace("relax ExpFamily at t", "relax CategoricalEntropy at t");
    const [problem] = check({ name: "window.sst", text: entropy });
    expect([problem?.message, problem?.help]).toEqual([
      "Window(16, 4) has no CategoricalEntropy relaxation",
      "it has ExpFamily, Euclidean",
    ]);
    const euclidean = source.text.replace("relax ExpFamily at t", "relax Euclidean at t");
    expect(check({ name: "window.sst", text: euclidean }).map(render)).toEqual([]);
    await expect(layer("Window(3, 5)", { source })).rejects.toThrow("a window must fit: 1 <= length <= n");
  });
});
