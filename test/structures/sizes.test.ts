/**
 * Sizes of examples: a structure of size s among n is the structure made for s, and what does not take part is 0,
 * whatever its utilities, in every relaxation and backward of every structure that has sizes.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { compileKBest, compileLayer } from "../../compiler/layer.ts";
import { StructureLayer } from "../../runtime/layer.ts";
import { layer as open } from "../../sstc.ts";
import { library } from "../../stdlib/library.ts";
import { run } from "../cli/harness.ts";
import { compiled, interpreted } from "../distributions/models.ts";
import { expectClose } from "../golden.ts";
import { withModel } from "../runtime/compiled.ts";
import { failure } from "../runtime/failure.ts";
import { random } from "../tensor/harness.ts";
import { libraryStructures, relaxationsOf, structureOf } from "./declared.ts";
import { corner, first, PADDED, type Padded } from "./padded.ts";

type Vector = readonly number[];

test("every structure of the library that has a size is here", () => {
  const sized = libraryStructures().filter(({ parameters }) => parameters.some(({ name }) => name.name === "size"));
  expect(Object.keys(PADDED).sort()).toEqual(sized.map(({ name }) => name.name).sort());
});

function layer(structure: string, relaxation: string, backward?: string): StructureLayer {
  return new StructureLayer(compileLayer({ structure, relaxation, temperature: "0.7", backward }, library));
}

/** Numbers for a whole example; those that do not take part are huge, or anything. */
function numbers(seed: number, size: number, places: readonly number[], range: number): number[] {
  const next = random(seed);
  const waste = [1e30, -1e30, 0, 700, -1e4];
  const taking = new Set(places);
  return Array.from({ length: size }, (_, i) => (taking.has(i) ? range * (next() - 0.5) : waste[i % waste.length]!));
}

function legal(structure: string, relaxation: string, backward: string): boolean {
  try {
    layer(structure, relaxation, backward);
    return true;
  } catch {
    return false;
  }
}

const withSize = (structure: string, size: number | string) => structure.replace(/\)$/, `, size = ${size})`);

describe.each(Object.values(PADDED).flat())("$largest", ({ largest, smaller, sizes, places }) => {
  const logPartition = structureOf(largest).logPartition !== undefined;
  const cases = [...new Set(relaxationsOf(largest))].flatMap((relaxation) => {
    const { decisions } = layer(largest, relaxation);
    const { chosen, rejected } = decisions.find(({ pass }) => pass === "backward")!;
    const others = rejected.map(({ option }) => option).filter((option) => legal(largest, relaxation, option));
    return [chosen, ...others].map((backward) => [relaxation, backward] as const);
  });
  test.each(cases)("%s with backward %s: padded is unpadded", (relaxation, backward) => {
    const bySize = layer(withSize(largest, "length"), relaxation, backward);
    for (const range of [3, 60, 5000]) {
      const rows = sizes.map((size, i) => numbers(i + range, bySize.size, places(size), range));
      const cotangents = sizes.map((size, i) => numbers(100 + i, bySize.size, places(size), 1));
      const size = [...sizes];
      const found = {
        argmax: bySize.argmax(rows, { size }),
        soft: bySize.soft(rows, { size }),
        vjp: bySize.vjp(rows, cotangents, { size }),
      };
      sizes.forEach((n, i) => {
        const own = places(n);
        const pick = (row: Vector) => own.map((place) => row[place]!);
        const spread = (values: Vector) => {
          const row = new Array<number>(bySize.size).fill(0);
          own.forEach((place, j) => {
            row[place] = values[j]!;
          });
          return row;
        };
        const alone = layer(smaller(n), relaxation, backward);
        const constant = layer(withSize(largest, n), relaxation, backward);
        const [u, c] = [rows[i]!, cotangents[i]!];
        const same = (got: Vector, wanted: Vector, what: string) =>
          expectClose(got, wanted, { abs: 1e-12, rel: 1e-10 }, `${what} of size ${n} within ${range}`);
        same(found.argmax[i]!, spread(alone.argmax(pick(u))), "argmax");
        same(found.soft[i]!, spread(alone.soft(pick(u))), "soft");
        // Steps of finite differences are shared with all numbers of the cotangent, those that take no part included.
        if (!backward.startsWith("finite")) same(found.vjp[i]!, spread(alone.vjp(pick(u), pick(c))), "vjp");
        same(constant.argmax(u), found.argmax[i]!, "argmax of a constant size");
        same(constant.soft(u), found.soft[i]!, "soft of a constant size");
        // Differences of kernels that round otherwise.
        const close = backward.startsWith("finite") ? { abs: 1e-8, rel: 1e-8 } : { abs: 1e-12, rel: 1e-10 };
        expectClose(constant.vjp(u, c), found.vjp[i]!, close, `vjp of a constant size ${n} within ${range}`);
        if (relaxation === "ExpFamily" && logPartition) {
          same([bySize.logPartition(u, { size: n })], [alone.logPartition(pick(u))], "log-partition");
          if (constant.count !== undefined) expect(constant.count, "count").toBe(alone.count);
        }
      });
    }
  });
});

