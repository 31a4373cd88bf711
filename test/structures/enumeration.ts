/** Structures by their definition: all members listed, and what follows from the list by sums. Independent of sstc. */

export type Vector = readonly number[];

/** All vectors of n zeros and ones that fulfil a condition. */
function binaryVectors(n: number, holds: (x: Vector) => boolean): Vector[] {
  const all = Array.from({ length: 2 ** n }, (_, code) => Array.from({ length: n }, (_, i) => (code >> i) & 1));
  return all.filter(holds);
}
export const total = (x: Vector) => x.reduce((sum, value) => sum + value, 0);
export const dot = (a: Vector, b: Vector) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

export const subsets = (n: number) => binaryVectors(n, () => true);
export const kSubsets = (n: number, k: number) => binaryVectors(n, (x) => total(x) === k);
export const windows = (n: number, length: number) =>
  binaryVectors(n, (x) => total(x) === length && x.lastIndexOf(1) - x.indexOf(1) === length - 1);

/** Permutation matrices row by row: each row after the first takes a column that those before have not. */
export function permutations(n: number): Vector[] {
  const orders = Array.from({ length: n }).reduce<number[][]>(
    (all) => all.flatMap((taken) => range(n).flatMap((j) => (taken.includes(j) ? [] : [[...taken, j]]))),
    [[]],
  );
  return orders.map((order) => order.flatMap((column) => range(n).map((j) => (j === column ? 1 : 0))));
}
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

export type Edges = readonly (readonly [number, number])[];

/** All arcs from i to j ≠ i, row by row. */
export function completeArcs(n: number): Edges {
  const all = Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n] as const);
  return all.filter(([i, j]) => i !== j);
}

export function completeEdges(n: number): Edges {
  const pairs: [number, number][] = [];
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) pairs.push([i, j]);
  return pairs;
}

/** Edge sets with one edge fewer than vertices in which every vertex is reached from vertex 0. */
export function spanningTrees(n: number, edges: Edges): Vector[] {
  return binaryVectors(edges.length, (x) => total(x) === n - 1 && reached(n, chosen(edges, x)) === n);
}

function chosen(edges: Edges, x: Vector): Edges {
  return edges.filter((_, i) => x[i] === 1);
}

function reached(n: number, edges: Edges): number {
  const seen = new Set([0]);
  for (let round = 0; round < n; round++) {
    for (const [a, b] of edges) if (seen.has(a) || seen.has(b)) seen.add(a).add(b);
  }
  return seen.size;
}

/** Arc sets in which every vertex but the root has one entering arc and hangs from the root. */
export function arborescences(n: number, root: number, arcs: Edges): Vector[] {
  let sets: (readonly number[])[] = [[]];
  for (let vertex = 0; vertex < n; vertex++) {
    const entering = arcs.flatMap(([, to], i) => (to === vertex ? [i] : []));
    if (vertex !== root) sets = sets.flatMap((set) => entering.map((arc) => [...set, arc]));
  }
  const vectors = sets.map((set) => arcs.map((_, i) => (set.includes(i) ? 1 : 0)));
  return vectors.filter((x) => reachedFrom(root, n, chosen(arcs, x)) === n);
}

/** Trees as matrices, row by row, in which each token between a head and its modifier hangs from the head. */
export function projectiveTrees(n: number, root: number): Vector[] {
  const cells = Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n] as const);
  const arcs = completeArcs(n);
  return arborescences(n, root, arcs).flatMap((member) => {
    const tree = chosen(arcs, member);
    const parent = new Map(tree.map(([from, to]) => [to, from]));
    const hangsFrom = (token: number | undefined, head: number): boolean =>
      token === head || (token !== undefined && hangsFrom(parent.get(token), head));
    const between = ([a, b]: readonly [number, number]) =>
      Array.from({ length: Math.abs(a - b) }, (_, i) => Math.min(a, b) + i).slice(1);
    const projective = tree.every((arc) => between(arc).every((token) => hangsFrom(token, arc[0])));
    return projective ? [cells.map(([h, m]) => (h !== m && parent.get(m) === h ? 1 : 0))] : [];
  });
}

function reachedFrom(root: number, n: number, arcs: Edges): number {
  const seen = new Set([root]);
  for (let round = 0; round < n; round++) for (const [a, b] of arcs) if (seen.has(a)) seen.add(b);
  return seen.size;
}

