/**
 * Bias and variance of gradient estimators for E[L(X)] with a quadratic test objective L, against its exact gradient.
 * All gradients are with respect to a shift of the utilities, which is what the location of a family is.
 *
 * The exact gradient: given all utilities but one, X depends on that one by a threshold c (where the best members with
 * and without the element are worth the same), so dE[L(X)]/dμ_i = E[(L(x with i) − L(x without i)) p_i(c)], with both
 * members and the threshold by enumeration. What is left to average over has a small variance.
 */
import type { HostLayer } from "../runtime/host-layer.ts";
import { type Certificate, type Example, list } from "./certificate.ts";
import type { Member } from "./members.ts";
import type { Specimen } from "./specimen.ts";
import type { UtilityLaw } from "./utilities.ts";
import { type Draws, dot, norm, type Vector } from "./vectors.ts";

/** Draws of utilities. */
export const SAMPLES = 4096;
/** A mean is believed within this many standard errors. */
const DEVIATIONS = 5;

/** L(x) = bᵀx + xᵀA x / 2 with normal b and symmetric A. */
export class Quadratic {
  private readonly linear: Float64Array;
  private readonly matrix: readonly Float64Array[];

  constructor(size: number, draws: Draws) {
    this.linear = draws.normals(size);
    const rows = Array.from({ length: size }, () => draws.normals(size));
    const scale = 1 / Math.sqrt(2 * size);
    this.matrix = rows.map((row, i) => row.map((value, j) => scale * (value + rows[j]![i]!)));
  }

  value(x: Vector): number {
    return this.matrix.reduce((sum, row, i) => sum + x[i]! * (this.linear[i]! + 0.5 * dot(row, x)), 0);
  }

  gradient(x: Vector): Float64Array {
    return this.linear.map((value, i) => value + dot(this.matrix[i]!, x));
  }
}

/** Mean, bias and variance of an estimator over all draws. */
export interface Estimate {
  readonly estimator: string;
  /** ‖E[g] − ∇‖, and how uncertain it is: a bias of about its standard error is none. */
  readonly bias: number;
  readonly standardError: number;
  /** The trace of the covariance of one draw. */
  readonly variance: number;
  readonly mean: readonly number[];
}

export interface EstimatorReport {
  readonly objective: string;
  readonly samples: number;
  readonly exact: { readonly gradient: readonly number[]; readonly norm: number; readonly standardError: number };
  readonly estimates: readonly Estimate[];
  readonly certificates: readonly Certificate[];
}

export interface EstimatorSubject {
  readonly layer: HostLayer;
  readonly t: number;
  readonly law: UtilityLaw;
}

export function estimatorReport(specimen: Specimen, subject: EstimatorSubject, draws: Draws): EstimatorReport {
  const { size, members } = specimen;
  const { layer, t, law } = subject;
  const objective = new Quadratic(size, draws);
  const u = law.sample(SAMPLES, draws);
  const exact = exactGradients(members, law, objective, u);
  const hard = specimen.solver.argmax(u);
  const relaxedAt = (temperature: number) => {
    const results = layer.run(u, temperature);
    return layer.vjp(u, gradientsAt(objective, results.get("x")!, size), temperature, results);
  };
  const relaxed = relaxedAt(t);
  /** Utilities without noise have no part in it: X jumps with them. */
  const masked = (gradients: Float64Array) => gradients.map((value, at) => (law.random[at % size] ? value : 0));
  const all = new Map<string, Float64Array>([
    [`relaxed at ${written(t)}`, relaxed],
    [`relaxed at ${written(t / 4)}`, relaxedAt(t / 4)],
    [`straight-through at ${written(t)}`, layer.vjp(u, gradientsAt(objective, hard, size), t)],
  ]);
  const score = law.hasDensity && scoreGradients(law, objective, u, hard, size);
  if (score) all.set("score function", score);
  const estimates = [...all].map(([name, each]) => estimate(name, masked(each), exact, size));
  const { mean, error } = meanOf(exact, size);
  const certificates = [pathwiseCertificate(layer, t, objective, u, relaxed, draws.normals(size))];
  if (score) certificates.push(scoreCertificate(estimates.at(-1)!));
  return {
    objective: "L(x) = bᵀx + xᵀAx / 2 with random b, A",
    samples: SAMPLES,
    exact: { gradient: list(mean), norm: norm(mean), standardError: error },
    estimates,
    certificates,
  };
}

const written = (t: number) => String(Number(t.toPrecision(3)));

function gradientsAt(objective: Quadratic, x: Float64Array, size: number): Float64Array {
  const result = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += size) result.set(objective.gradient(x.subarray(at, at + size)), at);
  return result;
}

