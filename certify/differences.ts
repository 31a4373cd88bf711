/**
 * Derivatives of functions of one number by central differences, extrapolated to a step of 0 (Richardson 1911; Ridders
 * 1982), with an estimate of what is left of the error.
 */

export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/** Each step is this much smaller than the last. */
const SHRINK = 1.57;
const STEPS = 9;
/** First steps to try, as parts of the scale on which the function changes: a smaller one where there is a kink. */
const FIRST = [0.37, 0.043, 0.0041, 0.00043];

/**
 * The derivative at 0 of a function that changes on the given scale: the two of several first steps that agree best.
 * One alone may seem exact by chance.
 */
export function derivative(f: (by: number) => number, scale: number, enough = 0): Estimate {
  const found: Estimate[] = [];
  let best: Estimate = { value: 0, error: Number.POSITIVE_INFINITY };
  for (const first of FIRST) {
    const here = extrapolated(f, first * scale);
    for (const other of found) {
      const error = Math.max(Math.abs(here.value - other.value), here.error, other.error);
      if (error < best.error) best = { value: here.error < other.error ? here.value : other.value, error };
    }
    if (best.error <= enough) break;
    found.push(here);
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
