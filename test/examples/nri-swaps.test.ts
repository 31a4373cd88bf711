/**
 * The promise of the language: one word of the latent's line swaps the estimator, and nothing else in the file changes.
 * Each swap is made in the example's own text, which must then compile, train and sample.
 */
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { openDevice } from "../../runtime/devices.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import type { Model } from "../../runtime/model.ts";
import { library } from "../../stdlib/library.ts";
import { random } from "../tensor/harness.ts";
import { compiled, type Given, NRI, replaced, runOn, type Variant } from "./nri.ts";

const [V, T, hidden, batch] = [4, 4, 6, 3];
const edges = (V * (V - 1)) / 2;
const LATENT = "latent z: Edges(K) ~ Gumbel(theta) relax ExpFamily at t\n";

type Change = readonly [from: string, to: string];
const variant = (Edges: string, ...changes: readonly Change[]): Variant => ({
  text: replaced(NRI, ...changes),
  arguments: { V, T, hidden, Edges },
});

function data(): { x: Float32Array; truth: Float32Array } {
  const next = random(5);
  return {
    x: Float32Array.from({ length: batch * T * V * 2 }, () => 2 * next() - 1),
    truth: Float32Array.from({ length: batch * edges }, () => (next() < 0.5 ? 0 : 1)),
  };
}

async function train(model: Model, steps: number): Promise<void> {
  const before = await model.parameters();
  for (let step = 0; step < steps; step++) expect(Number.isFinite((await model.step(data())).loss)).toBe(true);
  const after = await model.parameters();
  for (const [name, values] of Object.entries(before)) expect(after[name], name).not.toEqual(values);
  expect(model.undisposed).toBe(0);
}

const SWAPS: { readonly [name: string]: Change } = {
  "as written": ["ExpFamily at t", "ExpFamily at t"],
  Euclidean: ["ExpFamily at t", "Euclidean at t"],
  CategoricalEntropy: ["ExpFamily at t", "CategoricalEntropy at t"],
  BinaryEntropy: ["ExpFamily at t", "BinaryEntropy at t"],
  straight_through: ["ExpFamily at t", "ExpFamily at t straight_through"],
  "Euclidean straight_through": ["ExpFamily at t", "Euclidean at t straight_through"],
  "backward finite_difference(1e-2)": ["ExpFamily at t", "ExpFamily at t backward finite_difference(1e-2)"],
  "backward dual": ["ExpFamily at t", "ExpFamily at t backward dual"],
  Logistic: ["~ Gumbel(theta)", "~ Logistic(theta)"],
};
const STRUCTURES = ["SpanningTree", "TopKEdges", "IndependentEdges"];
const trees = (name: string) => !name.includes("Entropy");

describe("swaps", () => {
  for (const structure of STRUCTURES) {
    for (const [name, change] of Object.entries(SWAPS).filter(
      ([name]) => structure !== "SpanningTree" || trees(name),
    )) {
      const prior: Change[] = name === "Logistic" ? [["~ Gumbel(0)", "~ Logistic(0)"]] : [];
      test(`${structure}, ${name}: trains and samples on wasm`, async () => {
        const model = await instantiate(compiled(variant(structure, change, ...prior)).artifact, { device: "wasm" });
        await train(model, 2);
        const { z } = await model.sample({ x: data().x });
        const { z: soft } = await model.sample({ x: data().x }, { soft: true });
        for (const value of z!.data) expect([0, 1]).toContain(value);
        const total = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0);
        if (structure !== "IndependentEdges") {
          expect(total(z!.data)).toBe(batch * (V - 1));
          expect(total(soft!.data)).toBeCloseTo(batch * (V - 1), 4);
        }
        expect(Array.from(soft!.data).some((value) => value > 0.01 && value < 0.99)).toBe(true);
        model.dispose();
      });
    }
  }
});

/** Of hard samples: as published (paper, C.1 and Table 7), and what is younger. */
const HARD = [
  "score reinforce",
  "score reinforce(baseline = ema)",
  "score reinforce(baseline = batch)",
  "score reinforce(baseline = multi_sample(2))",
  "score reinforce(baseline = leave_one_out(2))",
  "score nvil(guess(reshape(x, [T * V * D]))[0])",
  "imle",
  "imle(lambda = 100)",
];
const GUESS: Change = ["  let theta =", "  let guess = MLP(T * V * D, 8, 1)\n  let theta ="];
const IMPORT: Change = ["import { GraphEncoder", "import { MLP, GraphEncoder"];

