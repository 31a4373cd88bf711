/** Conditions on a structure's arguments, and the clauses that are there because one holds or another is not. */
import type { Expression, StructureClause } from "../grammar/ast.ts";
import { Failure } from "./failure.ts";
import { type Environment, evaluateStatic } from "./static-evaluate.ts";
import { describeStatic } from "./static-value.ts";

/** A condition on compile-time arguments. */
export function truth(e: Expression, scope: Environment): boolean {
  const value = evaluateStatic(e, scope);
  if (value.kind === "boolean") return value.value;
  throw new Failure(e.span, "type-mismatch", `a condition is true or false, but it is ${describeStatic(value)}`);
}

/** The clauses that are there at given arguments; one that refuses gives way to one that does not. */
export function clausesThere(clauses: readonly StructureClause[], scope: Environment): StructureClause[] {
  const there = clauses.filter((clause) => {
    const condition = conditionOf(clause);
    return condition === undefined || truth(condition, scope);
  });
  return there.filter((clause) => !there.some((other) => answers(other, clause)));
}

function conditionOf(clause: StructureClause): Expression | undefined {
  switch (clause.kind) {
    case "argmax":
    case "sampler":
    case "k-best":
    case "relax":
    case "log-partition":
      return clause.when;
    // The shape that a count holds for is no condition: it binds the names of the formula.
    case "count":
    case "embedding":
    case "require":
    case "automaton":
      return undefined;
  }
}

/** Whether a clause says by what algorithm there is what the other refuses. */
function answers(clause: StructureClause, refusal: StructureClause): boolean {
  if (clause.kind !== "relax" || refusal.kind !== "relax" || refusal.refused === undefined) return false;
  if (clause.refused !== undefined || clause.relaxation.name !== refusal.relaxation.name) return false;
  return clause.target === undefined || clause.target.name === refusal.target?.name;
}
