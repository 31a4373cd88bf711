/** Reads how long an experiment trains, and how often it validates: in steps, or in passes over the training data. */
import type { Expression, TrainingLength } from "../grammar/ast.ts";
import type { ExperimentSpec } from "./artifact.ts";
import { Failure } from "./failure.ts";

/** `what` names the length in messages; `numberOf` evaluates its count. Throws a Failure unless that is a count. */
export function readLength(
  { unit, count }: TrainingLength,
  what: string,
  numberOf: (e: Expression) => number,
): ExperimentSpec["train"]["steps"] {
  const number = count === undefined ? 1 : positiveInteger(count, what, numberOf);
  return unit === "epochs" ? { epochs: number } : number;
}

/** Throws a Failure for any other number. */
export function positiveInteger(e: Expression, what: string, numberOf: (e: Expression) => number): number {
  const value = numberOf(e);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Failure(e.span, "bad-size", `${what} must be a positive integer, but it is ${value}`);
}
