/**
 * The models of the ListOps example against the same written out by hand in float64, with the latent tree found by
 * enumeration; and that a padded batch equals its examples one by one.
 */
import { describe, expect, test } from "vitest";
import { affine, crossEntropy, type Gru, gruStep, lstm, type Matrix, rows } from "../functions/sequences-reference.ts";
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

const source = exampleSource("listops");
const SIZE = 3;
const STEPS = 3;

function compiled(model: string, given: Arguments) {
  const sizes = model === "Sequence" ? { size: SIZE } : { size: SIZE, steps: STEPS };
  return modelByHand(source, model, { ...sizes, dropout: 0, ...given }, 1);
}

const relu = (x: readonly number[]) => x.map((value) => Math.max(0, value));

function answerOf(p: Values, h: readonly number[]): number[] {
  const hidden = relu(affine(h, rows(p["respond.hidden.W"]!, SIZE), p["respond.hidden.b"]!));
  return affine(hidden, rows(p["respond.output.W"]!, 10), p["respond.output.b"]!);
}

/** The state of token 0 after all steps, of which each computes all tokens; edges[i][j] = 1 from operator i to j. */
function messagePassing(p: Values, token: readonly number[], edges: Matrix): number[] {
  const table = rows(p["words.table"]!, SIZE);
  const of = (name: string) => ({ W: rows(p[`messages.${name}.W`]!, SIZE), b: p[`messages.${name}.b`]! });
  const [first, second] = [of("first"), of("second")];
  const gate = (name: string) => ({
    ...of(`memory.${name}`),
    R: rows(p[`messages.memory.${name}.R`]!, SIZE),
  });
  const memory: Gru = {
    reset: gate("reset"),
    keep: gate("keep"),
    candidate: gate("candidate"),
    offset: p["messages.memory.offset"]!,
  };
  let h = token.map((code) => table[code]!);
  for (let step = 0; step < STEPS; step++) {
    h = h.map((own, i) => {
      const heard = new Array<number>(SIZE).fill(0);
      h.forEach((other, j) => {
        if (i === j) return;
        const hidden = relu(affine([...other, ...own], first.W, first.b));
        relu(affine(hidden, second.W, second.b)).forEach((value, k) => {
          heard[k]! += edges[i]![j]! * value;
        });
      });
      return gruStep(heard, own, memory);
    });
  }
  return h[0]!;
}

/** `[MAX 3 [MIN 1 2 ] ]` and `[MED 0 9 ]`, padded to N. */
const EXPRESSIONS = [
  { tokens: [12, 4, 11, 2, 3, 14, 14], parent: [-1, 0, 0, 2, 2, -2, -2], answer: 3 },
  { tokens: [13, 1, 10, 14], parent: [-1, 0, 0, -2], answer: 4 },
];

function batchOf(which: readonly number[], N: number, noise: (example: number) => Values): Batch {
  const chosen = which.map((i) => EXPRESSIONS[i]!);
  const drawn = which.map(noise);
  return {
    size: which.length,
    inputs: {
      tokens: chosen.flatMap(({ tokens }) => padded(tokens, N, 0)),
      length: chosen.map(({ tokens }) => tokens.length),
      parent: chosen.flatMap(({ parent }) => padded(parent, N, -2)),
      answer: chosen.map(({ answer }) => answer),
    },
    noise: Object.fromEntries(Object.keys(drawn[0]!).map((name) => [name, drawn.flatMap((each) => each[name]!)])),
  };
}

test("TrueEdges: message passing along the true edges", () => {
  const { parameters, run } = compiled("TrueEdges", { N: 7 });
  const found = run(
    "evaluate",
    batchOf([0, 1], 7, () => ({})),
  );
  EXPRESSIONS.forEach(({ tokens, parent, answer }, example) => {
    const edges = tokens.map((_, i) => tokens.map((_, j) => (parent[j] === i ? 1 : 0)));
    const logits = answerOf(parameters, messagePassing(parameters, tokens, edges));
    expect(found["metric:loss"]![example]).toBeCloseTo(crossEntropy(logits, answer), 12);
  });
});

test("Sequence: the LSTM's outputs side by side", () => {
  const { parameters: p, run } = compiled("Sequence", { N: 7 });
  const found = run(
    "evaluate",
    batchOf([0, 1], 7, () => ({})),
  );
  EXPRESSIONS.forEach(({ tokens, answer }, example) => {
    const x = tokens.map((code) => rows(p["words.table"]!, SIZE)[code]!);
    const h = lstm(x, rows(p["read.W"]!, 4 * SIZE), rows(p["read.R"]!, 4 * SIZE), p["read.b"]!);
    const flat = [...h.flat(), ...new Array<number>((7 - tokens.length) * SIZE).fill(0)];
    const logits = answerOf(p, affine(flat, rows(p["join.W"]!, SIZE), p["join.b"]!));
    expect(found["metric:loss"]![example]).toBeCloseTo(crossEntropy(logits, answer), 12);
  });
});

