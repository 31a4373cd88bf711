/**
 * Functions of models that ask about a structure's exponential family: values and gradients against enumeration, by the
 * interpreter and by tfjs, and what is refused.
 */
import { describe, expect, test } from "vitest";
import { explain } from "../../compiler/explain.ts";
import { instantiate } from "../../runtime/instantiate.ts";
import { compileText, interpreted } from "../distributions/models.ts";
import { expectClose } from "../golden.ts";
import { artifactOf, withModel } from "../runtime/compiled.ts";
import { completeEdges, dot, ExactFamily, kSubsets, spanningTrees, subsets, type Vector } from "./enumeration.ts";
import { correlatedKSubsets, tagSequences } from "./path-examples.ts";

const STRUCTURES: readonly (readonly [structure: string, members: readonly Vector[]])[] = [
  ["OneHot(4)", kSubsets(4, 1)],
  ["Subset(3)", subsets(3)],
  ["KSubset(5, 2)", kSubsets(5, 2)],
  ["SpanningTree(complete(4))", spanningTrees(4, completeEdges(4))],
  ["Chain(3, 2)", tagSequences(3, 2)],
  ["CorrelatedKSubset(4, 2)", correlatedKSubsets(4, 2)],
];
const values = (n: number, seed: number) => Array.from({ length: n }, (_, i) => Math.sin(7 * i + seed) * 2);
const t = 0.7;
const exact = (members: readonly Vector[], u: Vector) => new ExactFamily(members, u, t);

/** What each question is by definition, of utilities u and weights w. */
const QUESTIONS: Readonly<Record<string, (members: readonly Vector[], u: Vector, w: Vector) => number>> = {
  "log_partition(S, theta, at = t)": (members, u) => exact(members, u).logPartition,
  "entropy(S, theta, at = t)": (members, u) => exact(members, u).entropy,
  "log_prob(S, theta, w, at = t)": (members, u, w) => dot(u, w) / t - exact(members, u).logPartition,
  "sum(marginals(S, theta, at = t) * w)": (members, u, w) => dot(exact(members, u).marginals, w),
};

