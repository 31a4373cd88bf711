/** `layer()`: all forms of utilities, gradients under `tf.grad` on several backends, and what it says of bad input. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test, vi } from "vitest";
import { HostKernels } from "../../runtime/host-kernels.ts";
import type { UserError } from "../../runtime/user-error.ts";
import { DiagnosticError, layer } from "../../sstc.ts";
import { expectClose } from "../golden.ts";
import { registerGradients } from "./gradients.ts";

registerGradients();

const TREE = "SpanningTree(complete(4)) relax ExpFamily at 0.5";
const u = [0.3, -1.2, 0.8, 0.1, 1.5, -0.4];
const v = [2.1, 0.2, -0.7, 0.9, -1.1, 0.6];
const weights = [1, -2, 0.5, 3, -1, 0.25];
const single = { abs: 1e-6, rel: 1e-5 };

/** Central differences of a function of numbers. */
function differences(f: (u: number[]) => number, at: readonly number[], step = 1e-5): number[] {
  return at.map((_, i) => {
    const moved = (by: number) => f(at.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
}
const dot = (a: readonly number[]) => a.reduce((total, value, i) => total + value * weights[i]!, 0);

async function failure(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (problem) {
    return problem as Error;
  }
  throw new Error("nothing was thrown");
}

describe("forms of utilities", () => {
  test("every form gives the same numbers, in that form", async () => {
    const tree = await layer(TREE, { device: "cpu" });
    const one = tree.soft(u);
    expect(tree.soft([u, v])[0]).toEqual(one);
    expect(tree.soft(Float64Array.from(u))).toEqual(Float64Array.from(one));
    const both = tree.soft(Float64Array.from([...u, ...v]));
    expect([...both]).toEqual(tree.soft([u, v]).flat());
    const short = tree.soft(Float32Array.from(u));
    expect(short).toBeInstanceOf(Float32Array);
    expectClose(short, one, single, "float32");
    const tensor = tree.soft(tf.tensor2d([u, v]));
    expect([tensor.shape, tensor.dtype]).toEqual([[2, 6], "float32"]);
    expectClose(tensor.dataSync(), both, single, "tensor");
    expect(tree.soft(tf.tensor(u, [1, 1, 6])).shape).toEqual([1, 1, 6]);
    expect(tree.soft(tf.tensor(u, [6])).shape).toEqual([6]);
    expect(tree.soft(tf.zeros([0, 6])).shape).toEqual([0, 6]);
    expect(tree.argmax(tf.tensor2d([[1, 0, 1, 0, 0, 1]], [1, 6], "int32")).arraySync()).toEqual([[1, 0, 1, 0, 0, 1]]);
    expect(one.reduce((a, b) => a + b)).toBeCloseTo(3, 12);
  });

  test("log-partitions have one number for each example", async () => {
    const tree = await layer(TREE, { device: "cpu" });
    const [first, second] = tree.logPartition([u, v]);
    expect(tree.logPartition(u)).toBe(first);
    expect(tree.logPartition(Float64Array.from([...u, ...v]))).toEqual(Float64Array.of(first!, second!));
    expect(tree.logPartition(tf.tensor1d(u)).shape).toEqual([]);
    expectClose(tree.logPartition(tf.tensor2d([u, v])).dataSync(), [first!, second!], single, "tensor");
  });

  test("a choice among one thing is one number, not one for each example", async () => {
    const only = await layer("OneHot(1) relax ExpFamily at 1", { device: "cpu" });
    expect(only.soft([3])).toEqual([1]);
    expect(only.soft([[3], [4]])).toEqual([[1], [1]]);
    expect(only.logPartition([3])).toBe(3);
    expect(only.soft(tf.tensor2d([[3], [4]])).shape).toEqual([2, 1]);
  });

  test("the members are told: structure, size, count, decisions", async () => {
    const tree = await layer("SpanningTree(complete(4)) relax ExpFamily at 0.5 backward dual", { device: "cpu" });
    expect([tree.structure, tree.size, tree.count]).toEqual(["SpanningTree(complete(4))", 6, 16]);
    expect(tree.decisions.map(({ pass, chosen }) => `${pass} ${chosen}`)).toEqual([
      "solver boruvka",
      "relaxation matrix_tree",
      "backward dual",
    ]);
  });
});

describe.each(["cpu", "wasm"] as const)("gradients on %s", (device) => {
  test("tf.grad of soft samples is vjp, and central differences", async () => {
    const tree = await layer(TREE, { device });
    expect(tf.getBackend()).toBe(device);
    const loss = (x: tf.Tensor) => tf.sum(tf.mul(tree.soft(x), tf.tensor1d(weights)));
    const gradient = tf.grad(loss)(tf.tensor2d([u, v]));
    const expected = [u, v].flatMap((row) => differences((moved) => dot(tree.soft(moved)), row));
    expectClose(gradient.dataSync(), expected, { abs: 1e-5, rel: 1e-5 }, "gradient");
    const exact = tree.vjp([u, v], [weights, weights]);
    expectClose(exact.flat(), expected, { abs: 1e-8, rel: 1e-8 }, "vjp");
    const tensors = tree.vjp(tf.tensor2d([u, v]), tf.tensor2d([weights, weights]));
    expectClose(tensors.dataSync(), exact.flat(), single, "vjp of tensors");
  });

  test("tf.grad of log-partitions is the marginals over t", async () => {
    const tree = await layer(TREE, { device });
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tree.logPartition(x), [2, -1])))(tf.tensor2d([u, v]));
    const marginals = tree.soft([u, v]);
    const expected = [...marginals[0]!.map((m) => (2 * m) / 0.5), ...marginals[1]!.map((m) => -m / 0.5)];
    expectClose(gradient.dataSync(), expected, { abs: 1e-5, rel: 1e-5 }, "gradient");
    const numeric = differences((moved) => tree.logPartition(moved), u);
    expectClose(
      numeric,
      marginals[0]!.map((m) => m / 0.5),
      { abs: 1e-8, rel: 1e-8 },
      "differences",
    );
  });

  test("straight_through: the hard sample with the gradient of the soft one", async () => {
    const tree = await layer(`${TREE} straight_through`, { device });
    const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tree.argmax(x), tf.tensor1d(weights))))(tf.tensor1d(u));
    expectClose(gradient.dataSync(), tree.vjp(u, weights), { abs: 1e-5, rel: 1e-5 }, "gradient");
    expect(new Set(tree.argmax(tf.tensor1d(u)).dataSync())).toEqual(new Set([0, 1]));
  });

  test("a gradient reads what the forward handed on: it ran the forward again", async () => {
    const subset = await layer("KSubset(6, 2) relax SoftSub at 0.5", { device });
    const runs = vi.spyOn(HostKernels.prototype, "fill");
    try {
      tf.grad((x: tf.Tensor) => tf.sum(tf.mul(subset.soft(x), tf.tensor1d(weights))))(tf.tensor1d(u));
      expect(runs.mock.calls.map(([kernel]) => kernel.outputs.map(({ name }) => name))).toEqual([["x", "a"], ["vjp"]]);
    } finally {
      runs.mockRestore();
    }
  });

  test("no tensor is left behind", async () => {
    const tree = await layer(TREE, { device });
    const input = tf.tensor2d([u, v]);
    const step = () =>
      tf.tidy(() => {
        tf.grad((x: tf.Tensor) => tf.add(tf.sum(tree.soft(x)), tf.sum(tree.logPartition(x))))(input);
        tree.vjp(input, input);
      });
    step();
    const { numTensors } = tf.memory();
    for (let i = 0; i < 1000; i++) step();
    expect(tf.memory().numTensors).toBe(numTensors);
    tree.soft(input).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

test("it trains: gradient ascent through soft samples finds the wanted tree", async () => {
  const tree = await layer(TREE, { device: "cpu" });
  const wanted = tf.tensor1d([1, 0, 0, 1, 0, 1]);
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(tree.soft(x), wanted)));
  let theta: tf.Tensor = tf.zeros([6]);
  for (let i = 0; i < 100; i++) theta = tf.add(theta, gradient(theta));
  expect([...tree.argmax(theta).dataSync()]).toEqual([1, 0, 0, 1, 0, 1]);
  expect(tf.sum(tf.mul(tree.soft(theta), wanted)).dataSync()[0]).toBeGreaterThan(2.9);
});

