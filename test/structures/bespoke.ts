/**
 * Relaxations that are no optimum of anything, by their definitions, in as plain a way as can be; for examples of a few
 * elements.
 */
import { total, type Vector } from "./enumeration.ts";

const softmax = (u: Vector): number[] => {
  const top = Math.max(...u);
  const weights = u.map((value) => Math.exp(value - top));
  return weights.map((value) => value / total(weights));
};
const sum = (a: Vector, b: Vector) => a.map((value, i) => value + b[i]!);

/** The arguments of `KSubset(6, 2)`. */
const numbersIn = (structure: string) => [...structure.matchAll(/\d+/g)].map(Number);

/** x_i = max_j softmax(u_j / t)_i, with k rows u_j of n. */
function l2x(n: number, u: Vector, t: number): number[] {
  const rows = Array.from({ length: u.length / n }, (_, j) => u.slice(j * n, (j + 1) * n).map((value) => value / t));
  return rows.map(softmax).reduce((best, row) => best.map((value, i) => Math.max(value, row[i]!)));
}

/** w ← w + log(1 − softmax(w / t)), k times; the sum of the softmaxes. */
function softSub(members: readonly Vector[], u: Vector, t: number): number[] {
  let w = [...u];
  let x = u.map(() => 0);
  for (let round = 0; round < total(members[0]!); round++) {
    const a = softmax(w.map((value) => value / t));
    x = sum(x, a);
    w = sum(
      w,
      a.map((value) => Math.log(Math.max(1 - value, 1.1754943508222875e-38))),
    );
  }
  return x;
}

/** Row i is softmax(((n − 1 − 2 i) s − Σ_l |s − s_l|) / t), i from 0. */
function neuralSort(s: Vector, t: number): number[] {
  const spread = s.map((a) => total(s.map((b) => Math.abs(a - b))));
  return s.flatMap((_, i) => softmax(s.map((value, j) => ((s.length - 1 - 2 * i) * value - spread[j]!) / t)));
}

/** A span of Eisner's chart: its value, and what it counts for, as functions of what it counts for itself. */
interface Span {
  readonly value: number;
  readonly give: (weight: number) => void;
}

/** Eisner's algorithm, top down from what is asked for, with softmax in the place of each maximum. */
function perturbAndParse(structure: string, u: Vector, t: number): number[] {
  const [n, root = 0, size = n] = numbersIn(structure) as [number, ...number[]];
  const x = u.map(() => 0);
  const known = new Map<string, Span>();
  const empty: Span = { value: 0, give: () => undefined };
  const mixed = (choices: readonly (readonly [Span, Span])[], own: number, arc?: number): Span => {
    const values = choices.map(([a, b]) => a.value + b.value);
    const weights = softmax(values);
    return {
      value: own + total(values.map((value, i) => value * weights[i]!)),
      give: (weight) => {
        if (arc !== undefined) x[arc]! += weight;
        for (const [i, pair] of choices.entries()) for (const span of pair) span.give(weight * weights[i]!);
      },
    };
  };
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  const span = (kind: "right" | "left" | "arc", a: number, b: number): Span => {
    if (a === b) return empty;
    const key = `${kind} ${a} ${b}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const [s, e] = [Math.min(a, b), Math.max(a, b)];
    const made =
      kind === "arc"
        ? mixed(
            range(s, e).map((k) => [span("right", s, k), span("left", k + 1, e)] as const),
            u[a * n + b]! / t,
            a * n + b,
          )
        : kind === "right"
          ? mixed(
              range(s + 1, e + 1).map((k) => [span("arc", s, k), span("right", k, e)] as const),
              0,
            )
          : mixed(
              range(s, e).map((k) => [span("left", s, k), span("arc", e, k)] as const),
              0,
            );
    known.set(key, made);
    return made;
  };
  span("left", 0, root).give(1);
  span("right", root, size - 1).give(1);
  return x;
}

/** What a bespoke relaxation is by definition; undefined for one that is an optimum. */
export function bespoke(
  relaxation: string,
  structure: string,
  members: readonly Vector[],
): ((u: Vector, t: number) => Vector) | undefined {
  switch (relaxation) {
    case "L2X":
      return (u, t) => l2x(members[0]!.length, u, t);
    case "SoftSub":
      return (u, t) => softSub(members, u, t);
    case "NeuralSort":
      return neuralSort;
    case "PerturbParse":
      return (u, t) => perturbAndParse(structure, u, t);
    default:
      return undefined;
  }
}
