/** Selects the argmax: the cheapest declared solver that the target can run, at the structure's actual sizes. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { solverOf } from "../kernel-language/solver.ts";
import { costOf, type Selected } from "../selected.ts";
import type { Structure } from "../structure.ts";

/** `span` is where the structure is used, in the file of `declarations`. */
export function selectSolver(
  structure: Structure,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Kernel> {
  const { kernel, best, rejected } = solverOf(structure, declarations, target, span);
  const reason = rejected.length === 0 ? "the only declared solver" : "the cheapest at these sizes";
  return { value: kernel, decision: { pass: "solver", chosen: best.name, reason, rejected, ...costOf(best) } };
}
