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
    says: "moves that some of the states in between do not have",
    structure: "Mine(6, 3)",
    embedding: "x: binary[n]",
    automaton: `over i in 0..n {
      state (count: 0..k) from (0) to (_)
      (c) -> (c)
      (c) -> (c + 1)  when c >= 1 or i != 2  emits x[i]
    }`,
    members: subsets(6).filter((x) => total(x) <= 3 && !(x[0] === 0 && x[1] === 0 && x[2] === 1)),
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

/** A move of a path, from a state at one position to one at the next, with the elements that it picks. */
type Step = readonly [from: number, to: number, picks: readonly number[]];

/** log Z and marginals of paths from state 0 to some states, by sums of logarithms both ways. */
function pathsByLogarithms(steps: readonly (readonly Step[])[], states: number, ends: readonly number[], u: Vector) {
  const table = () => Array.from({ length: steps.length + 1 }, () => new Array<number>(states).fill(NOTHING));
  const [before, after] = [table(), table()];
  const worth = (picks: readonly number[]) => picks.reduce((sum, e) => sum + u[e]!, 0);
  before[0]![0] = 0;
  for (const end of ends) after[steps.length]![end] = 0;
  steps.forEach((list, i) => {
    for (const [from, to, picks] of list) {
      before[i + 1]![to] = logAdd(before[i + 1]![to]!, before[i]![from]! + worth(picks));
    }
  });
  [...steps.keys()].reverse().forEach((i) => {
    for (const [from, to, picks] of steps[i]!) {
      after[i]![from] = logAdd(after[i]![from]!, after[i + 1]![to]! + worth(picks));
    }
  });
  const logPartition = after[0]![0]!;
  const marginals = u.map(() => 0);
  steps.forEach((list, i) => {
    for (const [from, to, picks] of list) {
      const p = Math.exp(Math.min(0, before[i]![from]! + worth(picks) + after[i + 1]![to]! - logPartition));
      for (const e of picks) marginals[e]! += p;
    }
  });
  return { logPartition, marginals };
}

/** k-subsets in a row: states are twice the count, and one more after a chosen thing. */
const rowSteps = (n: number, k: number, pairs: boolean): Step[][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: k + 1 }, (_, count) =>
      [0, 1].flatMap((last): Step[] => {
        const from = 2 * count + last;
        const stay: Step = [from, 2 * count, []];
        const take: Step = [from, 2 * count + 3, pairs && last === 1 ? [i, n + i - 1] : [i]];
        return count < k ? [stay, take] : [stay];
      }),
    ).flat(),
  );

const chainSteps = (n: number, tags: number): Step[][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: tags ** 2 }, (_, pair): Step => {
      const [a, b] = [Math.floor(pair / tags), pair % tags];
      return [a, b, i === 0 ? [b] : [i * tags + b, n * tags + ((i - 1) * tags + a) * tags + b]];
    }).filter(([a]) => i > 0 || a === 0),
  );

/** Alignments of n with n: states are twice the row, and one more while a diagonal step passes over a position. */
const alignmentSteps = (n: number): Step[][] =>
  Array.from({ length: 2 * n - 1 }, (_, d) =>
    Array.from({ length: n }, (_, row): Step[] => {
      const cell = (r: number): Step[2] => [r * n + d - r];
      const isCell = (r: number) => r < n && d - r >= 0 && d - r < n;
      return [
        ...(isCell(row) ? [[2 * row, 2 * row, cell(row)] as const] : []),
        ...(d > 0 && isCell(row + 1) ? [[2 * row, 2 * row + 2, cell(row + 1)] as const] : []),
        ...(d > 0 ? [[2 * row, 2 * row + 1, []] as const] : []),
        ...(isCell(row + 1) ? [[2 * row + 1, 2 * row + 2, cell(row + 1)] as const] : []),
      ];
    }).flat(),
  );

interface Long {
  readonly structure: string;
  readonly steps: readonly (readonly Step[])[];
  readonly states: number;
  readonly ends: readonly number[];
  readonly u: Vector;
}

