/**
 * The models of the L2X example against the same written out by hand in float64, with the best subset by enumeration;
 * and that a padded batch equals its reviews one by one.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../compiler/compile.ts";
import { render } from "../../compiler/diagnostic.ts";
import { interpretKernel } from "../../compiler/ir/kernel/interpret.ts";
import { interpret } from "../../compiler/ir/tensor/interpret.ts";
import { library } from "../../stdlib/library.ts";
import { affine, convolution, relu, rows, slices } from "../functions/sequences-reference.ts";
import { kSubsets } from "../structures/enumeration.ts";
import { random } from "../tensor/harness.ts";

const source = { name: "l2x.sst", text: readFileSync("examples/l2x/l2x.sst", "utf8") };
const [VOCABULARY, SIZE, FILTERS, K] = [7, 3, 4, 2];

type Values = Record<string, number[]>;
interface Batch {
  readonly inputs: Values;
  readonly noise: Values;
  readonly size: number;
}

function compiled(model: string, given: Record<string, number | boolean | string>) {
  const sizes = { vocabulary: VOCABULARY, size: SIZE, filters: FILTERS, k: K, dropout: 0 };
  const { artifact, programs, kernels, diagnostics } = compile(source, {
    library,
    model,
    arguments: { ...sizes, ...given },
  });
  expect(diagnostics.map(render)).toEqual([]);
  const byName = new Map(kernels.map((kernel) => [kernel.name, kernel]));
  const next = random(7);
  const parameters: Values = {};
  for (const { name, shape } of artifact!.parameters) {
    const count = shape.reduce((a, b) => a * b, 1);
    parameters[name] = Array.from({ length: count }, () => 1.6 * next() - 0.8);
  }
  const run = (entry: string, { inputs, noise, size }: Batch) => {
    const outputs = interpret(programs.find(({ name }) => name === entry)!, {
      batch: size,
      inputs,
      noise,
      parameters,
      hypers: { t: 0.7 },
      runKernel: (name, values) => interpretKernel(byName.get(name)!, values),
    });
    return Object.fromEntries([...outputs].map(([name, { data }]) => [name, Array.from(data)]));
  };
  return { parameters, run };
}

const REVIEWS = [
  { tokens: [2, 5, 3, 6, 1], rating: 0.7, evidence: [0, 1, 1, 0, 0], noise: [0.3, 0.8, 0.5, 0.1, 0.9] },
  { tokens: [4, 4, 2], rating: 0.2, evidence: [1, 0, 0], noise: [0.6, 0.2, 0.7] },
];

/** Reviews padded to L; utilities of padding are drawn, too, and mean nothing. */
function batchOf(which: readonly number[], L: number, latent: string): Batch {
  const chosen = which.map((i) => REVIEWS[i]!);
  const padded = (list: readonly number[], value: number) => [
    ...list,
    ...new Array<number>(L - list.length).fill(value),
  ];
  return {
    size: which.length,
    inputs: {
      tokens: chosen.flatMap(({ tokens }) => padded(tokens, 0)),
      length: chosen.map(({ tokens }) => tokens.length),
      rating: chosen.map(({ rating }) => rating),
      evidence: chosen.flatMap(({ evidence }) => padded(evidence, 0)),
      held_out: chosen.map(() => 1),
      annotated: chosen.map(() => 1),
    },
    noise: { [latent]: chosen.flatMap(({ noise }) => padded(noise, 0.99)) },
  };
}

const gumbel = (v: number) => -Math.log(-Math.log(v));

