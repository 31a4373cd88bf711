/**
 * Score functions with their baselines, (L(X) − b) ∂ log p(u) / ∂μ for a shift μ of the utilities u, which are the
 * action (paper, C.1), over draws one after the other.
 */
import { list } from "./certificate.ts";
import type { UtilityLaw } from "./utilities.ts";

/** Gradients of an estimator, a row for each draw. */
export interface Estimator {
  readonly name: string;
  readonly gradients: Float64Array;
  /** How many draws after one another share what they are compared with; 1 unless it is said. */
  readonly group?: number;
  /** Whether it is said to agree in the mean with the exact gradient. */
  readonly unbiased?: boolean;
}

/** Draws of an example, or examples of a batch, that a baseline is over. */
const SEVERAL = 4;
/** How much of a moving average is kept, as in models. */
const DECAY = 0.99;
/** The step of the trained baseline, which is one number here: all draws are of one example. */
const STEP = 0.01;

/** None where a shift moves the edge of the density: that is no gradient. */
export function scoreEstimators(law: UtilityLaw, losses: Float64Array, u: Float64Array): readonly Estimator[] {
  if (!law.hasDensity || !vanishesAtEdges(law)) return [];
  const { slope } = law.density(u);
  const size = u.length / losses.length;
  const withBaseline = (baseline: (row: number) => number) => {
    const advantages = losses.map((loss, row) => loss - baseline(row));
    return slope.map((each, at) => -each * advantages[Math.floor(at / size)]!);
  };
  const sum = losses.reduce((a, b) => a + b, 0);
  const groups = sumsOfGroups(losses);
  const others = (row: number) => (groups[Math.floor(row / SEVERAL)]! - losses[row]!) / (SEVERAL - 1);
  const averages = movingAverages(losses);
  const trained = trainedBaselines(losses, averages);
  const name = (baseline: string) => `score reinforce(baseline = ${baseline})`;
  return [
    { name: "score reinforce", gradients: withBaseline(() => 0), unbiased: true },
    { name: name("ema"), gradients: withBaseline((row) => averages[row]!) },
    {
      name: `${name("batch")} of ${SEVERAL}`,
      gradients: withBaseline((row) => groups[Math.floor(row / SEVERAL)]! / SEVERAL),
      group: SEVERAL,
    },
    { name: name(`leave_one_out(${SEVERAL})`), gradients: withBaseline(others), group: SEVERAL, unbiased: true },
    { name: "score nvil", gradients: withBaseline((row) => averages[row]! + trained[row]!) },
    {
      name: "score function, all other draws as baseline",
      gradients: withBaseline((row) => (sum - losses[row]!) / (losses.length - 1)),
      unbiased: true,
    },
  ];
}

function vanishesAtEdges(law: UtilityLaw): boolean {
  const { low, high } = law.support();
  const edges = [low, high].flatMap((edge) => list(law.density(edge).log).filter((_, i) => law.random[i]));
  return edges.every((log) => log <= -10);
}

function sumsOfGroups(losses: Float64Array): Float64Array {
  const sums = new Float64Array(Math.ceil(losses.length / SEVERAL));
  losses.forEach((loss, row) => {
    sums[Math.floor(row / SEVERAL)]! += loss;
  });
  return sums;
}

/** After each draw, as it is used for that draw; it starts at 0. */
function movingAverages(losses: Float64Array): Float64Array {
  let average = 0;
  return losses.map((loss) => {
    average = DECAY * average + (1 - DECAY) * loss;
    return average;
  });
}

/** What the squared error of a number makes of it by gradient descent, before each draw. */
function trainedBaselines(losses: Float64Array, averages: Float64Array): Float64Array {
  let baseline = 0;
  return losses.map((loss, row) => {
    const before = baseline;
    baseline += 2 * STEP * (loss - averages[row]! - baseline);
    return before;
  });
}