/** The kernels against the definition, at a length and range at which sums of exponentials are not numbers. */
function checkLong({ structure, steps, states, ends, u }: Long): void {
  const layer = layerOf({ structure, members: [], inHull: inBox, library }, "ExpFamily");
  const at = (x: Vector) => pathsByLogarithms(steps, states, ends, x);
  const { logPartition, marginals } = at(u);
  expectClose(layer.soft(u), marginals, { abs: 1e-9, rel: 1e-9 }, "marginals");
  expectClose([layer.logPartition(u)], [logPartition], { abs: 1e-9, rel: 1e-11 }, "log-partition");
  const next = random(3);
  const cotangent = u.map(() => next() - 0.5);
  const step = 1e-4;
  const moved = (by: number) => at(u.map((value, i) => value + by * cotangent[i]!)).marginals;
  const [up, down] = [moved(step), moved(-step)];
  const slopes = up.map((value, i) => (value - down[i]!) / (2 * step));
  expectClose(layer.vjp(u, cotangent), slopes, { abs: 1e-6, rel: 1e-5 }, "vjp");
}

function drawn(length: number, range: number, seed = 1): number[] {
  const next = random(seed);
  return Array.from({ length }, () => range * (next() - 0.4));
}

const N = 60;
const LONG = [1, 5, 30, 59].flatMap((k) => [1, 10, 40, 120, 1000].map((range) => [k, range] as const));

describe.each(LONG)("of 60 in a row %i, utilities within %i", (k, range) => {
  test("without utilities of neighbours", () => {
    const steps = rowSteps(N, k, false);
    const ends = [2 * k, 2 * k + 1];
    checkLong({ structure: `KSubset(${N}, ${k})`, steps, states: 2 * k + 2, ends, u: drawn(N, range, k) });
  });
  test("with utilities of neighbours", () => {
    const steps = rowSteps(N, k, true);
    const ends = [2 * k, 2 * k + 1];
    const u = drawn(2 * N - 1, range, k);
    checkLong({ structure: `CorrelatedKSubset(${N}, ${k})`, steps, states: 2 * k + 2, ends, u });
  });
});

test.each([
  [160, 80, 18.4, -16.5, -19.8, -9.4, 103],
  [300, 100, 19.8, -19.4, -24.5, -15.9, 134],
])("of %i in a row %i that neighbours keep from one another on one side more than on the other", (...numbers) => {
  const [n, k, left, right, leftPair, rightPair, middle] = numbers;
  const noise = drawn(2 * n - 1, 1);
  const level = (e: number) => (e < n ? (e < middle ? left : right) : e - n < middle ? leftPair : rightPair);
  const steps = rowSteps(n, k, true);
  const u = noise.map((value, e) => value + level(e));
  checkLong({ structure: `CorrelatedKSubset(${n}, ${k})`, steps, states: 2 * k + 2, ends: [2 * k, 2 * k + 1], u });
});

test.each([1, 20, 60, 140, 1000])("200 tags in a chain, utilities within %i", (range) => {
  const [n, tags] = [200, 3];
  const steps = chainSteps(n, tags);
  const u = drawn(n * tags + (n - 1) * tags ** 2, range);
  checkLong({ structure: `Chain(${n}, ${tags})`, steps, states: tags, ends: [0, 1, 2], u });
});

test.each([1, 20, 100, 1000])("an alignment of 24 with 24, utilities within %i", (range) => {
  const n = 24;
  const ends = [2 * (n - 1)];
  checkLong({
    structure: `Alignment(${n}, ${n})`,
    steps: alignmentSteps(n),
    states: 2 * n,
    ends,
    u: drawn(n * n, range),
  });
});

test.each([10, 80])(
  "an alignment that is worth up to %i a cell on one side first, or else on the other later",
  (worth) => {
    const n = 24;
    const u = drawn(n * n, 1).map((value, cell) => {
      const [row, column] = [Math.floor(cell / n), cell % n];
      return value + (worth / n) * Math.max(0, row + column < n ? column - row : row - column);
    });
    const ends = [2 * (n - 1)];
    checkLong({ structure: `Alignment(${n}, ${n})`, steps: alignmentSteps(n), states: 2 * n, ends, u });
  },
);
