/**
 * The models of the L2X example against the same written out by hand in float64, with the best subset by enumeration;
 * and that a padded batch equals its reviews one by one.
 */
import { describe, expect, test } from "vitest";
import { affine, convolution, relu, rows, slices } from "../functions/sequences-reference.ts";
import { kSubsets } from "../structures/enumeration.ts";
import { random } from "../tensor/harness.ts";
import {
  type Arguments,
  type Batch,
  exampleSource,
  expectApart,
  modelByHand,
  padded,
  type Values,
} from "./hand-computed.ts";

const source = exampleSource("l2x");
const [VOCABULARY, SIZE, FILTERS, K] = [7, 3, 4, 2];

function compiled(model: string, given: Arguments) {
  const sizes = { vocabulary: VOCABULARY, size: SIZE, filters: FILTERS, k: K, dropout: 0 };
  return modelByHand(source, model, { ...sizes, ...given }, 0.7);
}

interface Review {
  readonly tokens: readonly number[];
  readonly rating: number;
  readonly evidence: readonly number[];
  readonly noise: readonly number[];
}

const REVIEWS: readonly Review[] = [
  { tokens: [2, 5, 3, 6, 1], rating: 0.7, evidence: [0, 1, 1, 0, 0], noise: [0.3, 0.8, 0.5, 0.1, 0.9] },
  { tokens: [4, 4, 2], rating: 0.2, evidence: [1, 0, 0], noise: [0.6, 0.2, 0.7] },
];

/** So many that each utility decides between subsets in some of them. */
const MANY: readonly Review[] = Array.from({ length: 40 }, (_, i) => {
  const next = random(100 + i);
  const draw = <T>(value: () => T) => Array.from({ length: 3 + (i % 3) }, value);
  return {
    tokens: draw(() => 1 + Math.floor((VOCABULARY - 1) * next())),
    rating: next(),
    evidence: draw(() => (next() < 0.4 ? 1 : 0)),
    noise: draw(() => 0.2 + 0.6 * next()),
  };
});

/** Reviews padded to L; utilities of padding are drawn, too, and mean nothing. */
function batchOf(chosen: readonly Review[], L: number, latent: string): Batch {
  return {
    size: chosen.length,
    inputs: {
      tokens: chosen.flatMap(({ tokens }) => padded(tokens, L, 0)),
      length: chosen.map(({ tokens }) => tokens.length),
      rating: chosen.map(({ rating }) => rating),
      evidence: chosen.flatMap(({ evidence }) => padded(evidence, L, 0)),
      held_out: chosen.map(() => 1),
      annotated: chosen.map(() => 1),
    },
    noise: { [latent]: chosen.flatMap(({ noise }) => padded(noise, L, 0.99)) },
  };
}

const gumbel = (v: number) => -Math.log(-Math.log(v));

/** What the model says of one review without padding, given which words are worth most together. */
function byHand(
  p: Values,
  { tokens, noise, rating, evidence }: Review,
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
    const found = run("evaluate", batchOf(MANY, 5, "z"));
    MANY.forEach((review, example) => {
      const wanted = byHand(parameters, review, complex, () => []);
      for (const [name, value] of Object.entries(wanted)) {
        expect(found[`metric:${name}`]![example], name).toBeCloseTo(value, 12);
      }
      expect(found["metric:loss"]![example]).toBeCloseTo(wanted.mse, 12);
    });
  });

  test("ExplainCorrelated: φ_i + φ'_{i+1} + φ_{i,i+1} for neighbours", () => {
    const { parameters: p, run } = compiled("ExplainCorrelated", { L: 5 });
    const found = run("evaluate", batchOf(MANY, 5, "z.x"));
    MANY.forEach((review, example) => {
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
  const variants: readonly (readonly [string, Arguments])[] = [
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
      const both = large.run(entry, batchOf(REVIEWS, 5, latent));
      const first = large.run(entry, batchOf(REVIEWS.slice(0, 1), 5, latent));
      const second = small.run(entry, batchOf(REVIEWS.slice(1), 3, latent));
      expectApart(both, first, second, () => false);
    }
  });
});
