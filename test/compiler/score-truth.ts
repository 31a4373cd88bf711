/**
 * What score functions must compute by the published formulas: an oracle in float64, itself held against the golden
 * truth, and models whose samples have given losses and utilities.
 */
import type { Run, Values } from "../examples/nri.ts";
import { expectClose, golden } from "../golden.ts";
import { random } from "../tensor/harness.ts";

export type Kind = "none" | "ema" | "batch" | "multi_sample" | "leave_one_out" | "nvil";
export const KINDS: readonly Kind[] = ["none", "ema", "batch", "multi_sample", "leave_one_out", "nvil"];
type Matrix = readonly (readonly number[])[];

export interface Given {
  readonly kind: Kind;
  /** Loss and log-probability: sample, example. */
  readonly loss: Matrix;
  /** Example, element. */
  readonly theta: Matrix;
  /** Sample, example, element. */
  readonly utilities: readonly Matrix[];
  /** Of each example. */
  readonly baseline: readonly number[];
  readonly average: number;
  readonly decay: number;
  /** Of the baseline's squared error, and of the divergence: one over the vertices, as published. */
  readonly weight: number;
}

interface Found {
  readonly average: number;
  /** What is minimised, and the surrogate of it that is differentiated. */
  readonly reported: number;
  readonly objective: number;
  readonly loss: Matrix;
  readonly theta: Matrix;
  readonly baseline: readonly number[];
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

/** The published formulas (the golden file's conventions), and their gradients by hand. */
export function oracle({ kind, loss, theta, utilities, baseline, average, decay, weight }: Given): Found {
  const [samples, batch] = [loss.length, theta.length];
  const next = decay * average + (1 - decay) * mean(loss.flat());
  const column = (b: number) => loss.map((row) => row[b]!);
  const baselineOf = (s: number, b: number): number => {
    switch (kind) {
      case "none":
        return 0;
      case "ema":
        return next;
      case "batch":
        return mean(loss.flat());
      case "multi_sample":
        return mean(column(b));
      case "leave_one_out":
        return (sum(column(b)) - loss[s]![b]!) / (samples - 1);
      case "nvil":
        return next + baseline[b]!;
    }
  };
  const divisor = batch * (kind === "multi_sample" ? samples - 1 : samples);
  const advantage = loss.map((row, s) => row.map((value, b) => value - baselineOf(s, b)));
  const slope = (s: number, b: number, e: number) => 1 - Math.exp(theta[b]![e]! - utilities[s]![b]![e]!);
  const log = (s: number, b: number, e: number) => {
    const d = utilities[s]![b]![e]! - theta[b]![e]!;
    return -d - Math.exp(-d);
  };
  const residual = (s: number, b: number) => (kind === "nvil" ? loss[s]![b]! - next - baseline[b]! : 0);
  const each = loss.map((row, s) =>
    row.map(
      (value, b) =>
        value + advantage[s]![b]! * sum(theta[b]!.map((_, e) => log(s, b, e))) + weight * residual(s, b) ** 2,
    ),
  );
  // The divergence from Gumbel(0), exp(−θ) − 1 + θ, is no part of what is rewarded.
  const divergence = weight * sum(theta.flat().map((value) => Math.exp(-value) - 1 + value));
  return {
    average: next,
    reported: mean(loss.flat()) + divergence / batch,
    objective: sum(each.flat()) / divisor + divergence / batch,
    loss: loss.map((row) => row.map(() => 1 / divisor)),
    // ∂ log p / ∂θ = 1 − exp(θ − U), and 0 through the sample: U is detached.
    theta: theta.map((row, b) =>
      row.map((value, e) => {
        const scores = loss.map((_, s) => advantage[s]![b]! * slope(s, b, e));
        return sum(scores) / divisor + (weight * (1 - Math.exp(-value))) / batch;
      }),
    ),
    baseline: theta.map((_, b) => sum(loss.map((_, s) => -2 * weight * residual(s, b))) / divisor),
  };
}

/** A golden case's numbers. */
interface GoldenInputs {
  readonly kind: Kind;
  readonly n: number;
  readonly loss_nll: Matrix;
  readonly theta: readonly (readonly number[][])[];
  readonly U: readonly (readonly (readonly number[][])[])[];
  readonly baseline: readonly number[];
  readonly ema_old: number;
  readonly ema_coef: number;
}
interface GoldenOutputs {
  readonly ema_new: number;
  readonly objective: number;
  readonly g_nll: Matrix;
  readonly g_theta: readonly (readonly number[][])[];
  readonly g_baseline: readonly number[];
}

const truth = golden("reinforce") ?? [];
export const goldenCases = truth.map(({ name, inputs, outputs, tolerance }) => {
  const { kind, n, loss_nll, theta, U, baseline, ema_old, ema_coef } = inputs as unknown as GoldenInputs;
  const given: Given = {
    kind,
    loss: loss_nll,
    theta: theta.map((row) => row.flat()),
    utilities: U.map((rows) => rows.map((row) => row.flat())),
    baseline,
    average: ema_old,
    decay: ema_coef,
    weight: 1 / n,
  };
  return { name, given, outputs: outputs as unknown as GoldenOutputs, tolerance };
});

/** Rows of parameters, of which each example picks its own, so that gradients are those of each example. */
function model(estimator: string, batch: number, elements: number, weight: number): string {
  return `
model M() {
  data pick: f32[${batch}]
  param theta: f32[${batch}, ${elements}] ~ zeros
  param worth: f32[${batch}, ${elements}] ~ zeros
  param guess: f32[${batch}] ~ zeros
  latent z: Subset(${elements}) ~ Gumbel(pick @ theta) score ${estimator}
  prior z ~ Gumbel(0)
  metric hard_is_used = sum(z * (pick @ worth))
  minimize sum(z * (pick @ worth)) + ${weight} * kl + 0 * sum(pick * guess)
}`;
}

const CLAUSES: { readonly [K in Kind]: (samples: number, weight: number) => string } = {
  none: (samples) => `reinforce(samples = ${samples})`,
  ema: (samples) => `reinforce(baseline = ema, samples = ${samples})`,
  batch: (samples) => `reinforce(baseline = batch, samples = ${samples})`,
  multi_sample: (samples) => `reinforce(baseline = multi_sample(${samples}))`,
  leave_one_out: (samples) => `reinforce(baseline = leave_one_out(${samples}))`,
  nvil: (samples, weight) => `nvil(sum(pick * guess), weight = ${weight}, samples = ${samples})`,
};

/** Worths of the elements of each example with which its samples have the given losses. */
function worths({ loss, utilities }: Given): Matrix {
  return utilities[0]!.map((_, b) => {
    const members = utilities.map((rows) => rows[b]!.map((u) => (u > 0 ? 1 : 0)));
    const weights = solve(
      members.map((x) => members.map((y) => sum(x.map((value, e) => value * y[e]!)))),
      loss.map((row) => row[b]!),
    );
    return members[0]!.map((_, e) => sum(members.map((member, s) => weights[s]! * member[e]!)));
  });
}

/** Gaussian elimination with pivoting. */
function solve(matrix: Matrix, right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let c = 0; c < rows.length; c++) {
    const pivot = rows.slice(c).reduce((best, row) => (Math.abs(row[c]!) > Math.abs(best[c]!) ? row : best));
    rows.splice(rows.indexOf(pivot), 1);
    rows.splice(c, 0, pivot);
    for (const row of rows.slice(c + 1)) {
      const factor = row[c]! / pivot[c]!;
      for (let j = c; j < row.length; j++) row[j] = row[j]! - factor * pivot[j]!;
    }
  }
  const x: number[] = rows.map(() => 0);
  for (let c = rows.length - 1; c >= 0; c--) {
    const rest = sum(x.map((value, j) => value * rows[c]![j]!));
    x[c] = (rows[c]!.at(-1)! - rest) / rows[c]![c]!;
  }
  return x;
}

