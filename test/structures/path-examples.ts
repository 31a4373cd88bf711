/** Structures whose members are paths, by their definition: members listed, and what their hulls fulfil. */
import type { Example } from "./conform.ts";
import { EPSILON, inBox, inHypersimplex, kSubsets, total, type Vector } from "./enumeration.ts";

/** k-subsets of things in a row, and for each two neighbours whether both are chosen. */
export const correlatedKSubsets = (n: number, k: number): Vector[] =>
  kSubsets(n, k).map((x) => [...x, ...x.slice(1).map((value, i) => value * x[i]!)]);

/** All sequences of tags, as indicators of each tag and of each pair of tags in a row. */
export function tagSequences(n: number, tags: number): Vector[] {
  const all = Array.from({ length: tags ** n }, (_, code) =>
    Array.from({ length: n }, (_, i) => Math.floor(code / tags ** i) % tags),
  );
  return all.map((sequence) => [
    ...sequence.flatMap((own) => Array.from({ length: tags }, (_, tag) => (tag === own ? 1 : 0))),
    ...sequence
      .slice(1)
      .flatMap((own, i) =>
        Array.from({ length: tags ** 2 }, (_, pair) => (pair === sequence[i]! * tags + own ? 1 : 0)),
      ),
  ]);
}

/** Cells of an n × m grid on a path from one corner to the other, with steps down, right and both at once. */
export function alignments(n: number, m: number): Vector[] {
  const paths = (row: number, column: number): number[][] => {
    if (row >= n || column >= m) return [];
    const here = row * m + column;
    if (row === n - 1 && column === m - 1) return [[here]];
    const next = [paths(row + 1, column), paths(row, column + 1), paths(row + 1, column + 1)];
    return next.flat().map((path) => [here, ...path]);
  };
  return paths(0, 0).map((path) => Array.from({ length: n * m }, (_, cell) => (path.includes(cell) ? 1 : 0)));
}

/** What the hull of correlated k-subsets fulfils: k-hot, and both of two chosen at most as often as either. */
export const inCorrelatedPolytope = (n: number, k: number) => (x: Vector) => {
  const [single, both] = [x.slice(0, n), x.slice(n)];
  const bounded = both.every((value, i) => {
    const [a, b] = [single[i]!, single[i + 1]!];
    return value <= Math.min(a, b) + EPSILON && value >= a + b - 1 - EPSILON;
  });
  return inBox(x) && inHypersimplex(k)(single) && bounded;
};

/** The hull of tag sequences, which is that of flows: pairs of tags sum up to the tags at either end. */
export const inChainPolytope = (n: number, tags: number) => (x: Vector) => {
  const tag = (i: number, a: number) => x[i * tags + a]!;
  const pair = (i: number, a: number, b: number) => x[n * tags + (i * tags + a) * tags + b]!;
  const all = Array.from({ length: tags }, (_, a) => a);
  const near = (a: number, b: number) => Math.abs(a - b) < EPSILON;
  const rows = Array.from({ length: n }, (_, i) => i);
  return (
    inBox(x) &&
    rows.every((i) => near(total(all.map((a) => tag(i, a))), 1)) &&
    rows
      .slice(1)
      .every((i) =>
        all.every(
          (a) =>
            near(total(all.map((b) => pair(i - 1, a, b))), tag(i - 1, a)) &&
            near(total(all.map((b) => pair(i - 1, b, a))), tag(i, a)),
        ),
      )
  );
};

/** What the hull of alignments fulfils: both corners, and each row and column is visited. */
export const inAlignmentPolytope = (n: number, m: number) => (x: Vector) => {
  const sums = [
    ...Array.from({ length: n }, (_, row) => total(x.slice(row * m, row * m + m))),
    ...Array.from({ length: m }, (_, column) => total(x.filter((_, cell) => cell % m === column))),
  ];
  return inBox(x) && sums.every((sum) => sum >= 1 - EPSILON) && x[0]! > 1 - EPSILON && x[n * m - 1]! > 1 - EPSILON;
};

/** Small sizes, the smallest included. */
export const PATH_EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  CorrelatedKSubset: [
    [1, 1],
    [2, 1],
    [6, 3],
    [5, 4],
    [3, 3],
  ].map(([n, k]) => ({
    structure: `CorrelatedKSubset(${n}, ${k})`,
    members: correlatedKSubsets(n!, k!),
    inHull: inCorrelatedPolytope(n!, k!),
  })),
  Chain: [
    [1, 1],
    [1, 3],
    [2, 2],
    [3, 2],
  ].map(([n, tags]) => ({
    structure: `Chain(${n}, ${tags})`,
    members: tagSequences(n!, tags!),
    inHull: inChainPolytope(n!, tags!),
  })),
  Alignment: [
    [1, 1],
    [1, 4],
    [2, 2],
    [3, 4],
  ].map(([n, m]) => ({
    structure: `Alignment(${n}, ${m})`,
    members: alignments(n!, m!),
    inHull: inAlignmentPolytope(n!, m!),
  })),
};
