/** Conditions on a structure's arguments, and the clauses that are there because one holds or another is not. */
import type { Expression, RelaxClause, StructureClause } from "../grammar/ast.ts";
import { Failure } from "./failure.ts";
import { type Environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic } from "./static-value.ts";

/** A condition on compile-time arguments. */
export function truth(e: Expression, scope: Environment): boolean {
  const value = evaluateStatic(e, scope);
  if (value.kind === "boolean") return value.value;
  throw new Failure(e.span, "type-mismatch", `a condition is true or false, but it is ${describeStatic(value)}`);
}

/** Whether a clause with this condition is there. */
export function holds(condition: Expression | undefined, scope: Environment): boolean {
  return condition === undefined || truth(condition, scope);
}

/** The relax clauses that are there at given arguments; one that refuses gives way to one that does not. */
export function relaxClauses(clauses: readonly StructureClause[], scope: Environment): RelaxClause[] {
  const there = clauses.filter((clause) => clause.kind === "relax").filter((clause) => holds(clause.when, scope));
  const answers = (clause: RelaxClause, refusal: RelaxClause) =>
    clause.refused === undefined &&
    clause.relaxation.name === refusal.relaxation.name &&
    (clause.target === undefined || clause.target.name === refusal.target?.name);
  return there.filter((each) => each.refused === undefined || !there.some((other) => answers(other, each)));
}