function differences(f: (u: Vector) => number, at: Vector, step = 1e-5): number[] {
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

function model(structure: string, objective: string, n: number): string {
  return `
model Asks() {
  hyper t = ${t}
  param theta: f32[${n}] ~ zeros
  param w: f32[${n}] ~ zeros
  data weight: f32
  minimize weight * ${objective.replace("S", structure)}
}`;
}

describe.each(STRUCTURES)("%s", (structure, members) => {
  const n = members[0]!.length;
  const [u, w] = [values(n, 1), values(n, 5)];
  for (const [question, definition] of Object.entries(QUESTIONS)) {
    test(`${question}: its value, and its gradients by differences`, () => {
      const text = model(structure, question, n);
      const environment = { batch: 2, parameters: { theta: u, w }, inputs: { weight: [5, -1] }, hypers: { t } };
      const outputs = interpreted(text, "train", environment);
      // The mean of the weights is 2.
      expectClose(outputs.loss!, [2 * definition(members, u, w)], { abs: 1e-9, rel: 1e-9 }, "value");
      const byTheta = differences((moved) => 2 * definition(members, moved, w), u);
      const byWeight = differences((moved) => 2 * definition(members, u, moved), w);
      expectClose(outputs["gradient:theta"]!, byTheta, { abs: 1e-7, rel: 1e-7 }, "gradient of theta");
      expectClose(outputs["gradient:w"]!, byWeight, { abs: 1e-7, rel: 1e-7 }, "gradient of w");
    });
  }
  test("a log-probability of a utility that is zero for all but one member is one over the number of members", () => {
    const text = model(structure, "log_prob(S, theta, w)", n);
    const environment = {
      batch: 1,
      parameters: { theta: values(n, 0).map(() => 0), w: members[0]! },
      inputs: { weight: [1] },
    };
    const { loss } = interpreted(text, "train", { ...environment, hypers: { t } });
    expectClose(loss!, [-Math.log(members.length)], { abs: 1e-12, rel: 1e-12 }, "uniform");
  });
});

/** An embedding of two parts: neighbours in a row, and which of them come first. */
const OWN = `
structure Pairs(n) {
  embedding x: binary[n], first: binary[n - 1, 1]
  argmax hand_argmax(m = 2 * n - 1)
  relax ExpFamily by hand_pairs  symmetric
  log_partition by hand_total
}
kernel hand_worth(n, u: f32[2 * n - 1]) -> worth: f32[n - 1] {
  for i in 0..n - 1 { worth[i] = u[i] + u[i + 1] + u[n + i] }
}
kernel hand_argmax(m, n, u: f32[m]) -> x: f32[m] {
  let worth = hand_worth(n, u)
  let best = argmax(worth)
  x[best] = 1
  x[best + 1] = 1
  x[n + best] = 1
}
kernel hand_pairs(n, u: f32[2 * n - 1]) -> x: f32[2 * n - 1] {
  let worth = hand_worth(n, u)
  let total = sum(exp(worth[i]) for i in 0..n - 1)
  for i in 0..n - 1 {
    x[i] += exp(worth[i]) / total
    x[i + 1] += exp(worth[i]) / total
    x[n + i] += exp(worth[i]) / total
  }
}
kernel hand_total(n, u: f32[2 * n - 1]) -> value: f32[1] {
  let worth = hand_worth(n, u)
  value[0] = log(sum(exp(worth[i]) for i in 0..n - 1))
}
`;
const PAIRS: readonly Vector[] = [
  [1, 1, 0, 1, 0],
  [0, 1, 1, 0, 1],
];

describe("what is asked of", () => {
  const parameters = { a: values(3, 2), b: values(2, 3) };
  const both = [...parameters.a, ...parameters.b];
  const asks = (objective: string, rest = "") => `${OWN}
model Asks(n = 3) {
  param a: f32[n] ~ zeros
  param b: f32[n - 1, 1] ~ zeros
  data x: f32[n]
  data first: f32[n - 1, 1]
  ${rest}
  minimize ${objective}
}`;
  const inputs = { x: [1, 1, 0, 0, 1, 1], first: [1, 0, 0, 1] };
  const loss = (objective: string) => interpreted(asks(objective), "train", { batch: 2, parameters, inputs }).loss!;

  test("an embedding with parts may be given part by part, in any order, and is answered so", () => {
    const family = new ExactFamily(PAIRS, both, 1);
    const mean = (family.probabilities[0]! + family.probabilities[1]!) / 2;
    expect(mean).toBeCloseTo(0.5, 12);
    const logProbabilities = family.probabilities.map(Math.log);
    expectClose(
      loss("log_prob(Pairs(n), record(first = b, x = a), record(x = x, first = first))"),
      [(logProbabilities[0]! + logProbabilities[1]!) / 2],
      { abs: 1e-12, rel: 1e-12 },
      "record",
    );
    expectClose(
      loss("log_partition(Pairs(n), concat(a, b[..., 0])) + 0 * sum(x) + 0 * sum(first)"),
      [family.logPartition],
      { abs: 1e-12, rel: 1e-12 },
      "flat",
    );
    expectClose(
      loss("sum(marginals(Pairs(n), record(x = a, first = b)).first * first) + sum(0 * x)"),
      [mean],
      { abs: 1e-12, rel: 1e-12 },
      "marginals",
    );
    expectClose(
      loss("sum(argmax(Pairs(n), record(x = a, first = b)).x * x) + sum(0 * first)"),
      [1.5],
      { abs: 1e-12, rel: 1e-12 },
      "argmax",
    );
  });

  test("several vectors at once, or one for several members, are answered one by one", () => {
    const twice = (question: string) => loss(`${question} + sum(0 * x) + sum(0 * first) + 0 * sum(b)`);
    const [one] = twice("log_partition(Subset(n), a) + log_partition(Subset(n), 2 * a)");
    expectClose(twice("sum(log_partition(Subset(n), [a, 2 * a]))"), [one!], { abs: 1e-12, rel: 1e-12 }, "rows");
    const [two] = twice("log_prob(Subset(n), a, x) + log_prob(Subset(n), a, 1 - x)");
    expectClose(twice("sum(log_prob(Subset(n), a, [x, 1 - x]))"), [two!], { abs: 1e-12, rel: 1e-12 }, "members");
    const [three] = twice("log_prob(Subset(n), a, x) + log_prob(Subset(n), 3 * a, x)");
    expectClose(twice("sum(log_prob(Subset(n), [a, 3 * a], x))"), [three!], { abs: 1e-12, rel: 1e-12 }, "utilities");
    expectClose(twice("log_partition(Subset(n), 0)"), [3 * Math.log(2)], { abs: 1e-12, rel: 1e-12 }, "a scalar");
  });

  test("k_best lists members by falling value, and 0 where there are no more", () => {
    const best = (structure: string, count: number, u: string) =>
      loss(
        `sum(k_best(${structure}, ${u}, ${count}) * [${values(count, 1).map((w) => `${w} * [1, 2, 4]`)}]) + sum(0 * x)`,
      );
    const of = (rows: readonly Vector[]) =>
      rows.map((row, i) => values(rows.length, 1)[i]! * dot(row, [1, 2, 4])).reduce((a, b) => a + b, 0);
    const cases: [string, string, Vector[]][] = [
      [
        "OneHot(n)",
        "[1, 3, 2]",
        [
          [0, 1, 0],
          [0, 0, 1],
          [1, 0, 0],
          [0, 0, 0],
        ],
      ],
      [
        "Subset(n)",
        "[2, -1, -4]",
        [
          [1, 0, 0],
          [1, 1, 0],
          [0, 0, 0],
          [0, 1, 0],
          [1, 0, 1],
        ],
      ],
    ];
    for (const [structure, u, rows] of cases) {
      expectClose(best(structure, rows.length, u), [of(rows)], { abs: 1e-9, rel: 1e-9 }, structure);
    }
  });
});

test("a chain of tags takes and gives its parts", () => {
  const text = `
model Tagging(n = 3, tags = 2) {
  param score: f32[n, tags] ~ zeros
  param follow: f32[tags, tags] ~ zeros
  data tag: f32[n, tags]
  data move: f32[n - 1, tags, tags]
  let u = record(tag = score, move = broadcast(follow, shape = [n - 1, tags, tags]))
  maximize log_prob(Chain(n, tags), u, record(move = move, tag = tag)) + 0 * sum(marginals(Chain(n, tags), u).move)
}`;
  const parameters = { score: values(6, 1), follow: values(4, 2) };
  const u = [...parameters.score, ...parameters.follow, ...parameters.follow];
  const members = tagSequences(3, 2);
  const family = new ExactFamily(members, u, 1);
  const truth = members[5]!;
  const inputs = { tag: truth.slice(0, 6), move: truth.slice(6) };
  const outputs = interpreted(text, "train", { batch: 1, parameters, inputs });
  expectClose(outputs.loss!, [family.logPartition - dot(u, truth)], { abs: 1e-12, rel: 1e-12 }, "loss");
  const slope = family.marginals.map((mean, i) => mean - truth[i]!);
  expectClose(outputs["gradient:score"]!, slope.slice(0, 6), { abs: 1e-12, rel: 1e-10 }, "scores");
  const follow = slope.slice(6, 10).map((value, i) => value + slope[10 + i]!);
  expectClose(outputs["gradient:follow"]!, follow, { abs: 1e-12, rel: 1e-10 }, "moves");
});

describe("on a device", () => {
  const STRUCTURE = "KSubset(n, 2)";
  const text = `
model Field(n = 5) {
  hyper t = 0.5
  param theta: f32[n] ~ normal(1)
  data features: f32[n]
  data truth: f32[n]
  let u = theta + features
  maximize log_prob(${STRUCTURE}, u, truth, at = t) + 0.1 * entropy(${STRUCTURE}, u)
  metric log_prob = log_prob(${STRUCTURE}, u, truth, at = t)
  metric log_partition = log_partition(${STRUCTURE}, u, at = t)
  metric entropy = entropy(${STRUCTURE}, u)
  metric marginal = marginals(${STRUCTURE}, u, at = t)[0]
  metric argmax = sum(argmax(${STRUCTURE}, u) * truth)
  metric best = sum(k_best(OneHot(n), u, 2)[1] * u)
  metric drawn = sample(OneHot(n), u)[2]
  metric parity = sum(sample(Subset(n), u)[..2])
}`;
  const features = values(5, 4);
  const rows = (row: Vector, count: number) => ({
    shape: [count, row.length],
    data: Float32Array.from({ length: count * row.length }, (_, i) => row[i % row.length]!),
  });
  const truth = [0, 1, 0, 0, 1];

  test("values are those of the definition, and a member that is observed becomes more likely", async () => {
    const model = await instantiate(artifactOf(text), {
      device: "cpu",
      seed: 1,
      optimizer: { name: "adam", learningRate: 0.1 },
    });
    const theta = [...(await model.parameters()).theta!];
    const u = features.map((value, i) => Math.fround(value) + theta[i]!);
    const batch = { features: rows(features, 1), truth: rows(truth, 1) };
    const { metrics } = await model.evaluate(batch);
    const members = kSubsets(5, 2);
    const cold = new ExactFamily(members, u, 0.5);
    const warm = new ExactFamily(members, u, 1);
    expectClose(
      [metrics.log_prob, metrics.log_partition, metrics.entropy, metrics.marginal].map(Number),
      [dot(u, truth) / 0.5 - cold.logPartition, cold.logPartition, warm.entropy, cold.marginals[0]!],
      { abs: 1e-5, rel: 1e-5 },
      "metrics",
    );
    const [, second] = [...u].sort((a, b) => b - a);
    expectClose([Number(metrics.best)], [second!], { abs: 1e-6, rel: 1e-6 }, "the second");
    const before = Number(metrics.log_prob);
    for (let step = 0; step < 30; step++) await model.step(batch);
    expect(Number((await model.evaluate(batch)).metrics.log_prob)).toBeGreaterThan(before + 0.5);
    expect(model.undisposed).toBe(0);
    model.dispose();
  });

  test("examples draw their own samples, as often as is likely", async () => {
    const count = 4000;
    await withModel(text, async (model) => {
      const { theta } = await model.parameters();
      const u = features.map((value, i) => Math.fround(value) + theta![i]!);
      const batch = { features: rows(features, count), truth: rows(truth, count) };
      const { metrics } = await model.evaluate(batch);
      const [one, subset] = [new ExactFamily(kSubsets(5, 1), u, 1), new ExactFamily(subsets(5), u, 1)];
      const [p, q, r] = [one.marginals[2]!, subset.marginals[0]!, subset.marginals[1]!];
      const deviation = (variance: number) => 4 * Math.sqrt(variance / count);
      expect(Math.abs(Number(metrics.drawn) - p)).toBeLessThan(deviation(p * (1 - p)));
      expect(Math.abs(Number(metrics.parity) - q - r)).toBeLessThan(deviation(q * (1 - q) + r * (1 - r)));
      expect((await model.evaluate(batch)).metrics).toEqual(metrics);
      expect((await model.evaluate(batch, { draw: 1 })).metrics.drawn).not.toBe(metrics.drawn);
    });
  });

  test("the explanation lists what was chosen for each question", () => {
    const { artifact, operations } = compileText(text);
    const { queries } = explain({ name: "field.sst", text }, artifact!, operations);
    const chosen = queries.map(({ name, decisions }) => [name, decisions.map((each) => `${each.pass} ${each.chosen}`)]);
    expect(Object.fromEntries(chosen)).toMatchObject({
      "log_prob(KSubset(5, 2))": ["log-partition path_log_partition", "relaxation forward_backward"],
      "sample(OneHot(5))": ["sampler draw_one"],
      "k_best(OneHot(5))": ["k-best largest_ones"],
      "argmax(KSubset(5, 2))": [expect.stringContaining("solver ")],
    });
    const { decisions } = queries.find(({ name }) => name.startsWith("log_prob"))!;
    expect(decisions.map(({ entries }) => entries)).toEqual([["train", "evaluate"], ["train"]]);
  });
});