describe.each(Object.values(PADDED).flat())("questions about $largest", ({ largest, smaller, sizes, places }) => {
  const { logPartition, samplers, kBest } = structureOf(largest);
  test.runIf(logPartition !== undefined)("are answered as of what takes part alone", () => {
    const bySize = layer(withSize(largest, "length"), "ExpFamily");
    for (const n of sizes) {
      const own = places(n);
      const pick = (row: Vector) => own.map((place) => row[place]!);
      const alone = layer(smaller(n), "ExpFamily");
      const u = numbers(n, bySize.size, own, 4);
      const x = bySize.argmax(u, { size: n });
      const same = (got: number, wanted: number) =>
        expectClose([got], [wanted], { abs: 1e-10, rel: 1e-10 }, `size ${n}`);
      same(bySize.entropy(u, { size: n }), alone.entropy(pick(u)));
      same(bySize.logProb(u, x, { size: n }), alone.logProb(pick(u), pick(x)));
    }
  });
  test.runIf(samplers.length > 0)("draw members of what takes part", () => {
    const bySize = layer(withSize(largest, "length"), "ExpFamily");
    for (const n of sizes) {
      const own = new Set(places(n));
      const u = numbers(n, bySize.size, [...own], 4);
      const drawn = bySize.sample(u, { draws: 200, size: n });
      expect(drawn.flat().every((value, i) => value === 0 || own.has(i % bySize.size))).toBe(true);
      const { length } = drawn;
      const mean = drawn[0]!.map((_, i) => drawn.reduce((sum, row) => sum + row[i]!, 0) / length);
      // Five standard deviations of a mean of so many zeros and ones, at most.
      expectClose(mean, bySize.marginals(u, { size: n }), { abs: 2.5 / Math.sqrt(length), rel: 0 }, `size ${n}`);
    }
  });
  test.runIf(kBest.length > 0)("list members of what takes part", () => {
    const lists = (structure: string) => {
      const request = { structure };
      const compileMany = (count: number) => compileKBest(request, count, library);
      return new StructureLayer(compileLayer(request, library), { compileKBest: compileMany });
    };
    const bySize = lists(withSize(largest, "length"));
    for (const n of sizes) {
      const u = numbers(n, bySize.size, places(n), 4);
      const found = bySize.kBest(u, 6, { size: n });
      const alone = lists(smaller(n)).kBest(
        places(n).map((place) => u[place]!),
        6,
      );
      expect(found.found).toBe(alone.found);
      expect(found.members.map((row) => places(n).map((place) => row[place]!))).toEqual(alone.members);
      expectClose(found.values, alone.values, { abs: 1e-10, rel: 1e-10 }, `size ${n}`);
    }
  });
});

test.each([
  [{ size: 0 }, "the size of OneHot(6, size = length) is 0 in example 0: it must lie between 1 and 6"],
  [{ size: [3, 7] }, "the size of OneHot(6, size = length) is 7 in example 1: it must lie between 1 and 6"],
  [{ size: [3, 2.5] }, "the size of OneHot(6, size = length) is 2.5 in example 1: it must be a whole number"],
  [{ size: [3, 2, 1] }, "3 sizes are given for 2 examples of OneHot(6, size = length)"],
  [{}, "the examples of OneHot(6, size = length) have sizes, and none are given"],
])("sizes %o are refused", async (examples, message) => {
  const choice = layer("OneHot(6, size = length)", "ExpFamily");
  const rows = [1, 2].map((seed) => numbers(seed, 6, first(6), 1));
  expect((await failure(() => choice.soft(rows, examples))).message).toBe(message);
});

test("sizes are refused where there are none", async () => {
  const rows = [numbers(1, 6, first(6), 1)];
  const { message } = await failure(() => layer("OneHot(6)", "ExpFamily").soft(rows, { size: 3 }));
  expect(message).toBe("the examples of OneHot(6) have no sizes of their own");
});

/** log(1 + Σ exp …) is not needed: with one copy per size the soft sample is a softmax over the first of them. */
const softmax = (u: Vector, size: number) => {
  const weights = u.map((value, i) => (i < size ? Math.exp(value) : 0));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
};

