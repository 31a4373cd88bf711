/**
 * Whether a soft sample is what a separable relaxation defines, x = argmax over the polytope of uᵀx / t − Σ f(x_i): no
 * member lies in a direction in which this grows. The slope f′ is the inverse of the relaxation's `map`, which is what
 * the relaxation makes of a single thing that may be chosen or not.
 */
import { HostLayer } from "../runtime/host-layer.ts";
import type { Member } from "./members.ts";
import { relaxed, type Specimen } from "./specimen.ts";
import type { Vector } from "./vectors.ts";

/** Beyond these, maps of relaxations have reached 0 and 1. */
const FURTHEST = 1000;
const ROUNDS = 60;
/** What rounding may have changed of an element. */
const ROUNDED = 1e-12;

/** The map of a relaxation for as many numbers as it is given; undefined for one that is not separable. */
export function mapOf(specimen: Specimen, relaxation: string): ((s: Float64Array) => Float64Array) | undefined {
  const compiled = relaxed({ ...specimen, structure: "Subset(1)" }, relaxation);
  if (typeof compiled === "string") return undefined;
  const layer = new HostLayer(compiled);
  return (s) => layer.soft(s, 1);
}

/** By how much uᵀx / t − Σ f(x_i) grows at most towards a member, per step; 0 or less at the optimum. */
export function gain(
  map: (s: Float64Array) => Float64Array,
  members: readonly Member[],
  u: Float64Array,
  t: number,
  x: Vector,
): number {
  const exact = Float64Array.from(x);
  // Towards what is more of an element its slope from above counts, towards less the one from below.
  const above = inverse(
    map,
    exact.map((value) => value + ROUNDED),
    (value, wanted) => value <= wanted,
  );
  const below = inverse(
    map,
    exact.map((value) => value - ROUNDED),
    (value, wanted) => value < wanted,
  );
  let most = 0;
  for (const member of members) {
    let towards = 0;
    for (let i = 0; i < exact.length; i++) {
      const by = member[i]! - exact[i]!;
      towards += (u[i]! / t - (by > 0 ? above[i]! : below[i]!)) * by;
    }
    most = Math.max(most, towards);
  }
  return most;
}

/** For each number the largest s whose value by the map is still on the lower side of it. */
function inverse(
  map: (s: Float64Array) => Float64Array,
  wanted: Float64Array,
  isLower: (value: number, wanted: number) => boolean,
): Float64Array {
  const low = wanted.map(() => -FURTHEST);
  const high = wanted.map(() => FURTHEST);
  for (let round = 0; round < ROUNDS; round++) {
    const middle = low.map((value, i) => (value + high[i]!) / 2);
    map(middle).forEach((value, i) => {
      if (isLower(value, wanted[i]!)) low[i] = middle[i]!;
      else high[i] = middle[i]!;
    });
  }
  return low;
}
