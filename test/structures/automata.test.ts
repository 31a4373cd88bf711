/**
 * Structures by automata of users' own, of every form that the compiler tells apart, against their members listed by
 * definition; and long rows, where sums would leave the range of numbers, against sums of logarithms.
 */
import { describe, expect, test } from "vitest";
import { compileLayer } from "../../compiler/layer.ts";
import { library } from "../../stdlib/library.ts";
import { expectClose } from "../golden.ts";
import { random } from "../tensor/harness.ts";
import {
  checkArgmax,
  checkBackward,
  checkBatch,
  checkLogPartition,
  checkMembers,
  checkPrintings,
  checkSoft,
  layerOf,
} from "./conform.ts";
import { checkEntropy, checkKBest, checkSamples } from "./conform-questions.ts";
import { inBox, kSubsets, subsets, total, type Vector } from "./enumeration.ts";

interface Automaton {
  readonly says: string;
  readonly structure: string;
  readonly embedding: string;
  readonly automaton: string;
  readonly members: readonly Vector[];
  /** Loops over arrays, or lists of moves where there are none. */
  readonly kernels: "loops" | "lists";
}

/** Rows of two colours, none or one at each place: the first colour's places, then the second's. */
const coloured = (n: number, first: number, second: number): Vector[] =>
  subsets(2 * n).filter((x) => {
    const [a, b] = [x.slice(0, n), x.slice(n)];
    return total(a) === first && total(b) === second && a.every((value, i) => value + b[i]! <= 1);
  });

/** Sums of the steps so far, +1 for the first colour and −1 for the second. */
const heights = (n: number, x: Vector): number[] =>
  x.slice(0, n).map((_, i) => total(x.slice(0, i + 1)) - total(x.slice(n, n + i + 1)));

/** All sequences of n of the numbers below `values`. */
const sequences = (n: number, values: number): number[][] =>
  Array.from({ length: values ** n }, (_, code) =>
    Array.from({ length: n }, (_, i) => Math.floor(code / values ** i) % values),
  );

