/**
 * The backward of implicit maximum-likelihood estimation, which every structure has by its argmax: a kernel over u, x
 * and cotangent for the difference of two members (Niepert, Minervini and Franceschi 2021).
 */
import type { Span } from "../../grammar/ast.ts";
import { parseExpression } from "../../grammar/parse.ts";
import type { Declarations } from "../declarations.ts";
import { GENERAL_SOURCE } from "../general-clauses.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { solverOf, structureArgument } from "../kernel-language/solver.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { costOf, type Selected } from "../selected.ts";
import type { StaticValue } from "../static-value.ts";
import type { Structure } from "../structure.ts";

const DIFFERENCE = parseExpression("map_difference").value!;

/** `span` is where the estimator is asked for, in the file of `declarations`. */
export function selectDifference(
  structure: Structure,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Kernel> {
  const options = new Map<string, StaticValue>([["S", structureArgument(structure, declarations, target, span)]]);
  const shape = { inputs: ["cotangent", "x", "u"], output: structure.size };
  const value = structureKernel(DIFFERENCE, structure, declarations, span, shape, options, GENERAL_SOURCE);
  const { best } = solverOf(structure, declarations, target, span);
  return {
    value,
    decision: {
      pass: "backward",
      chosen: "map_difference",
      reason: `asked for in the model (imle); it runs ${best.name} once more`,
      rejected: [],
      ...costOf(best),
    },
  };
}
