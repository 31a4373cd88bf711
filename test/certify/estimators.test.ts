/** Bias and variance of estimators against the exact gradient, and that gradient against a closed form. */
import { describe, expect, test } from "vitest";
import { estimatorReport, Quadratic } from "../../certify/estimators.ts";
import { scoreEstimators } from "../../certify/score-estimators.ts";
import { relaxed, type Specimen, smallSpecimen } from "../../certify/specimen.ts";
import { latentSubjects } from "../../certify/subjects.ts";
import { UtilityLaw } from "../../certify/utilities.ts";
import { Draws, distance, norm, unit } from "../../certify/vectors.ts";
import type { CompiledLayer } from "../../compiler/artifact.ts";
import { Names } from "../../compiler/names.ts";
import { staticNumber } from "../../compiler/static-value.ts";
import { HostLayer } from "../../runtime/host-layer.ts";
import { library } from "../../stdlib/library.ts";
import { reports } from "./reports.ts";

describe("estimators", () => {
  const model = (latent: string) => `model M(n = 4) {
    param theta: f32[n] ~ zeros
    latent z: ${latent}
    minimize sum(z)
  }`;
  test.each([
    "OneHot(n) ~ Gumbel(theta) relax ExpFamily at 0.5",
    "Subset(n) ~ Logistic(theta) relax BinaryEntropy at 1",
    "KSubset(n, 2) ~ Normal(theta, 2) relax Euclidean at 0.5",
    "KSubset(n, 2) ~ NegExponential(2) relax CategoricalEntropy at 0.5",
  ])("of %s: the bias falls with the temperature, the variance rises", (latent) => {
    const [report] = reports(model(latent));
    expect(report!.passed).toBe(true);
    const { exact, estimates, certificates } = report!.estimators!;
    const [warm, cold, straight] = estimates;
    expect(exact.standardError).toBeLessThan(0.1 * exact.norm);
    expect(cold!.bias).toBeLessThan(warm!.bias + 3 * cold!.standardError);
    expect(straight!.bias).toBeLessThan(2 * exact.norm);
    expect(cold!.variance).toBeGreaterThan(warm!.variance);
    expect(straight!.variance).toBeGreaterThan(0);
    // The edge of exponentials moves with their location: there, densities have no score.
    expect(certificates).toHaveLength(latent.includes("NegExponential") ? 1 : 4);
  });
  test("of parts with laws of their own: what has no noise is left out", () => {
    const text = `
structure Twice(n) {
  embedding x: binary[n], y: binary[n]
  argmax largest(n = 2 * n)
  relax ExpFamily by softmax_kernel(n = 2 * n) symmetric
}
model M(n = 3) {
  param theta: f32[n] ~ zeros
  latent z: Twice(n) ~ x: Gumbel(theta), y: LAW relax ExpFamily at 0.5
  minimize sum(z)
}`;
    const [fixed] = reports(text.replace("LAW", "Fixed(theta)"));
    expect(fixed!.passed).toBe(true);
    expect(fixed!.estimators!.exact.gradient.map((value) => value !== 0)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    const [both] = reports(text.replace("LAW", "Normal(theta, 2)"));
    expect(both!.passed).toBe(true);
    expect(both!.estimators!.exact.gradient.every((value) => value !== 0)).toBe(true);
  });
  test("the exact gradient is that of the softmax where utilities are Gumbel", () => {
    const size = 4;
    const source = { name: "m.sst", text: model("OneHot(n) ~ Gumbel(theta) relax ExpFamily at 0.5") };
    const names = new Names(library, () => undefined);
    const [subject] = latentSubjects(names, { library, source }).subjects;
    const specimen = smallSpecimen("OneHot", new Map([["n", staticNumber(size)]]), { library, source }) as Specimen;
    const law = new UtilityLaw(names, subject!.utilities, specimen, new Draws(0, 4));
    const theta = law.argument("location") as Float64Array;
    const layer = new HostLayer(relaxed(specimen, "ExpFamily") as CompiledLayer);
    const { exact } = estimatorReport(specimen, { relaxed: { layer, t: 0.5 }, law }, new Draws(0, 5));
    const objective = new Quadratic(size, new Draws(0, 5));
    // P(X = i) = softmax(θ)_i, so the gradient of E[L(X)] is p_i (L(e_i) − E[L(X)]).
    const weights = theta.map(Math.exp);
    const total = weights.reduce((a, b) => a + b);
    const losses = Float64Array.from({ length: size }, (_, i) => objective.value(unit(size, i)));
    const mean = losses.reduce((sum, loss, i) => sum + (weights[i]! / total) * loss, 0);
    const gradient = losses.map((loss, i) => (weights[i]! / total) * (loss - mean));
    expect(distance(exact.gradient, gradient)).toBeLessThan(4 * exact.standardError);
    expect(exact.standardError).toBeLessThan(0.05 * exact.norm);
  });
  test.each([
    "OneHot(n) ~ Gumbel(theta) score reinforce",
    "KSubset(n, 2) ~ Normal(theta, 2) imle",
    "SpanningTree(complete(n)) ~ Gumbel(0) score reinforce(baseline = leave_one_out(2))",
  ])("of %s: score functions and imle beside one another, without a relaxation", (latent) => {
    const [report] = reports(model(latent));
    expect(report!.passed).toBe(true);
    const { exact, estimates, certificates } = report!.estimators!;
    expect(certificates.map(({ says }) => says.replace(/:.*/, ""))).toEqual([
      "score reinforce",
      "score reinforce(baseline = leave_one_out(4))",
      "score function, all other draws as baseline",
    ]);
    const found = new Map(estimates.map((each) => [each.estimator, each]));
    // The mean of a batch holds the draw itself: of the gradient a quarter is missing.
    const batch = found.get("score reinforce(baseline = batch) of 4")!;
    const shorter = batch.mean.map((value, i) => value - 0.75 * exact.gradient[i]!);
    expect(norm(shorter)).toBeLessThan(5 * Math.hypot(batch.standardError, exact.standardError));
    expect(batch.bias).toBeGreaterThan(0.1 * exact.norm);
    expect(found.get("imle(1) / 1")!.variance).toBeGreaterThan(0);
  });
  test("a baseline lessens the variance of losses that are far from 0", () => {
    const size = 4;
    const source = { name: "m.sst", text: model("OneHot(n) ~ Gumbel(theta) score reinforce") };
    const [subject] = latentSubjects(new Names(library, () => undefined), { library, source }).subjects;
    const specimen = smallSpecimen("OneHot", new Map([["n", staticNumber(size)]]), { library, source }) as Specimen;
    const names = new Names(library, () => undefined);
    const law = new UtilityLaw(names, subject!.utilities, specimen, new Draws(0, 4));
    const u = law.sample(1000, new Draws(0, 5));
    const losses = Float64Array.from({ length: 1000 }, (_, r) => 10 + u[r * size]!);
    const squares = new Map(scoreEstimators(law, losses, u).map(({ name, gradients }) => [name, norm(gradients)]));
    const none = squares.get("score reinforce")!;
    for (const name of ["score reinforce(baseline = leave_one_out(4))", "score nvil"]) {
      expect(squares.get(name), name).toBeLessThan(0.5 * none);
    }
  });
  test("without noise there are none", () => {
    const [report] = reports(model("OneHot(n) ~ Fixed(theta) relax ExpFamily at 0.5"));
    expect(report!.estimators).toBeUndefined();
    expect(report!.withoutEstimators).toBe("its utilities have no noise");
  });
});