const AUTOMATA: readonly Automaton[] = [
  {
    says: "counting",
    structure: "Mine(6, 3)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..n {
      state (count: 0..k) from (0) to (k)
      (c) -> (c)
      (c) -> (c + 1)  emits x[i]
    }`,
    members: kSubsets(6, 3),
    kernels: "loops",
  },
  {
    says: "two counts, of which the smaller is written out; they do not begin at 0, nor do positions",
    structure: "Mine(4, 2)",
    embedding: "x: binary[n], y: binary[n]",
    automaton: `over i in 3..n + 3 {
      state (a: 5..7, b: 2..3) from (5, 2) to (5 + k, 3)
      (a, b) -> (a, b)
      (a, b) -> (a + 1, b)  emits x[i - 3]
      (a, b) -> (a, b + 1)  emits y[i - 3]
    }`,
    members: coloured(4, 2, 1),
    kernels: "loops",
  },
  {
    says: "two counts that are both long",
    structure: "Mine(4, 2)",
    embedding: "x: binary[n], y: binary[n]",
    automaton: `over i in 0..n {
      state (a: 0..9, b: 0..9) from (0, 0) to (k, 1)
      (a, b) -> (a, b)
      (a, b) -> (a + 1, b)  emits x[i]
      (a, b) -> (a, b + 1)  emits y[i]
    }`,
    members: coloured(4, 2, 1),
    kernels: "lists",
  },
  {
    says: "elements in an order of their own",
    structure: "Mine(7, 4)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..k {
      state (some: bool) from (false) to (true)
      (s) -> (s)
      (s) -> (true)  emits x[(i ^ 2) % n]
    }`,
    members: subsets(7).filter((x) => total(x) > 0 && [3, 5, 6].every((i) => x[i] === 0)),
    kernels: "lists",
  },
  {
    says: "several first states",
    structure: "Mine(3, 1)",
    embedding: "move: binary[n, k + 1, k + 1]",
    automaton: `over i in 0..n {
      state (at: 0..k) from (_) to (_)
      (a) -> (b)  emits move[i, a, b]
    }`,
    members: sequences(4, 2).map((path) =>
      Array.from({ length: 12 }, (_, place) => {
        const [i, a, b] = [place >> 2, (place >> 1) & 1, place & 1];
        return path[i] === a && path[i + 1] === b ? 1 : 0;
      }),
    ),
    kernels: "lists",
  },
  {
    says: "moves that are not always there",
    structure: "Mine(6, 3)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..n {
      state (count: 0..k) from (0) to (_)
      (c) -> (c)
      (c) -> (c + 1)  when c < 1 or i > 3  emits x[i]
    }`,
    members: subsets(6).filter((x) => total(x) <= 3 && total(x.slice(0, 4)) <= 1),
    kernels: "loops",
  },
  {
    says: "steps up and down that end where they began",
    structure: "Mine(4, 2)",
    embedding: "up: binary[n], down: binary[n]",
    automaton: `over i in 0..n {
      state (height: 0..k) from (0) to (0)
      (h) -> (h)
      (h) -> (h + 1)  emits up[i]
      (h) -> (h - 1)  emits down[i]
    }`,
    members: [0, 1, 2].flatMap((m) => coloured(4, m, m)).filter((x) => heights(4, x).every((h) => h >= 0 && h <= 2)),
    kernels: "loops",
  },
  {
    says: "steps of one and of two",
    structure: "Mine(5, 4)",
    embedding: "one: binary[n], two: binary[n]",
    automaton: `over i in 0..n {
      state (sum: 0..k) from (0) to (k)
      (s) -> (s)
      (s) -> (s + 1)  emits one[i]
      (s) -> (s + 2)  emits two[i]
    }`,
    members: [0, 1, 2].flatMap((twos) => coloured(5, 4 - 2 * twos, twos)),
    kernels: "loops",
  },
  {
    says: "returns to one state from all others",
    structure: "Mine(5, 2)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..n {
      state (run: 0..k) from (0) to (_)
      (r) -> (0)
      (r) -> (r + 1)  emits x[i]
    }`,
    members: subsets(5).filter((x) => !x.some((_, i) => i >= 2 && x[i]! + x[i - 1]! + x[i - 2]! === 3)),
    kernels: "loops",
  },
  {
    says: "only truths, and a calculation of the next one",
    structure: "Mine(5, 1)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..n {
      state (odd: bool) from (false) to (true)
      (p) -> (p)
      (p) -> (not p)  emits x[i]
    }`,
    members: subsets(5).filter((x) => total(x) % 2 === 1),
    kernels: "loops",
  },
  {
    says: "functions and choices in a move",
    structure: "Mine(5, 3)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..n {
      state (count: 0..k) from (0) to (k)
      (c) -> (c)
      (c) -> (min(c + 1, if i >= 0 then k else 0))  emits x[n - 1 - i]
    }`,
    members: subsets(5).filter((x) => total(x) >= 3),
    kernels: "lists",
  },
];

describe.each(AUTOMATA)("$says", ({ structure, embedding, automaton, members, kernels }) => {
  const text = `structure Mine(n, k) {\n  embedding ${embedding}\n  automaton ${automaton}\n}\n`;
  const subject = { structure, members, inHull: inBox, library, source: { name: "mine.sst", text } };
  test(`as ${kernels}`, () => {
    const { soft } = compileLayer({ structure, relaxation: "ExpFamily", source: subject.source }, library);
    expect(soft!.text.includes("Int32Array([") ? "lists" : "loops").toBe(kernels);
  });
  test("members and their number", () => checkMembers(subject));
  test("argmax", () => checkArgmax(subject));
  test("log-partition", () => checkLogPartition(subject));
  test("entropy", () => checkEntropy(subject));
  test("samples", () => checkSamples(subject));
  test("best members", () => checkKBest(subject));
  test("marginals", () => checkSoft(subject, "ExpFamily"));
  test("backward", () => checkBackward(subject, "ExpFamily", "dual"));
  test("batches", () => checkBatch(subject, "ExpFamily"));
  test("printed as WebAssembly", () => checkPrintings(subject, "ExpFamily"));
});

const NOTHING = -1e300;
function logAdd(a: number, b: number): number {
  const top = Math.max(a, b);
  return top <= NOTHING ? NOTHING : top + Math.log(Math.exp(a - top) + Math.exp(b - top));
}