describe("estimators of hard samples", () => {
  for (const structure of STRUCTURES) {
    test.each(HARD)(`${structure}, %s: trains and samples on wasm`, async (estimator) => {
      const network = estimator.includes("nvil") ? [GUESS, IMPORT] : [];
      const { artifact } = compiled(variant(structure, ["relax ExpFamily at t", estimator], ...network));
      const model = await instantiate(artifact, { device: "wasm" });
      await train(model, 2);
      const { z } = await model.sample({ x: data().x });
      for (const value of z!.data) expect([0, 1]).toContain(value);
      model.dispose();
    });
  }
});

test("the structure's name stands in the latent's line as well as in the model's arguments", () => {
  for (const structure of STRUCTURES) {
    const named = compiled(variant("SpanningTree", [LATENT, LATENT.replace("Edges", structure)]));
    expect(named.artifact.program).toBe(compiled(variant(structure)).artifact.program);
  }
});

test("the line of the design compiles as written", () => {
  const line = "latent z: SpanningTree(graph) ~ Gumbel(theta) relax ExpFamily at t\n";
  const text = replaced(NRI, [LATENT, line]).replaceAll(/\bK\b/g, "graph");
  expect(compiled({ text, arguments: { V, T, hidden } }).artifact.program).toBe(
    compiled(variant("SpanningTree")).artifact.program,
  );
});

test("trees by categorical entropy are an error that says what there is", () => {
  const { text, ...options } = variant("SpanningTree", SWAPS.CategoricalEntropy!);
  const { artifact, diagnostics } = compile({ name: "nri.sst", text }, { library, ...options });
  expect(artifact).toBeUndefined();
  expect(diagnostics.map(render)).toHaveLength(1);
  const missing = "error[no-relaxation]: SpanningTree(complete(4)) has no CategoricalEntropy relaxation";
  expect(render(diagnostics[0]!)).toContain(missing);
  expect(render(diagnostics[0]!)).toContain("it has ExpFamily, Euclidean");
});

/** One point in the space of parameters and noise, for variants that are compared. */
function given(artifact: ReturnType<typeof compiled>["artifact"]): Given {
  const next = random(9);
  const draws = (count: number, scale: number) => Array.from({ length: count }, () => scale * (2 * next() - 1));
  const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
  const { x, truth } = data();
  return {
    batch,
    inputs: { x: Array.from(x), truth: Array.from(truth) },
    parameters: Object.fromEntries(artifact.parameters.map(({ name, shape }) => [name, draws(size(shape), 0.7)])),
    states: {},
    noise: { z: Array.from({ length: batch * edges }, () => 0.05 + 0.9 * next()) },
  };
}

const PROBES = Array.from(
  { length: edges },
  (_, e) => `  metric sample_${e} = z[${e}]\n  metric hard_${e} = hard(z)[${e}]\n`,
);
/** An objective that is linear in z, so that its gradient at z does not tell soft from hard. */
const LINEAR: Change = ["maximize elbo\n", `minimize sum(z * truth)\n${PROBES.join("")}`];

async function gradientsOf(device: string, structure: string, ...changes: readonly Change[]) {
  const each = variant(structure, ...changes);
  const outputs = await runOn(await openDevice(device))(each, "train", given(compiled(each).artifact));
  const gradients = Object.entries(outputs).filter(([name]) => name.startsWith("gradient:encoder."));
  return { outputs, gradients: gradients.map(([name, values]) => [name, values] as const) };
}

/** The largest difference relative to the largest value of all gradients. */
function distance(one: readonly (readonly [string, readonly number[]])[], other: typeof one): number {
  const size = Math.max(...one.flatMap(([, values]) => values.map(Math.abs)));
  expect(size).toBeGreaterThan(0.01);
  const others = new Map(other);
  return (
    Math.max(...one.flatMap(([name, values]) => values.map((value, i) => Math.abs(value - others.get(name)![i]!)))) /
    size
  );
}

