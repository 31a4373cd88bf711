/**
 * Gradients of compiled models against the exact gradient by enumeration: with Gumbel utilities P(X = i) =
 * softmax(θ)_i, so that of E[L(X)] is p_i (L(e_i) − E[L(X)]). A mean of many steps must agree within 5 standard
 * errors, which by chance it misses once in 1.7 million times at most (of quadratic forms of normal variables: Székely
 * and Bakirov 2003).
 */
import { expect, test } from "vitest";
import { openDevice } from "../../runtime/devices.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { compiled } from "../examples/nri.ts";
import { random } from "../tensor/harness.ts";

const THETA = [0.4, -0.8, 1, 0.1];
const WORTH = [1, 3, -2, 6];
const STEPS = 2000;
const n = THETA.length;

const model = (estimator: string) => `
model M() {
  data bias: f32[${n}]
  param theta: f32[${n}] ~ zeros
  param worth: f32[${n}] ~ zeros
  param guess: f32[] ~ zeros
  latent z: OneHot(${n}) ~ Gumbel(theta + bias) ${estimator}
  latent other: OneHot(2) ~ Gumbel(stack([z[0], z[3]])) ${estimator}
  prior z ~ Gumbel(0)
  minimize sum(z * worth) + 0 * kl + OTHER * other[1] + 0 * guess
}`;

/** Exact gradients of E[L] by θ and by the worths. */
function exact(other: number) {
  const weights = THETA.map(Math.exp);
  const total = weights.reduce((a, b) => a + b);
  const p = weights.map((w) => w / total);
  // The second variable is a choice between utilities [z₀, z₃].
  const losses = WORTH.map((worth, i) => {
    const [first, second] = [i === 0 ? Math.E : 1, i === 3 ? Math.E : 1];
    return worth + (other * second) / (first + second);
  });
  const mean = losses.reduce((sum, loss, i) => sum + p[i]! * loss, 0);
  return { theta: losses.map((loss, i) => p[i]! * (loss - mean)), worth: p };
}

/** Rows of gradients by θ, then by the worths, of many steps from the same parameters. */
async function gradientsOf(estimator: string, batch: number, other = 0): Promise<number[][]> {
  const text = model(estimator).replace("OTHER", String(other));
  const device = await openDevice("cpu");
  const instance = await instantiate(compiled({ text, arguments: {} }).artifact, { device });
  const { noise } = instance.artifact.entries.find(({ name }) => name === "train")!;
  const next = random(23);
  const rows: number[][] = [];
  const bias = new Float32Array(batch * n);
  for (let step = 0; step < STEPS; step++) {
    const drawn = noise.map(({ name, shape }) => {
      const count = batch * shape.reduce((a, b) => a * b, 1);
      return [name, { shape: [batch, ...shape], data: Float32Array.from({ length: count }, () => next()) }] as const;
    });
    const outputs = await instance.run("train", {
      inputs: { bias },
      noise: Object.fromEntries(drawn),
      parameters: {
        theta: Float32Array.from(THETA),
        worth: Float32Array.from(WORTH),
        guess: Float32Array.of(1),
      },
      states: Object.fromEntries(instance.artifact.states.map(({ name }) => [name, Float32Array.of(0)])),
    });
    rows.push([...outputs["gradient:theta"]!.data, ...outputs["gradient:worth"]!.data]);
  }
  instance.dispose();
  return rows;
}

/** ‖mean − wanted‖ in standard errors. */
function deviations(rows: readonly number[][], wanted: readonly number[], from: number): number {
  let [squares, variance] = [0, 0];
  wanted.forEach((value, i) => {
    const column = rows.map((row) => row[from + i]!);
    const mean = column.reduce((a, b) => a + b) / column.length;
    squares += (mean - value) ** 2;
    variance += column.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (column.length - 1) / column.length;
  });
  return Math.sqrt(squares / variance);
}

const UNBIASED = [
  "score reinforce",
  "score reinforce(samples = 3)",
  "score reinforce(baseline = leave_one_out(2))",
  "score reinforce(baseline = leave_one_out(4))",
  "score nvil(guess, decay = 0.999999)",
];
test.each(UNBIASED)("%s agrees with the exact gradient in the mean", async (estimator) => {
  const rows = await gradientsOf(estimator, 2);
  const { theta, worth } = exact(0);
  expect(deviations(rows, theta, 0)).toBeLessThan(5);
  expect(deviations(rows, worth, n)).toBeLessThan(5);
});

test("so does one of two latent variables of which one depends on the other", async () => {
  for (const estimator of ["score reinforce", "score reinforce(baseline = leave_one_out(2))"]) {
    const rows = await gradientsOf(estimator, 2, 4);
    expect(deviations(rows, exact(4).theta, 0)).toBeLessThan(5);
  }
});

test("what is short of it is told from it, and as short as is said", async () => {
  const { theta } = exact(0);
  const shorter = (factor: number) => theta.map((value) => factor * value);
  const batch = await gradientsOf("score reinforce(baseline = batch)", 2);
  expect(deviations(batch, theta, 0)).toBeGreaterThan(5);
  expect(deviations(batch, shorter(1 / 2), 0)).toBeLessThan(5);
  const average = await gradientsOf("score reinforce(baseline = ema(0.1))", 2);
  expect(deviations(average, theta, 0)).toBeGreaterThan(5);
  expect(deviations(average, shorter(1 - 0.9 / 2), 0)).toBeLessThan(5);
  const nvil = await gradientsOf("score nvil(guess, decay = 0.1)", 2);
  expect(deviations(nvil, theta, 0)).toBeGreaterThan(5);
  expect(deviations(nvil, shorter(1 - 0.9 / 2), 0)).toBeLessThan(5);
});

test("multi_sample has the gradient by utilities of leave_one_out, and k / (k − 1) of that by the loss", async () => {
  const { theta, worth } = exact(0);
  const rows = await gradientsOf("score reinforce(baseline = multi_sample(3))", 2);
  expect(deviations(rows, theta, 0)).toBeLessThan(5);
  expect(deviations(rows, worth, n)).toBeGreaterThan(5);
  const scaled = worth.map((value) => 1.5 * value);
  expect(deviations(rows, scaled, n)).toBeLessThan(5);
});