/** log Z and marginals of k-subsets in a row whose neighbours have utilities, by sums of logarithms both ways. */
function byLogarithms(n: number, k: number, u: Vector, pair: Vector) {
  const table = () => Array.from({ length: n + 1 }, () => Array.from({ length: 2 * (k + 2) }, () => NOTHING));
  const [before, after] = [table(), table()];
  const at = (count: number, last: number) => 2 * count + last;
  before[0]![at(0, 0)] = 0;
  for (const last of [0, 1]) after[n]![at(k, last)] = 0;
  const gain = (i: number, last: number) => u[i]! + (last === 1 ? pair[i - 1]! : 0);
  const each = (i: number, visit: (from: number, to: number, last: number, chosen: boolean) => void) => {
    for (let count = 0; count <= k; count++) {
      for (const last of i === 0 ? [0] : [0, 1]) {
        visit(at(count, last), at(count, 0), last, false);
        if (count < k) visit(at(count, last), at(count + 1, 1), last, true);
      }
    }
  };
  for (let i = 0; i < n; i++) {
    each(i, (from, to, last, chosen) => {
      const next = before[i + 1]!;
      next[to] = logAdd(next[to]!, before[i]![from]! + (chosen ? gain(i, last) : 0));
    });
  }
  for (let i = n - 1; i >= 0; i--) {
    each(i, (from, to, last, chosen) => {
      const row = after[i]!;
      row[from] = logAdd(row[from]!, after[i + 1]![to]! + (chosen ? gain(i, last) : 0));
    });
  }
  const logPartition = after[0]![at(0, 0)]!;
  const marginals = new Array<number>(2 * n - 1).fill(0);
  for (let i = 0; i < n; i++) {
    each(i, (from, to, last, chosen) => {
      if (!chosen) return;
      const p = Math.exp(Math.min(0, before[i]![from]! + gain(i, last) + after[i + 1]![to]! - logPartition));
      marginals[i]! += p;
      if (last === 1) marginals[n + i - 1]! += p;
    });
  }
  return { logPartition, marginals };
}

const N = 60;
const LONG = [1, 5, 30, 59].flatMap((k) => [1, 10, 40, 120, 1000].map((range) => [k, range] as const));

describe.each(LONG)("of 60 in a row %i, utilities within %i", (k, range) => {
  const next = random(k * range);
  const draw = (length: number) => Array.from({ length }, () => range * (next() - 0.4));
  const [u, pair] = [draw(N), draw(N - 1)];
  const cotangent = Array.from({ length: 2 * N - 1 }, () => next() - 0.5);
  const check = (structure: string, size: number, marginalsOf: (x: Vector) => Vector, logPartition: number) => {
    const layer = layerOf({ structure, members: [], inHull: inBox, library }, "ExpFamily");
    const given = [...u, ...pair].slice(0, size);
    const along = cotangent.slice(0, size);
    expectClose(layer.soft(given), marginalsOf(given), { abs: 1e-9, rel: 1e-9 }, "marginals");
    expectClose([layer.logPartition(given)], [logPartition], { abs: 1e-9, rel: 1e-11 }, "log-partition");
    const step = 1e-4;
    const moved = (by: number) => marginalsOf(given.map((value, i) => value + by * along[i]!));
    const [up, down] = [moved(step), moved(-step)];
    const slopes = up.map((value, i) => (value - down[i]!) / (2 * step));
    expectClose(layer.vjp(given, along), slopes, { abs: 2e-7, rel: 1e-5 }, "vjp");
  };
  test("without utilities of neighbours", () => {
    const nothing = pair.map(() => 0);
    const marginals = (x: Vector) => byLogarithms(N, k, x, nothing).marginals.slice(0, N);
    check(`KSubset(${N}, ${k})`, N, marginals, byLogarithms(N, k, u, nothing).logPartition);
  });
  test("with utilities of neighbours", () => {
    const marginals = (x: Vector) => byLogarithms(N, k, x.slice(0, N), x.slice(N)).marginals;
    check(`CorrelatedKSubset(${N}, ${k})`, 2 * N - 1, marginals, byLogarithms(N, k, u, pair).logPartition);
  });
});