export const EPSILON = 1e-9;
export const inBox = (x: Vector) => x.every((value) => value >= -EPSILON && value <= 1 + EPSILON);
/** The hull of k-hot vectors. */
export const inHypersimplex = (k: number) => (x: Vector) => inBox(x) && Math.abs(total(x) - k) < EPSILON * x.length;

/** The hull of permutation matrices (Birkhoff 1946): all sums of rows and columns are 1. */
export const inBirkhoffPolytope = (n: number) => (x: Vector) =>
  inBox(x) &&
  range(n).every((i) => {
    const row = total(range(n).map((j) => x[i * n + j]!));
    const column = total(range(n).map((j) => x[j * n + i]!));
    return Math.abs(row - 1) < EPSILON * n && Math.abs(column - 1) < EPSILON * n;
  });

/** The hull of spanning trees (Edmonds 1971): n − 1 edges, at most |S| − 1 of them within each set S of vertices. */
export const inTreePolytope = (n: number, edges: Edges) => (x: Vector) => {
  if (!inBox(x) || Math.abs(total(x) - (n - 1)) > EPSILON * edges.length) return false;
  return Array.from({ length: 2 ** n - 1 }, (_, i) => i + 1).every((code) => {
    const within = edges.map(([a, b]) => ((code >> a) & 1) * ((code >> b) & 1));
    const vertices = code.toString(2).replaceAll("0", "").length;
    return dot(x, within) <= vertices - 1 + EPSILON * edges.length;
  });
};

/** The hull of arborescences (Edmonds 1967): one arc into each vertex, at least one into each set without the root. */
export const inArborescencePolytope = (n: number, root: number, arcs: Edges) => (x: Vector) => {
  if (!inBox(x) || Math.abs(total(x) - (n - 1)) > EPSILON * arcs.length) return false;
  if (arcs.some(([, to], i) => to === root && x[i] !== 0)) return false;
  return Array.from({ length: 2 ** n - 1 }, (_, i) => i + 1).every((code) => {
    const inside = (vertex: number) => ((code >> vertex) & 1) === 1;
    const entering = arcs.map(([from, to]) => (inside(to) && !inside(from) ? 1 : 0));
    return inside(root) || dot(x, entering) >= 1 - EPSILON * arcs.length;
  });
};

/** The exponential family p(x) ∝ exp(uᵀx / t) over the members. */
export class ExactFamily {
  private readonly members: readonly Vector[];
  /** Of the members, in their order. */
  readonly probabilities: Vector;
  private readonly t: number;
  readonly logPartition: number;
  readonly entropy: number;
  readonly marginals: Vector;

  constructor(members: readonly Vector[], u: Vector, t: number) {
    const scores = members.map((x) => dot(u, x) / t);
    const top = Math.max(...scores);
    const sum = total(scores.map((score) => Math.exp(score - top)));
    this.members = members;
    this.t = t;
    this.logPartition = top + Math.log(sum);
    this.probabilities = scores.map((score) => Math.exp(score - top) / sum);
    this.entropy = -total(scores.map((score, m) => this.probabilities[m]! * (score - this.logPartition)));
    this.marginals = u.map((_, i) => dot(this.probabilities, this.column(i)));
  }

  /** Cov(x) c / t, which is (∂ marginals / ∂u)ᵀ c. */
  vjp(cotangent: Vector): Vector {
    // Deviations first: with products of means, small covariances would drown.
    const along = this.members.map((x) =>
      dot(
        cotangent,
        x.map((value, i) => value - this.marginals[i]!),
      ),
    );
    return this.marginals.map((mean, i) => {
      const products = this.column(i).map((value, m) => (value - mean) * along[m]!);
      return dot(this.probabilities, products) / this.t;
    });
  }

  /** ∇H = −Cov(x) u / t² */
  entropyGradient(u: Vector): Vector {
    return this.vjp(u.map((value) => -value / this.t));
  }

  private column(i: number): Vector {
    return this.members.map((x) => x[i]!);
  }
}

/** The largest value of a member, and by how much it is larger than the second. */
export function bestValue(members: readonly Vector[], u: Vector): { readonly value: number; readonly gap: number } {
  const [best, second] = members.map((x) => dot(u, x)).sort((a, b) => b - a);
  return { value: best!, gap: second === undefined ? Number.POSITIVE_INFINITY : best! - second };
}
