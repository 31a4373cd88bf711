/**
 * Matchings beyond what conformance lists: sizes at which a second algorithm is the oracle, ties, masks, utilities at
 * which plain sweeps would not converge, a fixed number of sweeps, and sizes at which marginals are refused.
 */
import { describe, expect, test } from "vitest";
import { DiagnosticError } from "../../compiler/failure.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import { layerOf, type Subject } from "./conform.ts";
import { dot } from "./enumeration.ts";

const matching = (n: number, relaxation?: string, t = 1, backward?: string, own = library) =>
  layerOf(
    { structure: `Matching(${n})`, members: [], inHull: () => true, library: own } satisfies Subject,
    relaxation,
    t,
    backward,
  );
const FILE = "structures/matching.sst";
/** The library with the solver of WebGPU devices for all targets. */
const byLanes = {
  ...library,
  files: new Map([
    ...library.files,
    [FILE, library.files.get(FILE)!.replace("  argmax matching  cost size ^ 3\n", "").replace(" on webgpu ", " ")],
  ]),
};
const matrix = (n: number, at: (i: number, j: number) => number) =>
  Array.from({ length: n * n }, (_, k) => at(Math.floor(k / n), k % n));

const NEVER = -1e30;
const next = random(7);
const gumbel = () => -Math.log(-Math.log(next()));
/** Utilities by kind, as functions of row and column; of products the shortest paths are the longest. */
const KINDS: Readonly<Record<string, (n: number) => (i: number, j: number) => number>> = {
  "random ones": () => gumbel,
  "small integers": () => () => Math.floor(4 * next()),
  "all equal": () => () => -3,
  "equal rows": () => (_, j) => (j * j) % 7,
  products: () => (i, j) => i * j,
  "far apart": () => () => 5000 * next(),
  "a mask with a way through": (n) => (i, j) => (j === (5 * i + 1) % n || next() < 0.2 ? gumbel() : NEVER),
  "a band": () => (i, j) => (Math.abs(i - j) < 2 ? gumbel() : NEVER),
};

/** The value of the best matching by dynamic programming over sets of columns. */
function best(u: readonly number[], n: number): number {
  const values = new Float64Array(2 ** n).fill(Number.NEGATIVE_INFINITY);
  values[0] = 0;
  for (let set = 0; set < 2 ** n; set++) {
    const row = set.toString(2).replaceAll("0", "").length;
    for (let j = 0; j < n; j++) {
      const larger = set | (1 << j);
      if (larger !== set) values[larger] = Math.max(values[larger]!, values[set]! + u[row * n + j]!);
    }
  }
  return values[2 ** n - 1]!;
}

function expectPermutation(x: readonly number[], n: number): void {
  const columns = Array.from({ length: n }, (_, i) => x.slice(i * n, (i + 1) * n).indexOf(1));
  expect([...columns].sort((a, b) => a - b)).toEqual(columns.map((_, i) => i));
  expect(x.filter((value) => value !== 0).length).toBe(n);
}

describe.each(Object.entries(KINDS))("%s", (_, kind) => {
  test.each([7, 12].flatMap((n) => [[n, "matching", library] as const, [n, "matching_by_lanes", byLanes] as const]))(
    "the best matching of %i by %s",
    (n, solver, own) => {
      const layer = matching(n, undefined, 1, undefined, own);
      expect(layer.decisions.map(({ chosen }) => chosen)).toEqual([solver]);
      for (let round = 0; round < 5; round++) {
        const u = matrix(n, kind(n));
        const x = layer.argmax(u);
        expectPermutation(x, n);
        expectClose([dot(u, x)], [best(u, n)], { abs: 1e-9, rel: 1e-12 }, "value");
      }
    },
  );

  test("Sinkhorn's solution has sums 1 and is the exponential of utilities less levels", () => {
    const n = 12;
    const u = matrix(n, kind(n));
    const x = matching(n, "CategoricalEntropy").soft(u);
    for (let i = 0; i < n; i++) {
      const row = x.slice(i * n, (i + 1) * n).reduce((a, b) => a + b);
      const column = Array.from({ length: n }, (_, j) => x[j * n + i]!).reduce((a, b) => a + b);
      expectClose([row, column], [1, 1], { abs: 1e-9, rel: 0 }, `sums ${i}`);
    }
    // Levels cancel around two rows and two columns.
    const corners = (v: readonly number[], i: number, j: number, k: number, l: number) =>
      v[i * n + j]! + v[k * n + l]! - v[i * n + l]! - v[k * n + j]!;
    const logs = x.map((value) => Math.log(Math.max(value, 1e-300)));
    for (let round = 0; round < 200; round++) {
      const [i, j, k, l] = [next(), next(), next(), next()].map((v) => Math.floor(n * v)) as [
        number,
        number,
        number,
        number,
      ];
      if ([i * n + j, k * n + l, i * n + l, k * n + j].some((at) => x[at]! < 1e-250)) continue;
      expectClose([corners(logs, i, j, k, l)], [corners(u, i, j, k, l)], { abs: 1e-9, rel: 1e-9 }, "levels");
    }
  });
});

test.each([
  ["matching", library],
  ["matching_by_lanes", byLanes],
] as const)(
  "of 300 by %s: the transposed one of transposed utilities, and the same where levels are added",
  (_, own) => {
    const n = 300;
    const u = matrix(n, gumbel);
    const layer = matching(n, undefined, 1, undefined, own);
    const x = layer.argmax(u);
    expectPermutation(x, n);
    const transposed = layer.argmax(matrix(n, (i, j) => u[j * n + i]!));
    expect(matrix(n, (i, j) => transposed[j * n + i]!)).toEqual(x);
    expect(layer.argmax(matrix(n, (i, j) => u[i * n + j]! + 10 * Math.sin(i) - 20 * Math.cos(j)))).toEqual(x);
  },
);