/** All functions from vertices but 0 to a vertex that tells them of a tree with the root 0, as parents. */
function trees(n: number): number[][] {
  let all: number[][] = [[-1]];
  for (let v = 1; v < n; v++) {
    all = all.flatMap((heads) => Array.from({ length: n }, (_, head) => [...heads, head]).filter((h) => h[v] !== v));
  }
  return all.filter((heads) =>
    heads.every((_, v) => {
      let [at, left] = [v, n];
      while (at > 0 && left-- > 0) at = heads[at]!;
      return at === 0;
    }),
  );
}

test("ListOps: the best tree by enumeration, its messages, and how much of the parse it recovers", () => {
  const N = 4;
  const { parameters: p, run } = compiled("ListOps", { N });
  const next = random(3);
  const noise = { z: Array.from({ length: N * (N - 1) }, () => 0.05 + 0.9 * next()) };
  const found = run(
    "evaluate",
    batchOf([1], N, () => noise),
  );
  const { tokens, answer, parent } = EXPRESSIONS[1]!;
  const x = tokens.map((code) => rows(p["scores.words.table"]!, SIZE)[code]!);
  const read = (name: string) =>
    lstm(x, rows(p[`scores.${name}.W`]!, 4 * SIZE), rows(p[`scores.${name}.R`]!, 4 * SIZE), p[`scores.${name}.b`]!);
  const [head, modifier] = [read("head"), read("modifier")];
  const arcs = tokens.flatMap((_, i) => tokens.flatMap((_, j) => (i === j ? [] : [[i, j] as const])));
  const utility = new Map(
    arcs.map(([i, j], e) => {
      const theta = head[i]!.reduce((sum, value, k) => sum + value * modifier[j]![k]!, 0);
      return [`${i} ${j}`, theta - Math.log(-Math.log(noise.z[e]!))] as const;
    }),
  );
  const worth = (heads: readonly number[]) =>
    heads.slice(1).reduce((sum, from, v) => sum + utility.get(`${from} ${v + 1}`)!, 0);
  const best = trees(N).reduce((a, b) => (worth(b) > worth(a) ? b : a));
  const edges = tokens.map((_, i) => tokens.map((_, j) => (best[j] === i ? 1 : 0)));
  const logits = answerOf(p, messagePassing(p, tokens, edges));
  expect(found["metric:loss"]![0]).toBeCloseTo(crossEntropy(logits, answer), 10);
  // Token 3 is `]`: what goes to it or comes from it does not count.
  const counted = best.flatMap((from, to) => (to === 0 || to === 3 || from === 3 ? [] : [[from, to] as const]));
  const hits = counted.filter(([from, to]) => parent[to] === from).length;
  expect(found["metric:edges.precision"]![0]).toBeCloseTo(hits / Math.max(1, counted.length), 12);
  expect(found["metric:edges.recall"]![0]).toBeCloseTo(hits / 2, 12);
});

describe("a padded batch equals its examples one by one", () => {
  const variants: readonly (readonly [string, Arguments])[] = [
    ["ListOps", { Edges: "Arborescence" }],
    ["ListOps", { Utilities: "NegExponential", positive: true }],
    ["ListOps", { Edges: "IndependentEdges" }],
    ["ListOps", { Edges: "IndependentEdges", directed: false }],
    ["ListOps", { Edges: "SpanningTree", directed: false }],
    ["TrueEdges", {}],
  ];
  test.each(variants)("%s with %j", (model, given) => {
    const [N, small] = [7, 4];
    const undirected = given.directed === false;
    const pairs = (n: number) =>
      Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => [i, j] as const))
        .flat()
        .filter(([i, j]) => (undirected ? i < j : i !== j));
    const noiseAt = (example: number, i: number, j: number) => random(1000 * example + 31 * i + j)();
    const noise =
      (n: number) =>
      (example: number): Values =>
        model === "ListOps" ? { z: pairs(n).map(([i, j]) => 0.05 + 0.9 * noiseAt(example, i, j)) } : {};
    const large = compiled(model, { N, ...given });
    const alone = compiled(model, { N: small, ...given });
    for (const entry of ["evaluate", "train"]) {
      const both = large.run(entry, batchOf([0, 1], N, noise(N)));
      const first = large.run(entry, batchOf([0], N, noise(N)));
      const second = alone.run(entry, batchOf([1], small, noise(small)));
      // The share of right edges counts those of padding, too.
      expectApart(both, first, second, (name) => name.endsWith("accuracy"));
    }
  });
});
