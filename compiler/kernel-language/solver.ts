/**
 * The argmax of a structure: which declared solver is the cheapest on a target, as a kernel of its own, and as what a
 * kernel with a parameter `S: Structure` runs as `S.argmax(direction)`.
 */
import type { ArgmaxClause, Span } from "../../grammar/ast.ts";
import type { Decision } from "../artifact.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { isLibrary } from "../names.ts";
import { cheapest } from "../selected.ts";
import type { StaticStructure } from "../static-value.ts";
import type { Candidate, Structure } from "../structure.ts";
import { checkingMembers } from "./member-check.ts";
import { structureKernel } from "./structure-kernel.ts";

export interface Solver {
  readonly kernel: Kernel;
  readonly best: Candidate<ArgmaxClause>;
  readonly rejected: Decision["rejected"];
}

/** The cheapest declared solver that the target can run; `span` is where the structure is used. */
export function solverOf(structure: Structure, declarations: Declarations, target: string, span: Span): Solver {
  const found = cheapest(structure.argmax, target);
  if (found === undefined) {
    throw new Failure(span, "no-solver", `${structure.label} declares no argmax for ${target}`, {
      help: "declare one with argmax KERNEL",
    });
  }
  const { best, rejected } = found;
  const shape = { inputs: ["u"], output: structure.size };
  const solver = structureKernel(best.clause.solver, structure, declarations, span, shape);
  // The library's solvers are tested; of others it is told when they give what is no member.
  const trusted = isLibrary(structure.source);
  return { kernel: trusted ? solver : checkingMembers(solver, structure, `argmax ${best.name}`), best, rejected };
}

/** The structure in use as a compile-time argument of kernels: the name `S` in its clauses. */
export function structureArgument(
  structure: Structure,
  declarations: Declarations,
  target: string,
  span: Span,
): StaticStructure {
  const { label, declaration, scope, size } = structure;
  // Of another name for a structure, those that it hands on.
  const own = declaration.parameters.map(({ name }) => [name.name, scope.lookup(name.name)!] as const);
  const argmax = () => {
    try {
      return solverOf(structure, declarations, target, span).kernel;
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      // Whoever runs the solver stands in another file.
      throw problem.in(declarations.source);
    }
  };
  return {
    kind: "applied-structure",
    label,
    declaration,
    arguments: new Map(own),
    dimensions: size,
    target,
    argmax,
  };
}
