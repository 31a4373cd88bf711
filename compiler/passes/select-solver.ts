/** Selects the argmax: the cheapest declared solver that the target can run, at the structure's actual sizes. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { checkingMembers } from "../kernel-language/member-check.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { isLibrary } from "../names.ts";
import { cheapest, costOf, type Selected } from "../selected.ts";
import type { Structure } from "../structure.ts";

/** `span` is where the structure is used, in the file of `declarations`. */
export function selectSolver(
  structure: Structure,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Kernel> {
  const found = cheapest(structure.argmax, target);
  if (found === undefined) {
    throw new Failure(span, "no-solver", `${structure.label} declares no argmax for ${target}`, {
      help: "declare one with argmax KERNEL",
    });
  }
  const { best, rejected } = found;
  const reason = rejected.length === 0 ? "the only declared solver" : "the cheapest at these sizes";
  const shape = { inputs: ["u"], output: structure.size };
  const solver = structureKernel(best.clause.solver, structure, declarations, span, shape);
  return {
    // The library's solvers are tested; of others it is told when they give what is no member.
    value: isLibrary(structure.source) ? solver : checkingMembers(solver, structure, `argmax ${best.name}`),
    decision: { pass: "solver", chosen: best.name, reason, rejected, ...costOf(best) },
  };
}
