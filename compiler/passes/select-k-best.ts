/** Selects how the most valuable members are listed: the cheapest declared k-best solver that the target can run. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import { isOwn, sourceOf } from "../general-clauses.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { checkingMembers } from "../kernel-language/member-check.ts";
import { structureArgument } from "../kernel-language/solver.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { isLibrary } from "../names.ts";
import { cheapest, costOf, type Selected } from "../selected.ts";
import { environment } from "../static-evaluate.ts";
import { type StaticValue, staticNumber } from "../static-value.ts";
import { candidate, headName, type Structure } from "../structure.ts";

/** Rows of more numbers than this in all are a slip. */
const LARGEST_LIST = 2 ** 24;

/**
 * A kernel from utilities to `best` rows, one for each member, by falling value; `found` of them are members, the
 * others are 0. `span` is where they are asked for, in the file of `declarations`.
 */
export function selectKBest(
  structure: Structure,
  best: number,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Kernel> {
  if (!Number.isInteger(best) || best < 1) {
    throw new Failure(span, "bad-size", `the number of best members must be a positive integer, not ${best}`);
  }
  if (best * structure.size > LARGEST_LIST) {
    const message = `${best} members of ${structure.label} are more than ${LARGEST_LIST} numbers`;
    throw new Failure(span, "too-large", message);
  }
  const self = structureArgument(structure, declarations, target, span);
  const options = new Map<string, StaticValue>([
    ["best", staticNumber(best)],
    ["S", self],
  ]);
  const costs = environment(options, structure.costs);
  const candidates = structure.kBest.map((clause) => candidate(clause, headName(clause.solver), costs));
  const found = cheapest(candidates, target);
  if (found === undefined) {
    throw new Failure(span, "no-solver", `${structure.label} cannot list its best members`, {
      why: `its k_best is not for ${target}`,
      help: "its best one is its argmax; declare k_best KERNEL for all targets, a kernel with the argument best",
    });
  }
  const { rejected } = found;
  const shape = { inputs: ["u"], output: best * structure.size, counts: ["found"] };
  const { clause } = found.best;
  const source = sourceOf(clause, structure.source);
  const solver = structureKernel(clause.solver, structure, declarations, span, shape, options, source);
  return {
    value: isLibrary(structure.source) ? solver : checkingMembers(solver, structure, `k_best ${found.best.name}`),
    decision: {
      pass: "k-best",
      chosen: found.best.name,
      reason: reasonFor(isOwn(clause), rejected.length === 0),
      rejected,
      ...costOf(found.best),
    },
  };
}

function reasonFor(declared: boolean, alone: boolean): string {
  if (!declared) return "none is declared; this one takes the argmax alone";
  return alone ? "the only declared k-best solver" : "the cheapest at these sizes";
}
