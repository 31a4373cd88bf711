/**
 * Intervals of numbers: what a scalar of a kernel may be. An interval also knows whether both of its ends are surely
 * taken, so that an index beyond an array can be called a mistake.
 */
import type { KernelBinary, KernelUnary } from "./kernel.ts";

/** `low` to `high`, both included. Infinite ends mean that nothing is known, not even that it is a number. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /**
   * Where both ends are surely taken: the loop variables that take it there, none for a constant. Values of different
   * variables meet one another; those of the same do not.
   */
  readonly takenBy: ReadonlySet<string> | undefined;
}

export const anything: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, takenBy: undefined };
export const truth: Interval = { low: 0, high: 1, takenBy: undefined };

export function exactly(value: number): Interval {
  return Number.isNaN(value) ? anything : { low: value, high: value, takenBy: new Set() };
}

export function between(low: number, high: number, takenBy?: ReadonlySet<string>): Interval {
  return Number.isNaN(low) || Number.isNaN(high) ? anything : { low, high, takenBy };
}

export function isConstant({ low, high }: Interval): boolean {
  return low === high;
}

export function isBounded({ low, high }: Interval): boolean {
  return Number.isFinite(low) && Number.isFinite(high);
}

/** The smallest interval around both; which of the two it is in a run is not known. */
export function join(a: Interval, b: Interval): Interval {
  if (a === b) return a;
  if (isConstant(a) && isConstant(b) && a.low === b.low) return exactly(a.low);
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), takenBy: undefined };
}

/** What is in both; undefined for nothing. */
export function meet(a: Interval, low: number, high: number): Interval | undefined {
  if (a.low >= low && a.high <= high) return a;
  const [lowest, highest] = [Math.max(a.low, low), Math.min(a.high, high)];
  return lowest > highest ? undefined : { low: lowest, high: highest, takenBy: undefined };
}

/** Ends of `next` that leave `before` go to infinity: growing values come to an end. */
export function widen(before: Interval, next: Interval): Interval {
  return {
    low: next.low < before.low ? Number.NEGATIVE_INFINITY : before.low,
    high: next.high > before.high ? Number.POSITIVE_INFINITY : before.high,
    takenBy: undefined,
  };
}

export function contains(outer: Interval, inner: Interval): boolean {
  return outer.low <= inner.low && outer.high >= inner.high;
}

function together(a: Interval, b: Interval): ReadonlySet<string> | undefined {
  if (a.takenBy === undefined || b.takenBy === undefined) return undefined;
  for (const name of a.takenBy) if (b.takenBy.has(name)) return undefined;
  return new Set([...a.takenBy, ...b.takenBy]);
}

/** The interval of `operator` on values of the two, integers where `whole`: its corners, where it is monotone. */
export function binaryInterval(operator: KernelBinary, a: Interval, b: Interval, whole: boolean): Interval {
  switch (operator) {
    case "add":
      return between(a.low + b.low, a.high + b.high, together(a, b));
    case "subtract":
      return between(a.low - b.high, a.high - b.low, together(a, b));
    case "multiply":
      return isBounded(a) && isBounded(b) ? corners(a, b, (x, y) => x * y) : anything;
    case "divide":
      return isBounded(a) && isBounded(b) && (b.low > 0 || b.high < 0) ? corners(a, b, (x, y) => x / y) : anything;
    case "min":
      return between(Math.min(a.low, b.low), Math.min(a.high, b.high), together(a, b));
    case "max":
      return between(Math.max(a.low, b.low), Math.max(a.high, b.high), together(a, b));
    case "remainder":
      return remainder(a, b, whole ? 1 : 0);
    case "power":
      return anything;
    case "and":
      return between(Math.min(a.low, b.low), Math.min(a.high, b.high));
    case "or":
      return between(Math.max(a.low, b.low), Math.max(a.high, b.high));
    case "equal":
    case "not-equal":
    case "less":
    case "less-equal":
    case "greater":
    case "greater-equal":
      return compare(operator, a, b);
  }
}

function corners(a: Interval, b: Interval, apply: (x: number, y: number) => number): Interval {
  const values = [apply(a.low, b.low), apply(a.low, b.high), apply(a.high, b.low), apply(a.high, b.high)];
  return between(Math.min(...values), Math.max(...values), together(a, b));
}

/** The sign of a % b is that of b, and it stays below |b|: by `gap`. */
function remainder(a: Interval, b: Interval, gap: number): Interval {
  if (!isBounded(a) || !isBounded(b) || (b.low <= 0 && b.high >= 0)) return anything;
  if (a.low >= 0 && a.high < b.low) return a;
  return b.low > 0 ? between(0, b.high - gap) : between(b.low + gap, 0);
}

type Comparison = "equal" | "not-equal" | "less" | "less-equal" | "greater" | "greater-equal";

/** An infinite end may stand for what is not a number, of which no comparison holds. */
function compare(operator: Comparison, a: Interval, b: Interval): Interval {
  if (!isBounded(a) || !isBounded(b)) return truth;
  const decided = (yes: boolean, no: boolean) => (yes ? exactly(1) : no ? exactly(0) : truth);
  const [apart, same] = [a.high < b.low || b.high < a.low, isConstant(a) && isConstant(b) && a.low === b.low];
  switch (operator) {
    case "less":
      return decided(a.high < b.low, a.low >= b.high);
    case "less-equal":
      return decided(a.high <= b.low, a.low > b.high);
    case "greater":
      return decided(a.low > b.high, a.high <= b.low);
    case "greater-equal":
      return decided(a.low >= b.high, a.high < b.low);
    case "equal":
      return decided(same, apart);
    case "not-equal":
      return decided(apart, same);
  }
}

export function unaryInterval(operator: KernelUnary, a: Interval): Interval {
  switch (operator) {
    case "negate":
      return between(-a.high, -a.low, a.takenBy);
    case "not":
      return between(1 - a.high, 1 - a.low);
    case "abs":
      if (a.low >= 0) return a;
      return between(a.high <= 0 ? -a.high : 0, Math.max(-a.low, a.high));
    case "floor":
      return between(Math.floor(a.low), Math.floor(a.high), a.takenBy);
    case "to-i32":
      return between(Math.trunc(a.low), Math.trunc(a.high), a.takenBy);
    case "to-f32":
    case "detach":
      return a;
    case "exp":
    case "log":
    case "log1p":
    case "expm1":
    case "sqrt":
      return anything;
  }
}