describe("in large networks, whose levels are found by iteration", () => {
  // At the second temperature too slowly, and then directly.
  test.each([1, 0.05])("the backward is that of differences, and the sums are 1, at t = %f", (t) => {
    const n = 80;
    const layer = matching(n, "CategoricalEntropy", t);
    const [u, cotangent, direction] = [matrix(n, gumbel), matrix(n, gumbel), matrix(n, gumbel)];
    const x = layer.soft(u);
    const columns = Array.from({ length: n }, (_, j) =>
      dot(
        x,
        matrix(n, (_i, k) => (k === j ? 1 : 0)),
      ),
    );
    expectClose(columns, Array(n).fill(1), { abs: 1e-10, rel: 0 }, "sums");
    const moved = (by: number) => layer.soft(u.map((value, i) => value + by * direction[i]!));
    const step = 1e-5 * t;
    const slope = (dot(cotangent, moved(step)) - dot(cotangent, moved(-step))) / (2 * step);
    expectClose([dot(layer.vjp(u, cotangent), direction)], [slope], { abs: 1e-5, rel: 1e-5 }, "derivative");
  });
});

describe("fewer rows and columns than n", () => {
  const [n, size] = [5, 3];
  const u = matrix(n, gumbel);
  const part = matrix(size, (i, j) => u[i * n + j]!);
  const inside = (x: readonly number[]) => matrix(n, (i, j) => (i < size && j < size ? x[i * size + j]! : 0));
  const sized = (relaxation?: string, backward?: string) =>
    layerOf(
      { structure: `Matching(${n}, ${size})`, members: [], inHull: () => true, library },
      relaxation,
      0.7,
      backward,
    );
  test("the best matching, and how many there are", () => {
    expect(sized().argmax(u)).toEqual(inside(matching(size).argmax(part)));
    expect(sized().count).toBe(6);
  });
  test.each(["CategoricalEntropy", "CategoricalEntropy(sweeps = 3)", "ExpFamily"])("%s", (relaxation) => {
    const small = matching(size, relaxation, 0.7);
    expect(sized(relaxation).soft(u)).toEqual(inside(small.soft(part)));
    const cotangent = matrix(n, (i, j) => Math.sin(3 * i + j));
    const vjp = small.vjp(
      part,
      matrix(size, (i, j) => cotangent[i * n + j]!),
    );
    expectClose(sized(relaxation).vjp(u, cotangent), inside(vjp), { abs: 1e-15, rel: 1e-12 }, "vjp");
  });
});

describe("a fixed number of sweeps", () => {
  test.each([
    ["near", 3],
    ["as far as logarithms are needed", 900],
  ])("has the derivatives of differences: utilities %s", (_, range) => {
    const n = 4;
    const u = matrix(n, () => range * (next() - 0.5));
    const cotangent = matrix(n, () => next() - 0.5);
    for (const sweeps of [1, 2, 7]) {
      const layer = matching(n, `CategoricalEntropy(sweeps = ${sweeps})`, 1);
      const value = (k: number, by: number) => dot(cotangent, layer.soft(u.map((v, i) => (i === k ? v + by : v))));
      const exact = u.map((_, k) => (value(k, 1e-5) - value(k, -1e-5)) / 2e-5);
      expectClose(layer.vjp(u, cotangent), exact, { abs: 1e-8, rel: 1e-6 }, `${sweeps} sweeps`);
    }
  });

  test("tends to the solution", () => {
    const u = matrix(5, gumbel);
    const x = matching(5, "CategoricalEntropy(sweeps = 200)").soft(u);
    expectClose(x, matching(5, "CategoricalEntropy").soft(u), { abs: 1e-12, rel: 1e-12 }, "x");
  });

  test("is the forward run backwards", () => {
    const u = matrix(4, gumbel);
    const cotangent = matrix(4, gumbel);
    const relaxation = "CategoricalEntropy(sweeps = 6)";
    const reversed = matching(4, relaxation, 0.7, "autodiff").vjp(u, cotangent);
    expectClose(matching(4, relaxation, 0.7).vjp(u, cotangent), reversed, { abs: 1e-13, rel: 1e-12 }, "vjp");
  });

  test("only its unrolled derivative is a backward of it", () => {
    expect(() => matching(3, "CategoricalEntropy(sweeps = 5)", 1, "dual")).toThrow(DiagnosticError);
  });
});

function messageOf(make: () => unknown): string {
  try {
    make();
  } catch (problem) {
    if (problem instanceof DiagnosticError) {
      const { message, why, help } = problem.diagnostics[0]!;
      return [message, why, help].join(" | ");
    }
  }
  return "";
}

test("what there is not is told with what there is", () => {
  const permanent = messageOf(() => matching(11, "ExpFamily"));
  expect(permanent).toContain("ExpFamily is refused for Matching(11");
  expect(permanent).toContain("#P-hard");
  expect(permanent).toContain("CategoricalEntropy");
  expect(permanent).not.toMatch(/it has .*ExpFamily/);
  expect(matching(10, "ExpFamily").count).toBe(3628800);
  const option = messageOf(() => matching(4, "CategoricalEntropy(steps = 5)"));
  expect(option).toContain("has no option steps | ");
  expect(option).toContain("it has sweeps");
  expect(messageOf(() => matching(4, "CategoricalEntropy(sweeps = 0)"))).toContain(
    "sweeps is a number from 1 to 10000",
  );
});
