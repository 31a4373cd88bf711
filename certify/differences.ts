/**
 * Derivatives of functions of one number by central differences, extrapolated to a step of 0 (Richardson 1911; Ridders
 * 1982), with an estimate of what is left of the error.
 */

export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** Each step is this much smaller than the last. */
const SHRINK = 1.6;
const STEPS = 9;
/** First steps to try, as parts of the scale on which the function changes: a smaller one where there is a kink. */
const FIRST = [0.4, 0.04, 0.004, 0.0004];

/** The derivative at 0 of a function that changes on the given scale; the best of several first steps. */
export function derivative(f: (by: number) => number, scale: number, enough = 0): Estimate {
  let best: Estimate = { value: 0, error: Number.POSITIVE_INFINITY };
  for (const first of FIRST) {
    const found = extrapolated(f, first * scale);
    if (found.error < best.error) best = found;
    if (best.error <= enough) break;
  }
  return best;
}

function extrapolated(f: (by: number) => number, first: number): Estimate {
  let best: Estimate = { value: 0, error: Number.POSITIVE_INFINITY };
  let above: number[] = [];
  let step = first;
  for (let row = 0; row < STEPS; row++, step /= SHRINK) {
    const here = [(f(step) - f(-step)) / (2 * step)];
    let factor = 1;
    for (let column = 1; column <= row; column++) {
      factor *= SHRINK * SHRINK;
      const [left, upper] = [here[column - 1]!, above[column - 1]!];
      here.push((factor * left - upper) / (factor - 1));
      // What extrapolation changed, against both of the values that it was made of.
      const error = Math.max(Math.abs(here[column]! - left), Math.abs(here[column]! - upper));
      if (error < best.error) best = { value: here[column]!, error };
    }
    above = here;
  }
  return best;
}