/** What the model says of one review without padding, given which words are worth most together. */
function byHand(
  p: Values,
  { tokens, noise, rating, evidence }: (typeof REVIEWS)[number],
  complex: boolean,
  bonds: (features: readonly (readonly number[])[]) => readonly number[],
) {
  const conv = (name: string, x: readonly (readonly number[])[], inputs: number, outputs: number) =>
    convolution(x, slices(p[`${name}.W`]!, inputs, outputs), p[`${name}.b`]!);
  const twice = (name: string, x: readonly (readonly number[])[]) => {
    const inner = relu(conv(`${name}.first`, x, SIZE, FILTERS));
    return relu(conv(`${name}.second`, inner, FILTERS, FILTERS));
  };
  const x = tokens.map((code) => rows(p["words.table"]!, SIZE)[code]!);
  const features = complex ? twice("reader", x) : x;
  const width = complex ? FILTERS : SIZE;
  const u = conv("score.output", features, width, 1).map(([value], i) => value! + gumbel(noise[i]!));
  const pair = bonds(features);
  const worth = (chosen: readonly number[]) =>
    chosen.reduce((sum, c, i) => sum + c * u[i]! + c * (chosen[i + 1] ?? 0) * (pair[i] ?? 0), 0);
  const best = kSubsets(tokens.length, K).reduce((a, b) => (worth(b) > worth(a) ? b : a));
  const judged = twice(
    "judge.convolutions",
    x.map((row, i) => row.map((value) => value * best[i]!)),
  );
  const pooled = judged[0]!.map((_, k) => Math.max(...judged.map((row) => row[k]!)));
  const [hidden] = relu([affine(pooled, rows(p["judge.hidden.W"]!, FILTERS), p["judge.hidden.b"]!)]);
  const [logit] = affine(hidden!, rows(p["judge.output.W"]!, 1), p["judge.output.b"]!);
  const predicted = 1 / (1 + Math.exp(-logit!));
  return {
    mse: (predicted - rating) ** 2,
    accuracy: predicted > 0.5 === rating > 0.5 ? 1 : 0,
    precision: best.reduce((sum, c, i) => sum + c * evidence[i]!, 0) / K,
  };
}

describe("models against computations by hand", () => {
  test.each([true, false])("Explain, complex: %s", (complex) => {
    const { parameters, run } = compiled("Explain", { L: 5, complex });
    const found = run("evaluate", batchOf([0, 1], 5, "z"));
    REVIEWS.forEach((review, example) => {
      const wanted = byHand(parameters, review, complex, () => []);
      for (const [name, value] of Object.entries(wanted)) {
        expect(found[`metric:${name}`]![example], name).toBeCloseTo(value, 12);
      }
      expect(found["metric:loss"]![example]).toBeCloseTo(wanted.mse, 12);
    });
  });

  test("ExplainCorrelated: φ_i + φ'_{i+1} + φ_{i,i+1} for neighbours", () => {
    const { parameters: p, run } = compiled("ExplainCorrelated", { L: 5 });
    const found = run("evaluate", batchOf([0, 1], 5, "z.x"));
    REVIEWS.forEach((review, example) => {
      const wanted = byHand(p, review, true, (features) => {
        const one = (name: string) =>
          convolution(features, slices(p[`${name}.output.W`]!, FILTERS, 1), p[`${name}.output.b`]!);
        const [left, right, both] = [one("left"), one("right"), one("both")];
        return features.slice(1).map((_, i) => left[i]![0]! + right[i + 1]![0]! + both[i]![0]!);
      });
      for (const [name, value] of Object.entries(wanted)) {
        expect(found[`metric:${name}`]![example], name).toBeCloseTo(value, 12);
      }
    });
  });
});

describe("a padded batch equals its reviews one by one", () => {
  const variants: readonly (readonly [string, Record<string, number | boolean | string>])[] = [
    ...["Euclidean", "CategoricalEntropy", "BinaryEntropy", "ExpFamily", "SoftSub"].map(
      (R) => ["Explain", { R }] as const,
    ),
    ["Explain", { complex: false }],
    ["ExplainCorrelated", {}],
  ];
  test.each(variants)("%s with %j", (model, given) => {
    const latent = model === "Explain" ? "z" : "z.x";
    const [large, small] = [compiled(model, { L: 5, ...given }), compiled(model, { L: 3, ...given })];
    for (const entry of ["evaluate", "train"]) {
      const both = large.run(entry, batchOf([0, 1], 5, latent));
      const first = large.run(entry, batchOf([0], 5, latent));
      const second = small.run(entry, batchOf([1], 3, latent));
      for (const [name, values] of Object.entries(both)) {
        if (name.startsWith("metric:")) {
          expect(values[0], name).toBeCloseTo(first[name]![0]!, 9);
          expect(values[1], name).toBeCloseTo(second[name]![0]!, 9);
        } else if (name.startsWith("gradient:")) {
          for (const [k, value] of values.entries()) {
            expect(value, `${name} ${k}`).toBeCloseTo((first[name]![k]! + second[name]![k]!) / 2, 8);
          }
        }
      }
    }
  });
});
