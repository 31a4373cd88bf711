/** Bias and variance of estimators against the exact gradient, and that gradient against a closed form. */
import { describe, expect, test } from "vitest";
import { estimatorReport, Quadratic } from "../../certify/estimators.ts";
import { relaxed, type Specimen, smallSpecimen } from "../../certify/specimen.ts";
import { latentSubjects } from "../../certify/subjects.ts";
import { UtilityLaw } from "../../certify/utilities.ts";
import { Draws, distance, unit } from "../../certify/vectors.ts";
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
    expect(certificates).toHaveLength(latent.includes("NegExponential") ? 1 : 2);
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
    const { exact } = estimatorReport(specimen, { layer, t: 0.5, law }, new Draws(0, 5));
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
  test("without noise there are none", () => {
    const [report] = reports(model("OneHot(n) ~ Fixed(theta) relax ExpFamily at 0.5"));
    expect(report!.estimators).toBeUndefined();
    expect(report!.withoutEstimators).toBe("its utilities have no noise");
  });
});
