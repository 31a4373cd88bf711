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
import { type Estimator, scoreEstimators } from "./score-estimators.ts";
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
  /** The relaxation and its temperature, where there is one. */
  readonly relaxed: { readonly layer: HostLayer; readonly t: number } | undefined;
  readonly law: UtilityLaw;
}

export function estimatorReport(specimen: Specimen, subject: EstimatorSubject, draws: Draws): EstimatorReport {
  const { size, members } = specimen;
  const { law } = subject;
  const objective = new Quadratic(size, draws);
  const u = law.sample(SAMPLES, draws);
  const exact = exactGradients(members, law, objective, u);
  const hard = specimen.solver.argmax(u);
  const cotangents = gradientsAt(objective, hard, size);
  const certificates: Certificate[] = [];
  const all: Estimator[] = [];
  if (subject.relaxed !== undefined) {
    const { layer, t } = subject.relaxed;
    const relaxedAt = (temperature: number): Estimator => {
      const results = layer.run(u, temperature);
      const gradients = layer.vjp(u, gradientsAt(objective, results.get("x")!, size), temperature, results);
      return { name: `relaxed at ${written(temperature)}`, gradients };
    };
    const relaxed = relaxedAt(t);
    all.push(relaxed, relaxedAt(t / 4));
    all.push({ name: `straight-through at ${written(t)}`, gradients: layer.vjp(u, cotangents, t) });
    certificates.push(pathwiseCertificate(layer, t, objective, u, relaxed.gradients, draws.normals(size)));
  }
  all.push(...[1, 10].map((lambda) => memberDifferences(specimen, u, hard, cotangents, lambda)));
  all.push(...scoreEstimators(law, losses(objective, hard, size), u));
  /** Utilities without noise have no part in it: X jumps with them. */
  const masked = (gradients: Float64Array) => gradients.map((value, at) => (law.random[at % size] ? value : 0));
  const estimates = all.map((each) => estimate({ ...each, gradients: masked(each.gradients) }, exact, size));
  all.forEach(({ unbiased }, i) => {
    if (unbiased === true) certificates.push(unbiasedCertificate(estimates[i]!));
  });
  const { mean, error } = meanOf(exact, size);
  return {
    objective: "L(x) = bᵀx + xᵀAx / 2 with random b, A",
    samples: SAMPLES,
    exact: { gradient: list(mean), norm: norm(mean), standardError: error },
    estimates,
    certificates,
  };
}

const written = (t: number) => String(Number(t.toPrecision(3)));

function losses(objective: Quadratic, x: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: x.length / size }, (_, r) =>
    objective.value(x.subarray(r * size, (r + 1) * size)),
  );
}

/** (X(u) − X(u − λ g)) / λ, which is the gradient of imle in a scale that can be compared. */
function memberDifferences(
  { solver }: Specimen,
  u: Float64Array,
  hard: Float64Array,
  cotangents: Float64Array,
  lambda: number,
): Estimator {
  const moved = solver.argmax(u.map((value, at) => value - lambda * cotangents[at]!));
  return { name: `imle(${lambda}) / ${lambda}`, gradients: hard.map((value, at) => (value - moved[at]!) / lambda) };
}

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

/** Of estimates that share draws, groups are what is independent; the variance is told for one draw all the same. */
function estimate({ name, gradients, group = 1 }: Estimator, exact: Float64Array, size: number): Estimate {
  const own = grouped(gradients, size, group);
  const truth = grouped(exact, size, group);
  const { mean, error } = meanOf(own, size);
  const differences = meanOf(
    own.map((value, at) => value - truth[at]!),
    size,
  );
  const draws = gradients.length / size;
  return {
    estimator: name,
    bias: norm(differences.mean),
    standardError: differences.error,
    variance: error * error * draws,
    mean: list(mean),
  };
}

/** Means of so many rows each. */
function grouped(values: Float64Array, size: number, group: number): Float64Array {
  const result = new Float64Array(values.length / group);
  values.forEach((value, at) => {
    result[Math.floor(at / (size * group)) * size + (at % size)]! += value / group;
  });
  return result;
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

/**
 * An unbiased estimator and the exact gradient have one mean, if densities and draws are of one law. A quadratic form
 * of normal variables is beyond 25 times its mean, which is 5 standard errors, with a probability of 6e-7 at most
 * (Székely and Bakirov 2003: the worst is that of one variable).
 */
function unbiasedCertificate({ estimator, bias, standardError, mean }: Estimate): Certificate {
  const says = `${estimator}: bias in its standard errors (by chance: once in 1.7 million)`;
  return single(says, bias / Math.max(standardError, 1e-300), DEVIATIONS, () => ({ mean: list(mean) }));
}

function single(says: string, error: number, allowed: number, example: () => Example): Certificate {
  const passed = error <= allowed;
  const base = { of: "estimator", says, worst: error, allowed, promised: true, passed };
  return passed ? base : { ...base, example: example() };
}