test("a tfjs of one's own is used, and no device started", async () => {
  await layer(TREE, { device: "cpu" });
  const calls: string[] = [];
  const own = {
    ...tf,
    customGrad: ((f: Parameters<typeof tf.customGrad>[0]) => {
      calls.push("customGrad");
      return tf.customGrad(f);
    }) as typeof tf.customGrad,
  };
  const tree = await layer(TREE, { tf: own });
  tf.grad((x: tf.Tensor) => tf.sum(tree.soft(x)))(tf.tensor1d(u));
  expect(calls).toEqual(["customGrad", "customGrad"]);
  expect(tf.getBackend()).toBe("cpu");
  expect((await failure(() => layer(TREE, { tf: own, device: "wasm" }))).message).toContain("not both");
});

test("structures of one's own come from a source", async () => {
  const source = `
structure Best(n) {
  embedding x: binary[n]
  argmax best
}
kernel best(n, u: f32[n]) -> x: f32[n] {
  let i = argmax(u)
  for j in 0..n { x[j] = if i == j then 1.0 else 0.0 }
}
`;
  const best = await layer("Best(3)", { source, device: "cpu" });
  expect(best.argmax([1, 3, 2])).toEqual([0, 1, 0]);
  expect(best.count).toBeUndefined();
});

describe("what goes wrong is said", () => {
  const complaint = async (text: string, work: (tree: Awaited<ReturnType<typeof layer>>) => unknown) => {
    const tree = await layer(text, { device: "cpu" });
    const problem = await failure(() => work(tree));
    expect(problem.name).toBe("UserError");
    return problem as UserError;
  };
  const SIZE = "an example of SpanningTree(complete(4)) has 6";

  test("numbers that are none name the example and position", async () => {
    const bad = [v, u.map((value, i) => (i === 3 ? Number.NaN : value))];
    const where = "the utilities of SpanningTree(complete(4)) hold NaN at example 1, position 3";
    expect((await complaint(TREE, (tree) => tree.soft(bad))).message).toBe(where);
    expect((await complaint(TREE, (tree) => tree.argmax(tf.tensor2d(bad)))).message).toBe(where);
    expect((await complaint(TREE, (tree) => tree.logPartition(Float64Array.from(bad.flat())))).message).toBe(where);
    const infinite = u.map((value, i) => (i === 5 ? Number.NEGATIVE_INFINITY : value));
    const { message } = await complaint(TREE, (tree) => tree.vjp([u], [infinite]));
    expect(message).toContain(
      "the cotangents of SpanningTree(complete(4)) hold a negative infinite value at example 0",
    );
    const loss = (tree: { soft(x: tf.Tensor): tf.Tensor }) => (x: tf.Tensor) =>
      tf.sum(tf.log(tf.sub(tree.soft(x), tree.soft(x))));
    expect((await complaint(TREE, (tree) => tf.grad(loss(tree))(tf.tensor1d(u)))).message).toContain("the cotangents");
    const typo = [[1, 2, 3, "4", 5, 6]] as unknown as number[][];
    expect((await complaint(TREE, (tree) => tree.soft(typo))).message).toContain('hold "4" at example 0, position 3');
  });

  test("sizes that do not fit", async () => {
    const of = (work: Parameters<typeof complaint>[1]) => complaint(TREE, work).then(({ message }) => message);
    expect(await of((tree) => tree.soft([1, 2]))).toContain(`example 0 of the utilities`);
    expect(await of((tree) => tree.soft([u, [1, 2]]))).toContain(`has 2 numbers, but ${SIZE}`);
    expect(await of((tree) => tree.soft(new Float32Array(7)))).toContain(`are 7 numbers, but ${SIZE}`);
    expect(await of((tree) => tree.soft(tf.zeros([6, 5])))).toContain(`have shape [6, 5], but ${SIZE} numbers`);
    expect(await of((tree) => tree.soft(tf.scalar(1)))).toContain("have shape []");
    expect(await of((tree) => tree.vjp([u, v], [u]))).toContain("a list of 2 lists, but the cotangents a list of 1");
    expect(await of((tree) => tree.vjp(tf.tensor1d(u), u))).toContain("but the cotangents an array of 6 numbers");
    expect(await of((tree) => tree.soft("u" as unknown as number[]))).toContain("neither a tensor, nor");
  });

  test("what a layer does not have", async () => {
    const bare = await complaint("KSubset(6, 2)", (subset) => subset.soft(u));
    expect(bare.message).toContain("has no relaxation, so that there is only its argmax");
    expect(bare.help).toBe("write KSubset(6, 2) relax ExpFamily at 0.5");
    const euclidean = "KSubset(6, 2) relax Euclidean at 1";
    expect((await complaint(euclidean, (subset) => subset.logPartition(u))).help).toContain("write relax ExpFamily");
    const hard = (tree: { argmax(x: tf.Tensor): tf.Tensor }) => tf.grad((x: tf.Tensor) => tf.sum(tree.argmax(x)));
    expect((await complaint(TREE, (tree) => hard(tree)(tf.tensor1d(u)))).help).toContain("straight_through");
    const twice = (tree: { soft(x: tf.Tensor): tf.Tensor }) =>
      tf.grad((x: tf.Tensor) => tf.sum(tf.grad((y: tf.Tensor) => tf.sum(tf.mul(tree.soft(y), tree.soft(y))))(x)));
    const second = await complaint(TREE, (tree) => twice(tree)(tf.tensor1d(u)));
    expect(second.message).toBe("SpanningTree(complete(4)) has no second derivatives");
    expect((await failure(() => layer(TREE, { device: "gpu" as "cpu" }))).message).toContain("no device called `gpu`");
  });

  test.each([
    ["SpanningTree(complete(4) relax ExpFamily at 0.5", "syntax", "expected ')'"],
    ["SpanningTree(complete(4)) relaxed ExpFamily at 0.5", "syntax", "expected relax, or the end of the text"],
    ["SpanningTree(complete(4)) relax ExpFamily", "syntax", "expected 'at' and a temperature"],
    ["SpanningTree(complete(4)) relax ExpFamily at 0.5 twice", "syntax", "expected the end of the text"],
    ["", "syntax", "expected"],
    ["SpaningTree(complete(4))", "unknown-name", "there is no structure SpaningTree"],
    ["KSubset(6, 7)", "requirement", "k must lie between 1 and n"],
    ["SpanningTree(graph(4, [[0, 1], [2, 3]]))", "requirement", "a spanning tree needs a connected graph"],
    ["SpanningTree(complete_directed(3))", "requirement", "for a directed one use Arborescence"],
    ["Arborescence(complete(3))", "requirement", "for an undirected one use SpanningTree"],
    ["Arborescence(complete_directed(3), root = 3)", "requirement", "the root of an arborescence must be a vertex"],
    ["Arborescence(digraph(3, [[0, 1], [2, 1]]))", "requirement", "not every vertex can be reached from the root"],
    ["ProjectiveArborescence(3, root = 3)", "requirement", "the root of a projective tree must be one of its tokens"],
    ["ProjectiveArborescence(3, root = 2, size = 2)", "requirement", "and more than the root"],
    ["KSubset(6, 2) relax ExpFamily at 0", "bad-temperature", "greater than 0, but this is 0"],
    ["KSubset(6, 2) relax ExpFamily at anneal(1.0 -> 0.1 over 10)", "bad-temperature", "a schedule is for training"],
    ["KSubset(6, 2) relax ExpFamily at 1 backward custom", "illegal-backward", "backward custom does not apply"],
    ["KSubset(6, 2) relax ExpFamily at 1 backward finite_difference(-1)", "bad-backward", "a number greater than 0"],
    ["KSubset(6, 2) imle", "bad-clause", "a structure on its own has no estimator imle"],
    ["KSubset(6, 2) score reinforce", "bad-clause", "a structure on its own has no score function"],
    ["KSubset(6, 2) relax Euclid at 1", "unknown-name", "there is no Euclid here"],
  ])("%s", async (text, code, message) => {
    const problem = await failure(() => layer(text, { device: "cpu" }));
    expect(problem).toBeInstanceOf(DiagnosticError);
    const [diagnostic] = (problem as DiagnosticError).diagnostics;
    expect([diagnostic!.code, diagnostic!.message]).toEqual([code, expect.stringContaining(message)]);
    expect(problem.message).toContain("^");
  });
});