const MODEL = `
model Sized(n = 4) {
  data length: i32
  data x: f32[n]
  param theta: f32[n] ~ zeros
  latent z: OneHot(n, size = length) ~ Gumbel(theta) relax ExpFamily at 1
  prior z ~ Gumbel(0)
  minimize sum(z * x) + kl
}`;
const THETA = [0.5, -0.3, 0.8, 0.2];
const X = [1, 2, 3, 4];
const V = [0.3, 0.6, 0.5, 0.9];

test.each([1, 2, 3, 4])("a model reads the size %i of an example: soft samples, gradients and divergences", (size) => {
  const environment = {
    batch: 1,
    parameters: { theta: THETA },
    inputs: { length: [size], x: X },
    noise: { z: V },
  };
  const value = (theta: Vector) => {
    const u = theta.map((location, i) => location - Math.log(-Math.log(V[i]!)));
    const z = softmax(u, size);
    const kl = theta.slice(0, size).reduce((sum, t) => sum + t + Math.exp(-t) - 1, 0);
    return z.reduce((sum, weight, i) => sum + weight * X[i]!, kl);
  };
  const outputs = interpreted(MODEL, "train", environment);
  expectClose(outputs.loss!, [value(THETA)], { abs: 1e-9, rel: 1e-9 }, "loss");
  const step = 1e-5;
  const slopes = THETA.map((_, i) => {
    const moved = (by: number) => value(THETA.map((t, j) => (i === j ? t + by : t)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
  expectClose(outputs["gradient:theta"]!, slopes, { abs: 1e-8, rel: 1e-7 }, "gradient");
  expect(outputs["gradient:theta"]!.slice(size).every((slope) => slope === 0)).toBe(true);
});

test("sizes of examples on a device: each its own, copies too, and what cannot be is told of the example", async () => {
  const text = `
model Copies(n = 3) {
  data length: i32[2]
  data all: i32
  param theta: f32[2, n] ~ zeros
  latent z[2]: Subset(n, size = length) ~ Fixed(theta) relax ExpFamily at 1
  latent y[2]: OneHot(n, all) ~ Gumbel(theta) relax Euclidean at 1 straight_through
  prior y ~ Gumbel(0)
  minimize sum(z) + sum(y) + kl
}`;
  await withModel(text, async (model) => {
    const inputs = { length: Int32Array.of(1, 2, 3, 1), all: Int32Array.of(1, 3) };
    const { z, y } = await model.sample(inputs, { soft: true });
    expect([...z!.data]).toEqual([0.5, 0, 0, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0.5, 0, 0]);
    expect([...y!.data.slice(0, 6)]).toEqual([1, 0, 0, 1, 0, 0]);
    await model.step(inputs);
    const wrong = { ...inputs, length: Int32Array.of(1, 2, 3, 4) };
    const { message, why } = await failure(() => model.sample(wrong, { soft: true }));
    expect(message).toBe("the size of z is 4 in example 1: it must lie between 1 and 3");
    expect(why).toContain("is checked for each example");
  });
});

const U = [1, 2, 3, 4];

test("`sstc eval` reads sizes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sstc-sizes-"));
  const evaluate = (input: unknown) => {
    const path = join(folder, "input.json");
    writeFileSync(path, JSON.stringify(input));
    return run("eval", "OneHot(4, size = length)", "--relax", "ExpFamily", "--at", "1", "--input", path);
  };
  const { stdout } = await evaluate({ u: [U, U], cotangent: [U, U], size: [2, 4] });
  const result = JSON.parse(stdout) as { soft: number[][]; vjp: number[][] };
  expectClose(result.soft.flat(), [...softmax(U, 2), ...softmax(U, 4)], { abs: 1e-12, rel: 0 }, "soft");
  expect(result.vjp[0]!.slice(2)).toEqual([0, 0]);
  const without = await evaluate({ u: [U] });
  expect([without.status, without.stderr]).toEqual([1, expect.stringContaining('the input has no "size"')]);
  const wrong = await evaluate({ u: [U], size: [9] });
  expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining("it must lie between 1 and 4")]);
  rmSync(folder, { recursive: true });
});

test("layers take sizes as tensors, with utilities as tensors", async () => {
  const choice = await open("OneHot(4, size = length) relax ExpFamily at 1", { device: "cpu" });
  const u = tf.tensor([U, U]);
  const size = tf.tensor([2, 4], [2], "int32");
  const soft = choice.soft(u, { size });
  expectClose([...soft.dataSync()], [...softmax(U, 2), ...softmax(U, 4)], { abs: 1e-6, rel: 0 }, "soft");
  const gradient = choice.vjp(u, u, { size }).dataSync();
  expect([...gradient.slice(2, 4)]).toEqual([0, 0]);
});

