/** Utilities by part: each part of an embedding has its own distribution, prior and member of the sample. */
import { expect, test } from "vitest";
import { explain } from "../../compiler/explain.ts";
import { compiled, compileText, interpreted } from "../distributions/models.ts";
import { expectClose } from "../golden.ts";
import { withModel } from "../runtime/compiled.ts";

/** Soft samples are the utilities themselves. Parts of different shapes, one of them a matrix. */
const THROUGH = `
structure Through(n) {
  embedding x: binary[n], pair: binary[n - 1, 2]
  argmax positive(n = 3 * n - 2)
  relax ExpFamily by hand_through(m = 3 * n - 2)  symmetric
}
structure Table(n) {
  embedding x: binary[n, 2]
  argmax positive(n = 2 * n)
  relax ExpFamily by hand_through(m = 2 * n)  symmetric
}
kernel hand_through(m, u: f32[m]) -> x: f32[m] {
  for i in 0..m { x[i] = u[i] }
}
`;
const A = [1, 2, 3];
const B = [10, 20, 30, 40];
const weight = (values: readonly number[]) => values.map((_, i) => 0.5 + i);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const model = (latent: string, objective: string, rest = "") => `${THROUGH}
model Parts(n = 3) {
  param a: f32[n] ~ zeros
  param b: f32[n - 1, 2] ~ zeros
  data w: f32[n]
  data v: f32[n - 1, 2]
  latent z${latent} relax ExpFamily at 1
  ${rest}
  minimize ${objective}
}`;
const environment = { batch: 1, parameters: { a: A, b: B }, inputs: { w: weight(A), v: weight(B) } };

test("each part is drawn from its own distribution, in the order of the embedding", () => {
  const text = model(": Through(n) ~ pair: Fixed(b), x: Logistic(a)", "sum(z.x * w)");
  const noise = { "z.x": [0.5, 0.7, 0.2] };
  const { z } = interpreted(text, "sample_soft", { ...environment, noise });
  const logit = (v: number) => Math.log(v / (1 - v));
  expectClose(z!, [...A.map((value, i) => value + logit(noise["z.x"][i]!)), ...B], { abs: 1e-12, rel: 0 }, "z");
  const [entry] = compiled(text).artifact.entries;
  expect(entry!.noise.map(({ name, shape }) => [name, shape])).toEqual([["z.x", [3]]]);
});

test("a part of a sample has its own shape, and gradients reach the part's parameters", () => {
  const text = model(": Through(n) ~ x: Fixed(a), pair: Fixed(b)", "sum(z.x * w) + sum(soft(z).pair * v)");
  const outputs = interpreted(text, "train", environment);
  expect(outputs.loss).toEqual([dot(A, weight(A)) + dot(B, weight(B))]);
  expect(outputs["gradient:a"]).toEqual(weight(A));
  expect(outputs["gradient:b"]).toEqual(weight(B));
});

test("copies have parts, too", () => {
  const latent = "[2]: Through(n) ~ x: Fixed([a, 2 * a]), pair: Fixed([b, b])";
  const text = model(latent, "sum(z.x * [w, w]) + sum(z.pair[1] * v)");
  const outputs = interpreted(text, "train", environment);
  expect(outputs.loss).toEqual([3 * dot(A, weight(A)) + dot(B, weight(B))]);
});

test("an embedding of one part has its shape, and utilities have it too", () => {
  const text = model(": Table(n - 1) ~ Fixed(b)", "sum(z * v) + 2 * sum(z.x * v) + sum(hard(z)) + sum(w) + sum(a)");
  const outputs = interpreted(text, "train", environment);
  const constants = B.length + dot(weight(A), [1, 1, 1]) + dot(A, [1, 1, 1]);
  expect(outputs.loss).toEqual([3 * dot(B, weight(B)) + constants]);
  expect(outputs["gradient:b"]).toEqual(weight(B).map((value) => 3 * value));
  expect(compiled(text).artifact.latents[0]!.shape).toEqual([2, 2]);
});

/** KL(Gumbel(θ) ‖ Gumbel(0)) = θ + exp(−θ) − 1. */
const gumbel = (theta: readonly number[]) => theta.reduce((total, value) => total + value + Math.exp(-value) - 1, 0);

test.each([
  ["x: Gumbel(a), pair: Fixed(b)", "x: Gumbel(0)", gumbel(A)],
  ["x: Gumbel(a), pair: Gumbel(b)", "Gumbel(0)", gumbel([...A, ...B])],
  ["x: Gumbel(a), pair: Gumbel(b)", "pair: Gumbel(0)", gumbel(B)],
  ["x: Gumbel(a), pair: Normal(b)", "pair: Normal(0), x: Gumbel(0)", gumbel(A) + dot(B, B) / 2],
])("%s with prior %s: the divergences of the parts add up", (utilities, prior, expected) => {
  const text = model(`: Through(n) ~ ${utilities}`, "kl", `prior z ~ ${prior}`);
  const noise = { "z.x": [0.5, 0.5, 0.5], "z.pair": [0.5, 0.5, 0.5, 0.5] };
  const { loss } = interpreted(text, "train", { ...environment, noise });
  expectClose(loss!, [expected], { abs: 1e-9, rel: 1e-9 }, "kl");
});

test("a model with parts runs on a device", async () => {
  const text = model(": Through(n) ~ x: Gumbel(a), pair: Fixed(b)", "sum(z.x * w) + sum(z.pair * v)");
  await withModel(text, async (model) => {
    const inputs = { w: Float32Array.from(weight(A)), v: Float32Array.from(weight(B)) };
    const { z } = await model.sample(inputs, { soft: true });
    expect(z!.shape).toEqual([1, 7]);
    expect([...z!.data].slice(3)).toEqual([0, 0, 0, 0]);
    expect([...z!.data].slice(0, 3).every((value) => value !== 0)).toBe(true);
  });
});

test("the explanation shows the distributions of the parts", () => {
  const text = model(": Through(n) ~ x: Gumbel(a), pair: Fixed(b)", "kl + sum(z)", "prior z ~ x: Gumbel(0)");
  const { artifact, operations } = compileText(text);
  const [z] = explain({ name: "parts.sst", text }, artifact!, operations).latents;
  expect(z).toMatchObject({ utilities: "x: Gumbel(a), pair: Fixed(b)", prior: "x: Gumbel(0)" });
});
