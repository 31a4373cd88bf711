/**
 * What distributions make of uniform and normal draws, against the golden file, and their densities against their
 * samples.
 */
import { describe, expect, test } from "vitest";
import { instantiate } from "../../runtime/instantiate.ts";
import { expectClose, golden } from "../golden.ts";
import { compiled, density, interpreted, utilities } from "./models.ts";

/** `a` is data: a location, or a rate. */
const FAMILIES = {
  gumbel: "Gumbel(a)",
  logistic: "Logistic(a)",
  neg_exponential: "NegExponential(a)",
} as const;
type Family = keyof typeof FAMILIES;

function sample(family: Family, uniforms: readonly number[], argument: readonly number[]): number[] {
  const environment = { batch: 1, inputs: { a: argument }, noise: { z: uniforms } };
  return interpreted(utilities(FAMILIES[family], uniforms.length), "sample_soft", environment).z!;
}

function logDensity(family: Family, u: number, argument: number): number {
  const environment = { batch: 1, inputs: { u: [u], a: [argument] } };
  return interpreted(density(FAMILIES[family]), "evaluate", environment)["metric:log_likelihood"]![0]!;
}

interface Inputs {
  readonly v: number;
  readonly theta: number;
  readonly rate: number;
}

const cases = golden("noise");
const items = (cases ?? []).map((item) => [item.name, item] as const);

describe.skipIf(cases === undefined)("noise of the golden file (needs the shared folder)", () => {
  test("there are cases", () => expect(items.length).toBeGreaterThan(0));

  test.each(items)("%s", (_, { inputs, outputs, tolerance }) => {
    const { v, theta, rate } = inputs as unknown as Inputs;
    const { logprob_gumbel_at_own_sample: logDensityOfGumbel, ...samples } = outputs as unknown as Record<
      string,
      number
    >;
    expect(Object.keys(samples).sort()).toEqual(Object.keys(FAMILIES).sort());
    for (const [family, expected] of Object.entries(samples)) {
      const argument = family === "neg_exponential" ? rate : theta;
      expectClose(sample(family as Family, [v], [argument]), [expected], tolerance, family);
    }
    expectClose([logDensity("gumbel", samples.gumbel!, theta)], [logDensityOfGumbel!], tolerance, "log-density");
  });
});

/** The least and the largest uniform number that is ever drawn: n + ½ in 2^23. */
const EXTREMES = [0.5 / 2 ** 23, 1 - 0.5 / 2 ** 23];

describe.each(Object.keys(FAMILIES) as Family[])("%s", (family) => {
  test.each(["wasm", "cpu"])("on %s, in float32, up to the extremes that can be drawn", async (device) => {
    const drawn = [...items.map(([, { inputs }]) => Math.fround((inputs as unknown as Inputs).v)), 0.25, 0.75];
    // What float32 rounds to 0 or 1 is never drawn: its transform is infinite.
    const uniforms = [...EXTREMES, ...drawn.filter((v) => v > 0 && v < 1)];
    const argument = uniforms.map((_, i) => 1 + (i % 2));
    const wanted = sample(family, uniforms, argument);
    const text = utilities(FAMILIES[family], uniforms.length);
    const model = await instantiate(compiled(text).artifact, { device });
    const { z } = await model.run("sample_soft", {
      inputs: { a: Float32Array.from(argument) },
      noise: { z: { shape: [1, uniforms.length], data: Float32Array.from(uniforms) } },
    });
    model.dispose();
    // A few roundings of 6e-8; near v = 0.37 the terms of a Gumbel cancel, so absolutely; log(1 − v) and log(v) as
    // well.
    expectClose(z!.data as Float32Array, wanted, { abs: 1e-6, rel: 1e-6 }, family);
  });

  test.each([0.01, 0.3, 0.62, 0.98])("the density is that of the sample: |du/dv| p(u) = 1 at v = %f", (v) => {
    for (const argument of [0.4, 1.7]) {
      const step = 1e-6;
      const [u, after, before] = sample(family, [v, v + step, v - step], [argument, argument, argument]);
      const slope = (after! - before!) / (2 * step);
      expect(logDensity(family, u!, argument) + Math.log(Math.abs(slope))).toBeCloseTo(0, 7);
    }
  });
});

test("Gumbel utilities have the scale asked for, and their density", () => {
  const uniforms = [0.1, 0.5, 0.9];
  const environment = { batch: 1, inputs: { a: [1, 2, 3] }, noise: { z: uniforms } };
  const found = interpreted(utilities("Gumbel(a, scale = 2.5)", 3), "sample_soft", environment).z!;
  const wanted = uniforms.map((v, i) => i + 1 - 2.5 * Math.log(-Math.log(v)));
  expectClose(found, wanted, { abs: 1e-12, rel: 1e-12 }, "sample");
  const observed = { batch: 1, inputs: { u: [2.5], a: [1] } };
  const at = interpreted(density("Gumbel(a, scale = 2.5)"), "evaluate", observed)["metric:log_likelihood"]!;
  expectClose(at, [-0.6 - Math.exp(-0.6) - Math.log(2.5)], { abs: 1e-12, rel: 1e-12 }, "log-density");
});

test("normal utilities have the mean and the scale or variance asked for, and their density", () => {
  const noise = [-1.5, 0, 0.25, 2];
  const at = (distribution: string) =>
    interpreted(utilities(distribution, 4), "sample_soft", {
      batch: 1,
      inputs: { a: [1, 2, 3, 4] },
      noise: { z: noise },
    }).z!;
  const expected = noise.map((e, i) => i + 1 + 3 * e);
  expectClose(at("Normal(a, scale = 3)"), expected, { abs: 1e-12, rel: 1e-12 }, "scale");
  expectClose(at("Normal(a, variance = 9)"), expected, { abs: 1e-12, rel: 1e-12 }, "variance");
  const environment = { batch: 1, inputs: { u: [2.5], a: [1] } };
  const found = interpreted(density("Normal(a, variance = 9)"), "evaluate", environment)["metric:log_likelihood"]!;
  const wanted = -((1.5 / 3) ** 2) / 2 - Math.log(3) - Math.log(2 * Math.PI) / 2;
  expectClose(found, [wanted], { abs: 1e-12, rel: 1e-12 }, "log-density");
});

test("fixed utilities are what is given, without noise", () => {
  const { artifact } = compiled(utilities("Fixed(a)", 3));
  expect(artifact.entries.map((entry) => entry.noise.length)).toEqual(artifact.entries.map(() => 0));
  expect(interpreted(utilities("Fixed(a)", 3), "sample_soft", { batch: 1, inputs: { a: [3, -1, 2] } }).z).toEqual([
    3, -1, 2,
  ]);
});
