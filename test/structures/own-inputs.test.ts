/**
 * Relaxations that take an input of their own, or read the temperature: in models, where one vector of parameters
 * stands for all rows, and in layers on lists and tensors.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileLayer } from "../../compiler/layer.ts";
import { openDevice } from "../../runtime/devices.ts";
import { StructureLayer } from "../../runtime/layer.ts";
import { layer } from "../../sstc.ts";
import { library } from "../../stdlib/library.ts";
import { run } from "../cli/harness.ts";
import { compiled, interpreted } from "../distributions/models.ts";
import { expectClose } from "../golden.ts";
import { withModel } from "../runtime/compiled.ts";
import { failure } from "../runtime/failure.ts";
import { random } from "../tensor/harness.ts";
import { bespoke } from "./bespoke.ts";
import { kSubsets } from "./enumeration.ts";

const draws = (count: number, seed: number, low = 0.05, high = 0.95) => {
  const next = random(seed);
  return Array.from({ length: count }, () => low + (high - low) * next());
};
const gumbel = (v: number) => -Math.log(-Math.log(v));

const THETA = [0.4, -0.3, 0.9, -1.1, 0.2];
const WEIGHTS = [1, -2, 0.5, 3, -1];

const model = (latent: string, rest = "", objective = "sum(z * w)") => `
model M(n = 5, k = 2) {
  hyper t = 0.7
  param theta: f32[n] ~ zeros
  param rows: f32[k, n] ~ zeros
  data w: f32[n]
  data v: f32[n, n]
  latent z${latent}
  ${rest}
  minimize ${objective} + 0 * (sum(theta) + sum(rows) + sum(w) + sum(v))
}`;
const environment = (noise: readonly number[], theta = THETA, rows: readonly number[] = draws(10, 3)) => ({
  batch: 1,
  hypers: { t: 0.7 },
  parameters: { theta: [...theta], rows: [...rows] },
  inputs: { w: WEIGHTS, v: draws(25, 5) },
  noise: { z: [...noise] },
});

/** The derivative of a model's loss by theta. */
function differences(text: string, noise: readonly number[], theta = THETA): number[] {
  const loss = (at: readonly number[]) => interpreted(text, "train", environment(noise, [...at])).loss![0]!;
  return theta.map((_, i) => {
    const moved = (by: number) => loss(theta.map((value, j) => (i === j ? value + by : value)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
}

test("L2X draws k rows about one vector, each with noise of its own, and the gradient adds them up", () => {
  const text = model(": KSubset(n, k) ~ Gumbel(theta) relax L2X at t");
  const noise = draws(10, 1);
  const { z } = interpreted(text, "sample_soft", environment(noise));
  const drawn = noise.map((v, i) => THETA[i % 5]! + gumbel(v));
  const definition = bespoke("L2X", "KSubset(5, 2)", kSubsets(5, 2))!;
  expectClose(z!, definition(drawn, 0.7), { abs: 1e-12, rel: 0 }, "x");
  const outputs = interpreted(text, "train", environment(noise));
  expectClose(outputs["gradient:theta"]!, differences(text, noise), { abs: 1e-7, rel: 1e-7 }, "gradient");
  const { artifact } = compiled(text);
  expect(artifact.entries[0]!.noise.map(({ name, shape }) => [name, shape])).toEqual([["z", [2, 5]]]);
  expect(artifact.latents[0]!.shape).toEqual([5]);
});

test("rows may have parameters each, and copies have rows each", () => {
  const own = model(": KSubset(n, k) ~ Fixed(rows) relax L2X at t");
  const rows = draws(10, 3);
  const definition = bespoke("L2X", "KSubset(5, 2)", kSubsets(5, 2))!;
  expectClose(interpreted(own, "sample_soft", environment([])).z!, definition(rows, 0.7), { abs: 1e-12, rel: 0 }, "x");
  const copies = model("[2]: KSubset(n, k) ~ Gumbel([theta, 2 * theta]) relax L2X at t", "", "sum(z * [w, w])");
  const noise = draws(20, 2);
  const { z } = interpreted(copies, "sample_soft", environment(noise));
  const drawn = noise.map((v, i) => (i < 10 ? 1 : 2) * THETA[i % 5]! + gumbel(v));
  const expected = [...definition(drawn.slice(0, 10), 0.7), ...definition(drawn.slice(10), 0.7)];
  expectClose(z!, expected, { abs: 1e-12, rel: 0 }, "x");
});

test("a divergence is that of all utilities drawn", () => {
  const text = model(": KSubset(n, k) ~ Gumbel(theta) relax L2X at t", "prior z ~ Gumbel(0 * theta)", "kl");
  const one = THETA.reduce((sum, value) => sum + value + Math.exp(-value) - 1, 0);
  expectClose(interpreted(text, "train", environment(draws(10, 1))).loss!, [2 * one], { abs: 1e-12, rel: 0 }, "kl");
});

test("hard samples are those of the input: from each row the best of what is left; without noise the k largest", () => {
  const text = model(": KSubset(n, k) ~ Fixed(rows) relax L2X at t straight_through");
  // Both rows want the third most; the second row has to take what it likes second.
  const rows = [0, 1, 9, 2, 0, 0, 3, 8, 1, 0];
  const { z } = interpreted(text, "sample", environment([], THETA, rows));
  expect(z).toEqual([0, 1, 1, 0, 0]);
  const still = model(": KSubset(n, k) ~ Fixed(theta) relax L2X at t");
  expect(interpreted(still, "sample", environment([])).z).toEqual([1, 0, 1, 0, 0]);
});

test("orderings of NeuralSort come from perturbed scores: Plackett and Luce", async () => {
  const text = `
model Order(n = 3) {
  data w: f32[n, n]
  param theta: f32[n] ~ zeros
  latent z: Matching(n) ~ Gumbel(theta) relax NeuralSort at 0.5
  minimize sum(z * w)
}`;
  const noise = { z: draws(3, 7) };
  const at = { batch: 1, parameters: { theta: [1, 0, -0.5] }, inputs: { w: draws(9, 8) }, noise };
  const scores = noise.z.map((v, i) => [1, 0, -0.5][i]! + gumbel(v));
  const { z } = interpreted(text, "sample", at);
  const order = [0, 1, 2].sort((a, b) => scores[b]! - scores[a]!);
  expect(z).toEqual(order.flatMap((column) => [0, 1, 2].map((j) => (j === column ? 1 : 0))));
  const loss = (theta: number[]) => interpreted(text, "train", { ...at, parameters: { theta } }).loss![0]!;
  const exact = [0, 1, 2].map((i) => {
    const moved = (by: number) => loss([1, 0, -0.5].map((value, j) => (i === j ? value + by : value)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
  const gradient = interpreted(text, "train", at)["gradient:theta"]!;
  expectClose(gradient, exact, { abs: 1e-7, rel: 1e-7 }, "gradient");
});

test("a kernel that reads the temperature is given that of the model, whatever it is set to", async () => {
  const text = model(": KSubset(n, k) ~ Gumbel(theta) relax SoftSub at t");
  const noise = draws(5, 9);
  const drawn = noise.map((v, i) => THETA[i]! + gumbel(v));
  const definition = bespoke("SoftSub", "KSubset(5, 2)", kSubsets(5, 2))!;
  for (const t of [0.7, 2]) {
    const { z } = interpreted(text, "sample_soft", { ...environment(noise), hypers: { t } });
    expectClose(z!, definition(drawn, t), { abs: 1e-11, rel: 0 }, `x at ${t}`);
  }
  const outputs = interpreted(text, "train", environment(noise));
  expectClose(outputs["gradient:theta"]!, differences(text, noise), { abs: 1e-7, rel: 1e-7 }, "gradient");
  await withModel(text, async (loaded) => {
    const [w, v] = [WEIGHTS, draws(25, 5)].map((values) => Float32Array.from(values));
    const before = loaded.undisposed;
    const step = await loaded.step({ w: { shape: [1, 5], data: w! }, v: { shape: [1, 5, 5], data: v! } } as never);
    expect(Number.isFinite(step.loss)).toBe(true);
    expect(loaded.undisposed).toBe(before);
  });
});

const folder = mkdtempSync(join(tmpdir(), "sstc-inputs-"));
afterAll(() => rmSync(folder, { recursive: true }));
test("SoftSub of what lies further apart than numbers reach: the far ones first, then the rest as without them", () => {
  const u = [0.04, 80, -0.03, 0.09, -0.11, 0.02];
  const definition = bespoke("SoftSub", "KSubset(6, 3)", kSubsets(6, 3))!;
  for (const t of [0.1, 0.12]) {
    const solver = new StructureLayer(
      compileLayer({ structure: "KSubset(6, 3)", relaxation: "SoftSub", temperature: String(t) }, library),
    );
    expectClose(solver.soft(u), definition(u, t), { abs: 1e-11, rel: 0 }, `x at ${t}`);
    const cotangent = [1, -2, 0.5, 3, -1, 0.7];
    const worth = (at: readonly number[]) => solver.soft(at).reduce((sum, x, i) => sum + x * cotangent[i]!, 0);
    const exact = u.map((_, i) => {
      const moved = (by: number) => worth(u.map((value, j) => (i === j ? value + by : value)));
      return (moved(1e-6) - moved(-1e-6)) / 2e-6;
    });
    expectClose(solver.vjp(u, cotangent), exact, { abs: 1e-7, rel: 1e-7 }, `vjp at ${t}`);
  }
});

beforeAll(async () => {
  await openDevice("wasm");
});

test("layers take tensors and lists of an own input's shape, and give members", async () => {
  const l2x = await layer("KSubset(5, 2) relax L2X at 0.5", { tf });
  expect([l2x.inputSize, l2x.size]).toEqual([10, 5]);
  const u = draws(30, 4);
  const flat = l2x.soft(Float64Array.from(u));
  expect(flat.length).toBe(15);
  expect(l2x.soft([u.slice(0, 10), u.slice(10, 20)]).map((row) => row.length)).toEqual([5, 5]);
  const tensor = tf.tensor(Float32Array.from(u), [3, 2, 5]);
  expect(l2x.soft(tensor).shape).toEqual([3, 5]);
  expect(l2x.argmax(tensor).shape).toEqual([3, 5]);
  const cotangent = tf.ones([3, 5]);
  expect(l2x.vjp(tensor, cotangent).shape).toEqual([3, 2, 5]);
  const weights = Array.from({ length: 15 }, (_, i) => i % 5);
  const gradient = tf.grad((x: tf.Tensor) => l2x.soft(x))(tensor, tf.tensor(weights, [3, 5]));
  expect(gradient.shape).toEqual([3, 2, 5]);
  const single = Float64Array.from(u, Math.fround);
  expectClose(
    [...gradient.dataSync()],
    [...l2x.vjp(single, Float64Array.from(weights))],
    { abs: 1e-6, rel: 1e-6 },
    "gradient",
  );
  const sort = await layer("Matching(3) relax NeuralSort at 1", { tf });
  expect(sort.soft(tf.tensor2d([[1, 2, 3]])).shape).toEqual([1, 3, 3]);
  expect(sort.argmax([3, 1, 2])).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 0]);
});

test("what does not fit an own input is told", async () => {
  const l2x = await layer("KSubset(5, 2) relax L2X at 0.5", { tf });
  const message = async (work: () => unknown) => (await failure(work)).message;
  expect(await message(() => l2x.soft([1, 2, 3, 4, 5]))).toContain(
    "has 5 numbers, but an example of KSubset(5, 2) has 10",
  );
  const rows = draws(20, 4);
  expect(await message(() => l2x.vjp(rows.slice(0, 10), draws(10, 1)))).toContain("has 10 numbers");
  const two = [rows.slice(0, 10), rows.slice(10)];
  expect(await message(() => l2x.vjp(two, [draws(5, 1)]))).toContain("of 2 examples, but the cotangents of 1");
  expect(await message(() => l2x.kBest(rows.slice(0, 10), 2))).toContain("takes an input of its own");
  expect(await message(() => l2x.entropy(rows.slice(0, 10)))).toContain("has no entropy");
});

test("sstc eval reads rows of the input's size and prints rows of members, on the host and on a device", async () => {
  const path = join(folder, "scores.json");
  writeFileSync(path, JSON.stringify({ u: [[3, 1, 2]], cotangent: [[1, 0, 0, 0, 0, 0, 0, 0, 0]] }));
  const ask = async (...device: string[]) => {
    const words = ["eval", "Matching(3)", "--relax", "NeuralSort", "--at", "1", ...device];
    const { status, stdout, stderr } = await run(...words, "--input", path);
    expect([status, stderr]).toEqual([0, ""]);
    return JSON.parse(stdout);
  };
  const host = await ask();
  expect(host.argmax).toEqual([[1, 0, 0, 0, 0, 1, 0, 1, 0]]);
  expect([host.soft[0].length, host.vjp[0].length]).toEqual([9, 3]);
  const device = await ask("--device", "cpu");
  expect(device.argmax).toEqual(host.argmax);
  expectClose(device.soft.flat(), host.soft.flat(), { abs: 1e-6, rel: 0 }, "soft");
});
