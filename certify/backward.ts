/**
 * Certificates of a backward: its error against the exact covariance, or against extrapolated differences of the
 * forward, and the symmetry of the Jacobian.
 */
import type { HostLayer } from "../runtime/host-layer.ts";
import { type Certificate, list, RANGES, Tally } from "./certificate.ts";
import { derivative } from "./differences.ts";
import { ExactFamily } from "./members.ts";
import type { Specimen } from "./specimen.ts";
import { type Draws, distance, dot, norm, unit } from "./vectors.ts";

/** Utilities that are drawn for each range. */
const CASES = 3;
/** Draws that lie too close to a kink are drawn anew, this often. */
const MOST_REDRAWS = 8;
const NONE = "no derivative: differences of the soft sample settle at no point that was tried";

export interface BackwardSubject {
  /** As the language writes it, such as `dual` or `finite_difference(1e-4)`. */
  readonly strategy: string;
  readonly layer: HostLayer;
  readonly t: number;
  readonly isFamily: boolean;
  readonly isConvex: boolean;
}

/** Errors are relative to ‖cotangent‖ / t, which no derivative of a relaxation exceeds by much. */
export function backwardCertificates(specimen: Specimen, subject: BackwardSubject, draws: Draws): Certificate[] {
  const { size, members } = specimen;
  const isSquare = subject.layer.inputSize === size;
  const { strategy, layer, t, isFamily, isConvex } = subject;
  const step = stepOf(strategy);
  const against = isFamily ? "the covariance by enumeration" : "extrapolated differences";
  const allowed = step !== undefined ? 1e-3 : isFamily ? 1e-8 : 1e-5;
  const gradient = new Tally(`backward ${strategy}`, `its error against ${against}`, allowed);
  const symmetry = new Tally(`backward ${strategy}`, "its Jacobian is symmetric", allowed, isConvex);
  RANGES.forEach((range, r) => {
    let redraws = 0;
    for (let i = 0; i < CASES; ) {
      const u = draws.within(range, layer.inputSize).map((value) => t * value);
      const cotangent = draws.within(2, size);
      const exact = isFamily ? new ExactFamily(members, u, t).vjp(cotangent) : differences(layer, u, cotangent, t);
      const scale = norm(cotangent) / t;
      if (exact === undefined || hasKink(layer, u, cotangent, t, step)) {
        if (redraws++ < MOST_REDRAWS) continue;
        // Kinks lie apart: where there is no point without one, there is no derivative.
        if (i === 0)
          gradient.see(r, Number.POSITIVE_INFINITY, () => ({ utilities: list(u), temperature: t, exact: NONE }));
        break;
      }
      const found = layer.vjp(u, cotangent, t);
      const example = { utilities: list(u), temperature: t, cotangent: list(cotangent), gradient: list(found) };
      gradient.see(r, distance(found, exact) / scale, () => ({ ...example, exact: list(exact) }));
      i++;
      if (!isSquare) continue;
      const { by, at } = asymmetry(layer, u, t);
      symmetry.see(r, by * t, () => ({ utilities: list(u), temperature: t, ...at }));
    }
  });
  // With an input of its own, a relaxation has no Jacobian that could be symmetric.
  return isSquare ? [gradient.certificate(), symmetry.certificate()] : [gradient.certificate()];
}

/** The step of a backward by differences; undefined for one that is exact. */
function stepOf(strategy: string): number | undefined {
  const step = /^finite_difference\((.*)\)$/.exec(strategy)?.[1];
  return step === undefined ? undefined : Number(step);
}

/** Jᵀ cotangent by differences; undefined at a kink, where there is no derivative. */
function differences(layer: HostLayer, u: Float64Array, cotangent: Float64Array, t: number): Float64Array | undefined {
  const result = new Float64Array(u.length);
  const scale = norm(cotangent) / t;
  for (let i = 0; i < u.length; i++) {
    const along = (by: number) => {
      const moved = u.slice();
      moved[i]! += by;
      return dot(cotangent, layer.soft(moved, t));
    };
    const { value, error } = derivative(along, t, 1e-9 * scale);
    if (error > 1e-6 * scale) return undefined;
    result[i] = value;
  }
  return result;
}

/** Whether a step of a backward by differences passes a kink: no derivative is what it finds there. */
function hasKink(
  layer: HostLayer,
  u: Float64Array,
  cotangent: Float64Array,
  t: number,
  step: number | undefined,
): boolean {
  if (step === undefined) return false;
  const length = norm(cotangent);
  const slope = (by: number) => {
    const at = (sign: number) =>
      layer.soft(
        u.map((value, i) => value + (sign * by * cotangent[i]!) / length),
        t,
      );
    const [above, below] = [at(1), at(-1)];
    return above.map((value, i) => (value - below[i]!) / (2 * by));
  };
  return distance(slope(2 * step * t), slope((step * t) / 4)) > 1e-4 / t;
}

/** The largest difference between the Jacobian and its transpose. */
function asymmetry(layer: HostLayer, u: Float64Array, t: number) {
  const rows = list(u).map((_, i) => layer.vjp(u, unit(u.length, i), t));
  let [by, row, column] = [0, 0, 0];
  rows.forEach((values, i) => {
    values.forEach((value, j) => {
      const difference = Math.abs(value - rows[j]![i]!);
      if (difference > by) [by, row, column] = [difference, i, j];
    });
  });
  const at = { row, column, there: rows[row]![column]!, transposed: rows[column]![row]! };
  return { by, at };
}