/** For each draw of the utilities and each coordinate, the gradient given the other coordinates. */
function exactGradients(
  members: readonly Member[],
  law: UtilityLaw,
  objective: Quadratic,
  u: Float64Array,
): Float64Array {
  const size = members[0]!.length;
  const values = members.map((member) => objective.value(member));
  const thresholds = new Float64Array(u.length);
  const gains = new Float64Array(u.length);
  for (let at = 0; at < u.length; at += size) {
    const here = u.subarray(at, at + size);
    const worths = members.map((member) => dot(member, here));
    for (let i = 0; i < size; i++) {
      let [without, within] = [-1, -1];
      members.forEach((member, m) => {
        if (member[i] === 1) within = within < 0 || worths[m]! > worths[within]! ? m : within;
        else without = without < 0 || worths[m]! > worths[without]! ? m : without;
      });
      if (without < 0 || within < 0) continue;
      thresholds[at + i] = worths[without]! - worths[within]! + here[i]!;
      gains[at + i] = values[within]! - values[without]!;
    }
  }
  const { low, high } = law.support();
  const { log } = law.density(thresholds);
  return gains.map((gain, at) => {
    const [c, i] = [thresholds[at]!, at % size];
    return !law.random[i] || c < low[i]! || c > high[i]! ? 0 : gain * Math.exp(log[at]!);
  });
}

/**
 * −(L(X) − b) ∂ log p(u) / ∂u with the mean of the others' L as baseline b (paper, C.1: the utilities are the action);
 * undefined where a shift moves the edge of the density, so that this is no gradient.
 */
function scoreGradients(
  law: UtilityLaw,
  objective: Quadratic,
  u: Float64Array,
  hard: Float64Array,
  size: number,
): Float64Array | undefined {
  const { low, high } = law.support();
  const edges = [low, high].flatMap((edge) => list(law.density(edge).log).filter((_, i) => law.random[i]));
  if (edges.some((log) => log > -10)) return undefined;
  const { slope } = law.density(u);
  const rows = u.length / size;
  const values = Array.from({ length: rows }, (_, r) => objective.value(hard.subarray(r * size, (r + 1) * size)));
  const total = values.reduce((a, b) => a + b, 0);
  return slope.map((each, at) => {
    const value = values[Math.floor(at / size)]!;
    return -each * (value - (total - value) / (rows - 1));
  });
}

function estimate(estimator: string, gradients: Float64Array, exact: Float64Array, size: number): Estimate {
  const { mean, error } = meanOf(gradients, size);
  const differences = meanOf(
    gradients.map((value, at) => value - exact[at]!),
    size,
  );
  const rows = gradients.length / size;
  return {
    estimator,
    bias: norm(differences.mean),
    standardError: differences.error,
    variance: error * error * rows,
    mean: list(mean),
  };
}

/** The mean of rows, and the length of its standard error. */
function meanOf(values: Float64Array, size: number): { readonly mean: Float64Array; readonly error: number } {
  const rows = values.length / size;
  const mean = new Float64Array(size);
  for (let at = 0; at < values.length; at++) mean[at % size]! += values[at]! / rows;
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += (values[at]! - mean[at % size]!) ** 2;
  return { mean, error: Math.sqrt(squares / (rows - 1) / rows) };
}

/** The relaxed gradient is unbiased for E[L(X_t)]: along a direction, against differences at the same draws. */
function pathwiseCertificate(
  layer: HostLayer,
  t: number,
  objective: Quadratic,
  u: Float64Array,
  relaxed: Float64Array,
  direction: Float64Array,
): Certificate {
  const size = direction.length;
  const step = 1e-4 * t;
  const moved = (sign: number) =>
    layer.soft(
      u.map((value, at) => value + sign * step * direction[at % size]!),
      t,
    );
  const [above, below] = [moved(1), moved(-1)];
  const rows = u.length / size;
  let [error, scale] = [0, 0];
  for (let at = 0; at < u.length; at += size) {
    const value = (x: Float64Array) => objective.value(x.subarray(at, at + size));
    const slope = dot(relaxed.subarray(at, at + size), direction);
    error += slope - (value(above) - value(below)) / (2 * step);
    scale += Math.abs(slope);
  }
  const relative = Math.abs(error) / (scale + 1e-9 * rows);
  return single("the relaxed gradient is that of E[L(X_t)]: relative error", relative, 1e-2, () => ({
    direction: list(direction),
    temperature: t,
  }));
}

/** The score function is unbiased: it and the exact gradient agree if densities and draws are of one law. */
function scoreCertificate({ bias, standardError, mean }: Estimate): Certificate {
  const says = "draws and densities are of one law: bias of the score function in its standard errors";
  return single(says, bias / Math.max(standardError, 1e-300), DEVIATIONS, () => ({ mean: list(mean) }));
}

function single(says: string, error: number, allowed: number, example: () => Example): Certificate {
  const passed = error <= allowed;
  const base = { of: "estimator", says, worst: error, allowed, promised: true, passed };
  return passed ? base : { ...base, example: example() };
}
