/** Selects the argmax: the cheapest declared solver that the target can run, at the structure's actual sizes. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import type { Kernel, KernelExpression, KernelStatement } from "../ir/kernel/kernel.ts";
import { namesOf } from "../ir/kernel/rename.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { isLibrary } from "../names.ts";
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
  const solver = structureKernel(best.clause.solver, structure, declarations, span, shape);
  return {
    // The library's solvers are tested; of others it is told when they give what is no member.
    value: isLibrary(structure.source) ? solver : checkingMembers(solver, structure, best.name),
    decision: { pass: "solver", chosen: best.name, reason, rejected, ...costOf(best) },
  };
}

/** The solver, which then looks whether all that it gives is 0 or 1. */
function checkingMembers(solver: Kernel, structure: Structure, name: string): Kernel {
  const output = solver.outputs[0]!;
  const taken = namesOf(solver);
  let variable = "position";
  while (taken.has(variable)) variable += "_";
  const index: KernelExpression = { kind: "variable", name: variable, type: "i32" };
  const value: KernelExpression = { kind: "load", array: output.name, index, type: "f32" };
  const is = (member: number): KernelExpression => ({
    kind: "binary",
    operator: "equal",
    left: value,
    right: { kind: "constant", value: member, type: "f32" },
    type: "bool",
  });
  const condition: KernelExpression = { kind: "binary", operator: "or", left: is(0), right: is(1), type: "bool" };
  const message = `gave what is no member of ${structure.name}: argmax ${name} must set every element to 0 or 1`;
  const integer = (value: number): KernelExpression => ({ kind: "constant", value, type: "i32" });
  const check: KernelStatement = {
    kind: "for",
    variable,
    from: integer(0),
    to: integer(structure.size),
    reversed: false,
    parallel: true,
    body: [{ kind: "check", condition, message }],
  };
  return { ...solver, name: `${solver.name}_of_${structure.name}`, body: [...solver.body, check] };
}