/** What models ask of a structure, with utilities that need not be those of a latent. */
const QUESTIONS = ["log_partition", "entropy", "marginals", "argmax", "k_best", "log_prob", "sample"];

test.each(["OneHot", "Subset"])("questions about %s: padded is unpadded", (name) => {
  const ask = (structure: string, n: number) => `
model Questions(n = ${n}) {
  data length: i32
  param u: f32[n] ~ zeros
  metric log_partition = log_partition(${structure}, u, at = 0.7)
  metric entropy = entropy(${structure}, u)
  metric log_prob = log_prob(${structure}, u, argmax(${structure}, u))
  metric marginals = sum(marginals(${structure}, u) * u)
  metric argmax = sum(argmax(${structure}, u) * u)
  metric k_best = sum(k_best(${structure}, u, 3)[1] * u) + sum(k_best(${structure}, u, 9))
  metric sample = sum(sample(${structure}, u) * u)
  minimize log_partition(${structure}, u) + entropy(${structure}, u) + 2 * log_prob(${structure}, u, argmax(${structure}, u))
}`;
  const u = [0.3, -1.2, 0.8, 2, 0.1];
  const noise = { 1: 0.7, 2: 0.2, 3: 0.6, 4: 0.9, 5: 0.4 };
  for (const size of [1, 2, 4, 5]) {
    const outputs = [ask(`${name}(n, size = length)`, 5), ask(`${name}(n)`, size)].map((text, i) => {
      const own = i === 0 ? u : u.slice(0, size);
      const entries = compiled(text).artifact.entries.flatMap((entry) => entry.noise);
      const drawn = Object.fromEntries(
        entries.map(({ name, shape }) => [
          name,
          Object.values(noise).slice(
            0,
            shape.reduce((a, b) => a * b, 1),
          ),
        ]),
      );
      const environment = { batch: 1, inputs: { length: [size] }, parameters: { u: own }, noise: drawn };
      return { ...interpreted(text, "evaluate", environment), ...interpreted(text, "train", environment) };
    });
    const [padded, alone] = outputs as [Record<string, number[]>, Record<string, number[]>];
    for (const question of QUESTIONS) {
      expectClose(
        padded[`metric:${question}`]!,
        alone[`metric:${question}`]!,
        { abs: 1e-12, rel: 1e-10 },
        `${question} of size ${size}`,
      );
    }
    const [slopes, own] = [padded["gradient:u"]!, alone["gradient:u"]!];
    expectClose(slopes, [...own, 0, 0, 0, 0].slice(0, 5), { abs: 1e-12, rel: 1e-10 }, `gradient of size ${size}`);
  }
});

/** Relaxations with an input of their own, and where the input of a smaller size lies in that of the largest. */
const OWN_INPUT: readonly (Padded & { readonly relaxation: string; readonly inputs: Padded["places"] })[] = [
  {
    relaxation: "L2X",
    largest: "KSubset(5, 2)",
    smaller: (n) => `KSubset(${n}, 2)`,
    sizes: [2, 4, 5],
    places: first,
    inputs: (size) => [0, 1].flatMap((row) => first(size).map((i) => 5 * row + i)),
  },
  {
    relaxation: "NeuralSort",
    largest: "Matching(4)",
    smaller: (n) => `Matching(${n})`,
    sizes: [1, 3, 4],
    places: corner(4),
    inputs: first,
  },
];

test.each(OWN_INPUT)("$relaxation on $largest: padded is unpadded", (each) => {
  const { relaxation, largest, smaller, sizes, places, inputs } = each;
  const bySize = layer(withSize(largest, "length"), relaxation);
  for (const n of sizes) {
    const alone = layer(smaller(n), relaxation);
    const u = numbers(n, bySize.inputSize, inputs(n), 3);
    const cotangent = numbers(10 + n, bySize.size, places(n), 1);
    const pick = (row: Vector, at: readonly number[]) => at.map((place) => row[place]!);
    const given = pick(u, inputs(n));
    const same = (found: Vector, at: readonly number[], wanted: Vector, what: string) => {
      expectClose(pick(found, at), wanted, { abs: 1e-12, rel: 1e-10 }, `${what} of size ${n}`);
      expect(found.filter((value, place) => !at.includes(place) && value !== 0)).toEqual([]);
    };
    same(bySize.argmax(u, { size: n }), places(n), alone.argmax(given), "argmax");
    same(bySize.soft(u, { size: n }), places(n), alone.soft(given), "soft");
    same(bySize.vjp(u, cotangent, { size: n }), inputs(n), alone.vjp(given, pick(cotangent, places(n))), "vjp");
  }
});