/** Gumbel noise of which the utilities are made. */
const noiseOf = (utilities: Matrix, theta: Matrix) =>
  utilities.flatMap((row, b) => row.map((u, e) => Math.exp(-Math.exp(theta[b]![e]! - u))));

export async function expectFormula(run: Run, given: Given, tolerance: { abs: number; rel: number }): Promise<void> {
  const { kind, theta, utilities, baseline, average, weight } = given;
  const [samples, batch, elements] = [utilities.length, theta.length, theta[0]!.length];
  const text = model(CLAUSES[kind](samples, weight), batch, elements, weight);
  const worth = worths(given);
  const pick = Array.from({ length: batch * batch }, (_, i) => (i % (batch + 1) === 0 ? 1 : 0));
  const noise = utilities.map((rows, s) => [s === 0 ? "z" : `z.${s + 1}`, noiseOf(rows, theta)] as const);
  const hasAverage = kind === "ema" || kind === "nvil";
  const found = await run({ text, arguments: {} }, "train", {
    batch,
    inputs: { pick },
    parameters: { theta: theta.flat(), worth: worth.flat(), guess: baseline },
    states: hasAverage ? { "z.ema": [average] } : ({} as Values),
    noise: Object.fromEntries(noise),
  });
  const wanted = oracle(given);
  expectClose(found.loss!, [wanted.reported], tolerance, "the loss itself is reported");
  expectClose(found["gradient:theta"]!, wanted.theta.flat(), tolerance, "by theta");
  const members = (b: number, e: number) => utilities.map((rows) => (rows[b]![e]! > 0 ? 1 : 0));
  const worthGradient = theta.map((row, b) =>
    row.map((_, e) => sum(members(b, e).map((x, s) => x * wanted.loss[s]![b]!))),
  );
  expectClose(found["gradient:worth"]!, worthGradient.flat(), tolerance, "by the loss");
  expectClose(found["gradient:guess"]!, wanted.baseline, tolerance, "by the baseline");
  if (hasAverage) expectClose(found["state:z.ema"]!, [wanted.average], tolerance, "moving average");
  const losses = theta.map((_, b) => mean(given.loss.map((row) => row[b]!)));
  expectClose(found["metric:hard_is_used"]!, losses, tolerance, "metrics are means over the samples");
}

/** Random cases beyond the golden ones. */
export function randomCase(kind: Kind, samples: number): Given {
  const next = random(17);
  const normal = () => sum(Array.from({ length: 12 }, next)) - 6;
  const [batch, elements] = [3, 9];
  const row = () => Array.from({ length: elements }, normal);
  const theta = Array.from({ length: batch }, row);
  const gumbel = (location: number) => location - Math.log(-Math.log(0.02 + 0.96 * next()));
  return {
    kind,
    loss: Array.from({ length: samples }, () => Array.from({ length: batch }, () => 5 + normal())),
    theta,
    utilities: Array.from({ length: samples }, () => theta.map((each) => each.map(gumbel))),
    baseline: Array.from({ length: batch }, normal),
    average: 2,
    decay: 0.99,
    weight: 0.3,
  };
}
