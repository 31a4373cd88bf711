/** Reductions over a range: as a statement of kernel IR, or as a loop that accumulates. */
import { Failure } from "../failure.ts";
import type { KernelExpression, KernelStatement, ScalarType } from "../ir/kernel/kernel.ts";
import { fold, toReal } from "./arithmetic.ts";
import type { Emitter, Place } from "./emitter.ts";

export const REDUCTIONS = ["sum", "max", "min", "argmax", "argmin"] as const;
export type Reduction = (typeof REDUCTIONS)[number];
type ReductionParts = Omit<Extract<KernelStatement, { kind: "reduce" }>, "kind" | "type">;

export function emitReduction(emitter: Emitter, parts: ReductionParts, place: Place): KernelExpression {
  const { operator, value, name } = parts;
  if (value.type === "bool") {
    throw new Failure(place.span, "type-mismatch", `${operator} needs numbers, but these are true or false`, {
      help: "count with sum(if … then 1 else 0 for …)",
    });
  }
  const type: ScalarType = operator === "argmax" || operator === "argmin" ? "i32" : value.type;
  const statement: KernelStatement = { kind: "reduce", ...parts, type };
  emitter.places.set(statement, place);
  emitter.push(statement);
  return { kind: "variable", name, type };
}

/** A reduction whose condition or terms need names of their own (exp, divisions). */
export function emitReducingLoop(
  emitter: Emitter,
  parts: ReductionParts,
  before: readonly KernelStatement[],
  named: readonly KernelStatement[],
  place: Place,
): KernelExpression {
  const { name, operator, condition, variable, from, to } = parts;
  if (operator === "argmax" || operator === "argmin") {
    const message = `store the values in a shared array before taking their ${operator}`;
    throw new Failure(place.span, "bad-reduction", message);
  }
  const first = operator === "sum" ? 0 : operator === "max" ? -1e300 : 1e300;
  const result: KernelExpression = { kind: "variable", name, type: "f32" };
  const combined = fold(operator === "sum" ? "add" : operator, result, toReal(parts.value), "f32");
  const step: readonly KernelStatement[] = [...named, { kind: "assign", name, value: combined }];
  const guarded: readonly KernelStatement[] =
    condition === undefined ? step : [{ kind: "if", condition, consequent: step, alternative: [] }];
  const body = [...before, ...guarded];
  const loop: KernelStatement = { kind: "for", variable, from, to, reversed: false, parallel: false, body };
  emitter.places.set(loop, place);
  emitter.push(
    { kind: "declare", name, type: "f32", mutable: true, value: { kind: "constant", value: first, type: "f32" } },
    loop,
  );
  return result;
}