describe.each(STRUCTURES)("%s", (structure) => {
  test.each(["wasm", "cpu"])(
    "straight-through on %s: the sample is hard, its gradient that of the soft one",
    async (device) => {
      const soft = await gradientsOf(device, structure, LINEAR);
      const straight = await gradientsOf(device, structure, LINEAR, SWAPS.straight_through!);
      for (let e = 0; e < edges; e++) {
        const sample = straight.outputs[`metric:sample_${e}`]!;
        const hard = straight.outputs[`metric:hard_${e}`]!;
        expect(soft.outputs[`metric:hard_${e}`]).toEqual(hard);
        // soft + (hard − soft) rounds.
        sample.forEach((value, b) => {
          expect(Math.abs(value - hard[b]!)).toBeLessThan(2e-7);
          expect([0, 1]).toContain(hard[b]);
        });
      }
      expect(soft.outputs.loss![0]).not.toBeCloseTo(straight.outputs.loss![0]!, 3);
      expect(distance(soft.gradients, straight.gradients)).toBeLessThan(1e-6);
    },
  );

  test("evaluation sees hard samples, whatever the estimator", async () => {
    for (const change of [SWAPS["as written"]!, SWAPS.straight_through!]) {
      const each = variant(structure, LINEAR, change);
      const { artifact } = compiled(each);
      const states = artifact.states.map(({ name, shape, value }) => [name, Array(shape[0]).fill(value)]);
      const values = { ...given(artifact), states: Object.fromEntries(states) };
      const outputs = await runOn(await openDevice("wasm"))(each, "evaluate", values);
      for (let e = 0; e < edges; e++) {
        for (const value of outputs[`metric:sample_${e}`]!) expect([0, 1]).toContain(value);
        expect(outputs[`metric:sample_${e}`]).toEqual(outputs[`metric:hard_${e}`]);
      }
    }
  });

  test("straight-through: what follows sees the hard sample", async () => {
    const straight = await gradientsOf("wasm", structure, SWAPS.straight_through!);
    const hard = await gradientsOf("wasm", structure, ["rollout(x, z,", "rollout(x, hard(z),"]);
    const soft = await gradientsOf("wasm", structure);
    expect(straight.outputs.loss![0]! / hard.outputs.loss![0]!).toBeCloseTo(1, 5);
    expect(straight.outputs.loss![0]! / soft.outputs.loss![0]!).not.toBeCloseTo(1, 3);
  });

  // The error of a central difference is the step squared, times a third derivative of the soft sample: about 1e-4 / 6
  // at t = 0.5.
  test("finite differences are close to the exact gradient, and closer with a smaller step", async () => {
    const exact = await gradientsOf("wasm", structure);
    const error = async (step: string) => {
      const change: Change = ["ExpFamily at t", `ExpFamily at t backward finite_difference(${step})`];
      return distance(exact.gradients, (await gradientsOf("wasm", structure, change)).gradients);
    };
    const [near, far] = [await error("1e-2"), await error("1")];
    expect(near).toBeLessThan(1e-4);
    expect(far).toBeGreaterThan(10 * near);
  });
});

test("dual numbers and the closed form agree", async () => {
  const closed = await gradientsOf("wasm", "IndependentEdges");
  const dual = await gradientsOf("wasm", "IndependentEdges", SWAPS["backward dual"]!);
  expect(distance(closed.gradients, dual.gradients)).toBeLessThan(1e-6);
});

// The published baseline (3.1 of the design): two types for each edge, a Gumbel for each, the KL over both.
describe.each(["complete", "complete_directed"])("an array of choices between two edge types, %s", (graph) => {
  const changes: Change[] = [
    ["graph K = complete(V)", `graph K = ${graph}(V)`],
    [LATENT, "latent z[edges(K)]: OneHot(2) ~ Gumbel(theta) relax ExpFamily at t\n"],
    ["inputs = T * D, hidden)", "inputs = T * D, hidden, types = 2)"],
    ["structure_recovery(z, truth)", "structure_recovery(z[..., 1], truth)"],
  ];
  test.each(["wasm", "cpu"])("trains on %s", async (device) => {
    const { artifact } = compiled(variant("SpanningTree", ...changes));
    const count = artifact.latents[0]!.shape[0]!;
    expect(artifact.latents[0]!.shape).toEqual([graph === "complete" ? edges : 2 * edges, 2]);
    const model = await instantiate(artifact, { device });
    const { x } = data();
    const given = { x, truth: new Float32Array(batch * count) };
    const before = await model.parameters();
    const losses = [];
    for (let step = 0; step < 3; step++) losses.push((await model.step(given)).loss);
    for (const [name, values] of Object.entries(await model.parameters()))
      expect(values, name).not.toEqual(before[name]);
    expect(losses.every(Number.isFinite)).toBe(true);
    expect(model.undisposed).toBe(0);
    const { z } = await model.sample({ x });
    for (let i = 0; i < z!.data.length; i += 2) expect([z!.data[i], z!.data[i + 1]].sort()).toEqual([0, 1]);
    model.dispose();
  });
});
