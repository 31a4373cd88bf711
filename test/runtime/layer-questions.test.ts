/**
 * `layer()` on the exponential family: entropy, log-probabilities, marginals, samples and best members, in all forms of
 * utilities, under `tf.grad`, and what it says of what it has not. Their values are tested in test/structures.
 */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { DiagnosticError, layer } from "../../sstc.ts";
import { expectClose } from "../golden.ts";
import { failure } from "./failure.ts";
import { registerGradients } from "./gradients.ts";

registerGradients();

const SUBSET = "Subset(3) relax ExpFamily at 0.5";
const u = [0.3, -1.2, 0.8];
const v = [2.1, 0.2, -0.7];
const x = [1, 0, 1];
const single = { abs: 1e-6, rel: 1e-5 };

describe("forms", () => {
  test("every form gives the same numbers, in that form", async () => {
    const subset = await layer(SUBSET, { device: "cpu" });
    for (const [first, second] of [subset.entropy([u, v]), subset.logProb([u, v], [x, x])]) {
      expect([typeof first, typeof second]).toEqual(["number", "number"]);
    }
    expect(subset.entropy(u)).toBe(subset.entropy([u, v])[0]);
    expect(subset.logProb(v, x)).toBe(subset.logProb([u, v], [x, x])[1]);
    expect(subset.entropy(Float64Array.from([...u, ...v]))).toEqual(Float64Array.from(subset.entropy([u, v])));
    expect(subset.logProb(Float32Array.from(u), Float32Array.from(x))).toBeInstanceOf(Float32Array);
    expect(subset.marginals(u)).toEqual(subset.soft(u));
    const rows = tf.tensor2d([u, v]);
    expectClose(subset.entropy(rows).dataSync(), subset.entropy([u, v]), single, "entropy");
    expectClose(subset.logProb(rows, tf.tensor2d([x, x])).dataSync(), subset.logProb([u, v], [x, x]), single, "log p");
    expect(subset.logProb(tf.tensor1d(u), tf.tensor1d(x)).shape).toEqual([]);
    expectClose(subset.marginals(rows).dataSync(), subset.marginals([u, v]).flat(), single, "marginals");
  });

  test("samples: one for each example, or several; the same for the same seed", async () => {
    const subset = await layer(SUBSET, { device: "cpu" });
    const one = subset.sample([u, v]);
    expect(one.map((row) => row.length)).toEqual([3, 3]);
    const four = subset.sample([u, v], { draws: 4 });
    expect(four.map((rows) => rows.map((row) => row.length))).toEqual([Array(4).fill(3), Array(4).fill(3)]);
    expect(four.map(([first]) => first)).toEqual(one);
    expect(subset.sample(u, { draws: 4 })).toEqual(four[0]);
    expect(subset.sample(Float64Array.from([...u, ...v]), { draws: 4 })).toEqual(Float64Array.from(four.flat(2)));
    const tensor = subset.sample(tf.tensor2d([u, v]), { draws: 4 });
    expect([tensor.shape, tensor.arraySync()]).toEqual([[2, 4, 3], four]);
    expect(subset.sample(tf.tensor(u, [1, 1, 3]), { draws: 2 }).shape).toEqual([1, 1, 2, 3]);
    expect(subset.sample(tf.tensor2d([u, v])).arraySync()).toEqual(one);
    const other = subset.sample(u, { draws: 50, seed: 1 });
    expect(other).not.toEqual(subset.sample(u, { draws: 50 }));
    expect(subset.sample(u, { draws: 50, seed: 1 })).toEqual(other);
  });

  test("best members: as many as there are in lists, with zeros behind them elsewhere", async () => {
    const subset = await layer("Subset(1)", { device: "cpu" });
    expect(subset.kBest([-2], 1)).toEqual({ members: [[0]], values: [0], found: 1 });
    expect(subset.kBest([[-2], [3]], 3)).toEqual({
      members: [
        [[0], [1]],
        [[1], [0]],
      ],
      values: [
        [0, -2],
        [3, 0],
      ],
      found: [2, 2],
    });
    const { members, values, found } = subset.kBest(tf.tensor2d([[-2], [3]]), 3);
    expect([members.shape, values.shape, found.shape]).toEqual([[2, 3, 1], [2, 3], [2]]);
    expect([...members.dataSync(), ...values.dataSync(), ...found.dataSync()]).toEqual([
      ...[0, 1, 0, 1, 0, 0],
      ...[0, -2, 0, 3, 0, 0],
      ...[2, 2],
    ]);
    const flat = subset.kBest(Float64Array.of(-2, 3), 2);
    expect(flat.members).toEqual(Float64Array.of(0, 1, 1, 0));
    expect(flat.found).toEqual(Float64Array.of(2, 2));
  });

  test("a structure with one member only", async () => {
    const only = await layer("OneHot(1) relax ExpFamily at 1", { device: "cpu" });
    expect([only.entropy([3]), only.logProb([3], [1]), only.marginals([3])]).toEqual([0, 0, [1]]);
    expect(only.sample([3], { draws: 2 })).toEqual([[1], [1]]);
    expect(only.kBest([3], 2)).toEqual({ members: [[1]], values: [3], found: 1 });
  });
});

