/**
 * Whether a point lies in the convex hull of the members. Equalities are the directions in which all members agree;
 * inequalities are decided by the point of the hull that is nearest (Wolfe 1976, Finding the nearest point in a
 * polytope): away from it there is a hyperplane that parts the two.
 */
import type { Member } from "./members.ts";
import { dot, type Vector } from "./vectors.ts";

/** Rounds of the search; each leaves the point nearer than before. */
const MOST_ROUNDS = 2000;
/** Nearer than this is within. */
const NEAR = 1e-12;
const PIVOT = 1e-11;

/** How far `x` is from the hull of the members, and a direction along which it lies further out than all of them. */
export function outside(members: readonly Member[], x: Vector): { readonly by: number; readonly along: Float64Array } {
  const shifted = (m: number) => Float64Array.from(members[m]!, (value, i) => value - x[i]!);
  let corral = [0];
  let points: Float64Array[] = [shifted(0)];
  let weights = [1];
  let nearest = points[0]!;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const length = dot(nearest, nearest);
    if (length <= NEAR * NEAR) break;
    const added = lowest(members, x, nearest);
    // The nearest point is found when no member lies nearer along the line to it.
    if (added.value >= length * (1 - 1e-9) || corral.includes(added.index)) break;
    corral.push(added.index);
    points.push(shifted(added.index));
    weights.push(0);
    const reduced = nearestWithin(corral, points, weights);
    if (reduced === undefined) break;
    ({ corral, points, weights } = reduced);
    nearest = combined(points, weights);
  }
  return { by: Math.sqrt(dot(nearest, nearest)), along: nearest.map((value) => -value) };
}

function lowest(members: readonly Member[], x: Vector, direction: Float64Array) {
  const base = dot(direction, x);
  let [value, index] = [Number.POSITIVE_INFINITY, 0];
  members.forEach((member, m) => {
    const here = dot(direction, member) - base;
    if (here < value) [value, index] = [here, m];
  });
  return { value, index };
}

interface Corral {
  readonly corral: number[];
  readonly points: Float64Array[];
  readonly weights: number[];
}

/** Walks towards the nearest point of the affine hull; points whose weights turn negative on the way are dropped. */
function nearestWithin(corral: number[], points: Float64Array[], weights: number[]): Corral | undefined {
  let state: Corral = { corral, points, weights };
  while (true) {
    const target = affineWeights(state.points);
    if (target === undefined) return undefined;
    if (target.every((weight) => weight > 0)) return { ...state, weights: target };
    let step = 1;
    target.forEach((wanted, i) => {
      const weight = state.weights[i]!;
      if (wanted <= 0) step = Math.min(step, weight / (weight - wanted));
    });
    const moved = state.weights.map((weight, i) => weight + step * (target[i]! - weight));
    const kept = moved.flatMap((weight, i) => (weight > 1e-14 ? [i] : []));
    if (kept.length === moved.length || kept.length === 0) return undefined;
    const total = kept.reduce((sum, i) => sum + moved[i]!, 0);
    state = {
      corral: kept.map((i) => state.corral[i]!),
      points: kept.map((i) => state.points[i]!),
      weights: kept.map((i) => moved[i]! / total),
    };
  }
}

function combined(points: readonly Float64Array[], weights: readonly number[]): Float64Array {
  return points[0]!.map((_, i) => points.reduce((sum, point, p) => sum + weights[p]! * point[i]!, 0));
}

/** Weights that add up to 1 of the point nearest to 0 in the affine hull; undefined where points depend on another. */
function affineWeights(points: readonly Float64Array[]): number[] | undefined {
  const [first, ...rest] = points;
  const sides = rest.map((point) => point.map((value, i) => value - first![i]!));
  const solved = solve(
    sides.map((a) => sides.map((b) => dot(a, b))),
    sides.map((a) => -dot(a, first!)),
  );
  return solved && [1 - solved.reduce((a, b) => a + b, 0), ...solved];
}

/** A symmetric positive definite system by Cholesky's factors; undefined where it is singular. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const factor = matrix.map((row) => [...row]);
  const size = right.length;
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= factor[i]![k]! * factor[j]![k]!;
      if (i === j && sum <= PIVOT * matrix[j]![j]!) return undefined;
      factor[i]![j] = i === j ? Math.sqrt(sum) : sum / factor[j]![j]!;
    }
  }
  const y = [...right];
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) y[i]! -= factor[i]![k]! * y[k]!;
    y[i]! /= factor[i]![i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) y[i]! -= factor[k]![i]! * y[k]!;
    y[i]! /= factor[i]![i]!;
  }
  return y;
}

/** An equality Σ c_i x_i = value that all members fulfil. */
export interface Equality {
  readonly coefficients: Float64Array;
  readonly value: number;
}

/** A basis of the equalities of the hull: directions orthogonal to all differences of members. */
export function equalities(members: readonly Member[]): Equality[] {
  const [first] = members;
  const size = first!.length;
  const basis: Float64Array[] = [];
  for (const member of members) {
    if (basis.length === size) break;
    const rest = remainder(
      Float64Array.from(member, (value, i) => value - first![i]!),
      basis,
    );
    if (rest !== undefined) basis.push(rest);
  }
  const spanned = basis.length;
  for (let i = 0; i < size && basis.length < size; i++) {
    const e = new Float64Array(size);
    e[i] = 1;
    const rest = remainder(e, basis);
    if (rest !== undefined) basis.push(rest);
  }
  return basis.slice(spanned).map((coefficients) => ({ coefficients, value: dot(coefficients, first!) }));
}

/** What is left of a vector beside a basis, of length 1 (Gram and Schmidt, twice); undefined where nothing is. */
function remainder(vector: Float64Array, basis: readonly Float64Array[]): Float64Array | undefined {
  const rest = vector.slice();
  for (let round = 0; round < 2; round++) {
    for (const direction of basis) {
      const along = dot(rest, direction);
      for (let i = 0; i < rest.length; i++) rest[i]! -= along * direction[i]!;
    }
  }
  const length = Math.sqrt(dot(rest, rest));
  return length < 1e-9 ? undefined : rest.map((value) => value / length);
}
