/** Gamma variables from uniform numbers, against their integral; and the sum-of-gamma noise made of them. */
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import { SINGLE } from "../../compiler/ir/kernel/single.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { compiled, interpreted, utilities } from "./models.ts";

const DRAWN = [0.5 / 2 ** 23, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.9999, 1 - 0.5 / 2 ** 23];
const SHAPES = [1, 0.7, 0.5, 1 / 3, 0.1];

const model = (shape: number) => `
model Draws() {
  data v: f32[${DRAWN.length}]
  let x = gamma_quantile(${shape}, v)
  ${DRAWN.map((_, i) => `metric x${i} = x[${i}]`).join("\n  ")}
}`;

function quantiles(shape: number, v = DRAWN): number[] {
  const found = interpreted(model(shape), "evaluate", { batch: 1, inputs: { v } });
  return DRAWN.map((_, i) => found[`metric:x${i}`]![0]!);
}

/** ∫₀ˣ tᵃ⁻¹ e⁻ᵗ dt = (1 / a) ∫ exp(−s^(1/a)) ds up to xᵃ, by Simpson's rule. */
function integral(a: number, x: number): number {
  const rounds = 20000;
  const step = x ** a / rounds;
  const f = (i: number) => Math.exp(-((i * step) ** (1 / a)));
  let sum = f(0) + f(rounds);
  for (let i = 1; i < rounds; i++) sum += (i % 2 === 1 ? 4 : 2) * f(i);
  return (sum * step) / 3 / a;
}

describe.each(SHAPES)("of the shape %f", (shape) => {
  test("is beyond x with the probability that it is given", () => {
    const whole = integral(shape, 80);
    quantiles(shape).forEach((x, i) => {
      const tail = (whole - integral(shape, x)) / whole;
      // The oracle's own error is absolute.
      expect(Math.abs(tail - DRAWN[i]!), `at ${DRAWN[i]}`).toBeLessThan(1e-9);
    });
  });
  test("on a host, and as a device computes it in float32", async () => {
    const rounded = DRAWN.map(Math.fround);
    const wanted = quantiles(shape, rounded);
    const host = await instantiate(compiled(model(shape)).artifact, { device: "wasm" });
    const outputs = await host.run("evaluate", { inputs: { v: Float32Array.from(DRAWN) } });
    const found = DRAWN.map((_, i) => outputs[`metric:x${i}`]!.data[0]!);
    expectClose(found, wanted, { abs: 1e-7, rel: 1e-6 }, "quantiles");
    host.dispose();
    const { kernels } = compile({ name: "gamma.sst", text: model(shape) }, { library, target: "webgpu" });
    const [single] = interpretKernel(kernels[0]!, [rounded], SINGLE);
    expectClose(single!, wanted, { abs: 1e-6, rel: 2e-5 }, "quantiles of a device");
  });
});

test("of the shape 1 is exponential", () => {
  expectClose(
    quantiles(1),
    DRAWN.map((v) => -Math.log(v)),
    { abs: 1e-12, rel: 1e-12 },
    "quantiles",
  );
});

test("a shape that is not between 0 and 1 is refused", () => {
  for (const shape of [0, 1.5]) expect(() => compiled(model(shape))).toThrow("greater than 0 and at most 1");
});

/** Draws of the distribution; each has `iterations` uniform numbers. */
function draws(k: number, temperature: number, iterations: number, count: number): number[] {
  const text = utilities(`SumOfGamma(a, ${k}, ${temperature}, ${iterations})`, count);
  const next = random(31);
  const noise = Array.from({ length: iterations * count }, () => 1e-7 + (1 - 2e-7) * next());
  const a = Array.from({ length: count }, () => 0.5);
  return interpreted(text, "sample_soft", { batch: 1, inputs: { a }, noise: { z: noise } }).z!;
}

describe("SumOfGamma", () => {
  test.each([
    [1, 1, 10],
    [5, 2, 10],
    [10, 1, 3],
  ])("k = %i, temperature %i, %i iterations: mean and variance", (k, temperature, iterations) => {
    const count = 4000;
    const all = draws(k, temperature, iterations, count);
    const mean = all.reduce((a, b) => a + b) / count;
    const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
    const sum = (term: (i: number) => number) =>
      Array.from({ length: iterations }, (_, i) => term(i + 1)).reduce((a, b) => a + b);
    const wanted = 0.5 + (temperature * (sum((i) => 1 / i) - Math.log(iterations))) / k;
    const spread = (temperature ** 2 * sum((i) => 1 / i ** 2)) / k;
    expect(Math.abs(mean - wanted)).toBeLessThan(5 * Math.sqrt(spread / count));
    expect(variance / spread).toBeGreaterThan(0.75);
    expect(variance / spread).toBeLessThan(1.3);
  });

  test("the sum of k is nearly Gumbel", () => {
    const [k, count] = [4, 500];
    const all = draws(k, 1, 30, k * count);
    const sums = Array.from({ length: count }, (_, i) => {
      return all.slice(k * i, k * (i + 1)).reduce((a, b) => a + b - 0.5, 0);
    }).sort((a, b) => a - b);
    const distances = sums.map((x, i) => Math.abs(Math.exp(-Math.exp(-x)) - (i + 0.5) / count));
    // Kolmogorov and Smirnov: 1.95 / √count is exceeded once in a thousand times.
    expect(Math.max(...distances)).toBeLessThan(1.95 / Math.sqrt(count));
  });

  test("draws noise of its own for each iteration, and imle learns with it", async () => {
    const text = `
model M() {
  data target: f32[5]
  param theta: f32[5] ~ zeros
  latent z[2]: KSubset(5, 2) ~ SumOfGamma([theta, theta], k = 2) imle
  minimize sum((z[0] - target) ^ 2) + sum((z[1] - target) ^ 2)
}`;
    const instance = await instantiate(compiled(text).artifact, { device: "wasm", seed: 2 });
    const { noise } = instance.artifact.entries.find(({ name }) => name === "train")!;
    expect(noise.map(({ shape }) => shape)).toEqual([[10, 2, 5]]);
    const target = Float32Array.from({ length: 40 }, (_, i) => (i % 5 === 1 || i % 5 === 3 ? 1 : 0));
    const losses: number[] = [];
    for (let step = 0; step < 300; step++) losses.push((await instance.step({ target })).loss);
    const mean = (from: number) => losses.slice(from, from + 20).reduce((a, b) => a + b) / 20;
    expect(mean(280)).toBeLessThan(0.7 * mean(0));
    instance.dispose();
  });
});