/** Central differences of a function of numbers. */
function differences(f: (u: number[]) => number, at: readonly number[], step = 1e-5): number[] {
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

describe.each(["cpu", "wasm"] as const)("gradients on %s", (device) => {
  const TREE = "SpanningTree(complete(3)) relax ExpFamily at 0.5";
  const weights = [2, -1];
  const weighted = (values: number[]) => values.reduce((sum, value, i) => sum + weights[i]! * value, 0);

  test("of entropies, log-probabilities and marginals are central differences", async () => {
    const tree = await layer(TREE, { device });
    const rows = tf.tensor2d([u, v]);
    const flat = [...u, ...v];
    const pairs = (numbers: number[]) => [numbers.slice(0, 3), numbers.slice(3)];
    const gradient = (of: (given: tf.Tensor) => tf.Tensor) =>
      tf
        .grad((given: tf.Tensor) => tf.sum(tf.mul(of(given), weights)))(rows)
        .dataSync();
    const entropies = differences((numbers) => weighted(tree.entropy(pairs(numbers))), flat);
    expectClose(
      gradient((given) => tree.entropy(given)),
      entropies,
      { abs: 1e-5, rel: 1e-5 },
      "entropy",
    );
    const members = [x, [0, 1, 1]];
    const logs = differences((numbers) => weighted(tree.logProb(pairs(numbers), members)), flat);
    const drawn = tf.tensor2d(members);
    expectClose(
      gradient((given) => tree.logProb(given, drawn)),
      logs,
      { abs: 1e-5, rel: 1e-5 },
      "log p",
    );
    const firsts = differences((numbers) => weighted(tree.marginals(pairs(numbers)).map((row) => row[0]!)), flat);
    const chosen = [weights[0]!, 0, 0, weights[1]!, 0, 0];
    const first = (given: tf.Tensor) => tf.sum(tf.mul(tree.marginals(given), tf.tensor2d(chosen, [2, 3])));
    expectClose(tf.grad(first)(rows).dataSync(), firsts, { abs: 1e-5, rel: 1e-5 }, "marginals");
  });

  test("of a log-probability reach the member, too, which may be a soft sample", async () => {
    const tree = await layer(TREE, { device });
    const own = tf.tensor1d(u);
    const cross = (given: tf.Tensor) => tree.logProb(own, tree.soft(given));
    const expected = differences((moved) => tree.logProb(u, tree.soft(moved)), v);
    expectClose(tf.grad(cross)(tf.tensor1d(v)).dataSync(), expected, { abs: 1e-5, rel: 1e-5 }, "cross entropy");
  });
});

describe("what goes wrong is said", () => {
  const complaint = async (text: string, work: (of: Awaited<ReturnType<typeof layer>>) => unknown) => {
    const made = await layer(text, { device: "cpu" });
    return (await failure(() => work(made))) as Error & { why?: string; help?: string };
  };

  test("of other relaxations, and of none", async () => {
    const euclidean = "Subset(3) relax Euclidean at 1";
    const problem = await complaint(euclidean, (subset) => subset.entropy(u));
    expect(problem.message).toBe("this relaxation of Subset(3) has no entropy");
    expect(problem.help).toBe("write relax ExpFamily");
    expect((await complaint(euclidean, (subset) => subset.sample(u))).message).toContain("has no samples");
    expect((await complaint("Subset(3)", (subset) => subset.logProb(u, x))).message).toContain("has no relaxation");
  });

  test("of structures that lack something", async () => {
    const source = `
structure Plain(n) {
  embedding x: binary[n]
  argmax positive
  relax ExpFamily by logistic  symmetric
}`;
    const made = await layer("Plain(3) relax ExpFamily at 1", { device: "cpu", source });
    expect(made.marginals(u)).toEqual(made.soft(u));
    const asked = await failure(() => made.entropy(u));
    expect([asked.name, asked.message]).toEqual(["UserError", "Plain(3) has no log_partition"]);
    expect((await failure(() => made.sample(u))).message).toContain("cannot be sampled");
  });

  test("of numbers and forms", async () => {
    const of = (work: Parameters<typeof complaint>[1]) => complaint(SUBSET, work).then(({ message }) => message);
    expect(await of((subset) => subset.sample(u, { seed: -1 }))).toContain("the seed is -1");
    expect(await of((subset) => subset.sample(u, { draws: 0 }))).toContain("the number of draws must be");
    expect(await of((subset) => subset.kBest(u, 1.5))).toContain("the number of members must be");
    expect(await of((subset) => subset.logProb(u, [u, v]))).toContain("but the members a list of 2 lists");
    expect(await of((subset) => subset.logProb(u, [1, 0, Number.NaN]))).toContain("the members of Subset(3) hold NaN");
  });

  test("of gradients that are not there", async () => {
    const subset = await layer(SUBSET, { device: "cpu" });
    const grad = (f: (given: tf.Tensor) => tf.Tensor) =>
      failure(() => tf.grad((g: tf.Tensor) => tf.sum(f(g)))(tf.tensor1d(u)));
    expect((await grad((given) => subset.sample(given))).message).toBe("a sample of Subset(3) has no gradient");
    expect((await grad((given) => subset.kBest(given, 2).members)).message).toContain("has no gradient");
    expect((await grad((given) => subset.kBest(given, 2).values)).message).toContain("has no gradient");
    const twice = (f: (given: tf.Tensor) => tf.Tensor) =>
      grad((given) => tf.grad((g: tf.Tensor) => tf.sum(f(g)))(given));
    expect((await twice((given) => subset.entropy(given))).message).toContain("no second derivatives");
  });

  test("structures that do not say how list their best members by their argmax alone", async () => {
    const source = "structure Two(n) { embedding x: binary[n]  argmax top_k(k = 2) }";
    const two = await layer("Two(3)", { device: "cpu", source });
    const { members, values, found } = two.kBest([0.25, -1, 0.5], 4);
    expect([members, values, found]).toEqual([
      [
        [1, 0, 1],
        [0, 1, 1],
        [1, 1, 0],
      ],
      [0.75, -0.5, -0.75],
      3,
    ]);
    const bare = "structure Two(n) { embedding x: binary[n]  argmax top_k(k = 2)  k_best top_k(k = 2) on webgpu }";
    const elsewhere = await layer("Two(3)", { device: "cpu", source: bare });
    const ask = () => elsewhere.kBest(u, 2);
    expect(ask).toThrow(DiagnosticError);
    expect(ask).toThrow("Two(3) cannot list its best members");
  });
});
