/** Selects the argmax: the cheapest declared solver that the target can run, at the structure's actual sizes. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { costOf, describeCost, type Selected } from "../selected.ts";
import type { Structure } from "../structure.ts";

/** `span` is where the structure is used, in the file of `declarations`. */
export function selectSolver(
  structure: Structure,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Kernel> {
  const usable = structure.argmax.filter(({ clause }) => clause.target === undefined || clause.target.name === target);
  // A solver without a declared cost is the last resort.
  const [best] = [...usable].sort((a, b) => (a.cost ?? Number.MAX_VALUE) - (b.cost ?? Number.MAX_VALUE));
  if (best === undefined) {
    throw new Failure(span, "no-solver", `${structure.label} declares no argmax for ${target}`, {
      help: "declare one with argmax KERNEL",
    });
  }
  const rejected = structure.argmax
    .filter((candidate) => candidate !== best)
    .map((candidate) => ({
      option: candidate.name,
      reason: usable.includes(candidate)
        ? describeCost(candidate)
        : `declared for ${candidate.clause.target?.name ?? target} only`,
    }));
  const reason = rejected.length === 0 ? "the only declared solver" : "the cheapest at these sizes";
  const shape = { inputs: ["u"], output: structure.size };
  return {
    value: structureKernel(best.clause.solver, structure, declarations, span, shape),
    decision: { pass: "solver", chosen: best.name, reason, rejected, ...costOf(best) },
  };
}
