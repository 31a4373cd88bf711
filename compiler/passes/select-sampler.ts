/** Selects how a member is drawn from p(x) ∝ exp(uᵀx / t): the cheapest declared sampler that the target can run. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { checkingMembers } from "../kernel-language/member-check.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { isLibrary } from "../names.ts";
import { cheapest, costOf, type Selected } from "../selected.ts";
import type { Structure } from "../structure.ts";

/** A kernel over u / t and uniform noise. `span` is where samples are asked for, in the file of `declarations`. */
export function selectSampler(
  structure: Structure,
  declarations: Declarations,
  target: string,
  span: Span,
): Selected<Kernel> {
  const found = cheapest(structure.samplers, target);
  if (found === undefined) {
    const elsewhere = structure.samplers[0]?.clause.target?.name;
    throw new Failure(span, "no-solver", `${structure.label} cannot be sampled from its exponential family`, {
      why: elsewhere === undefined ? "it declares no sampler" : `its sampler is declared for ${elsewhere} only`,
      help: "a latent variable draws members otherwise: its hard sample is the best member for noisy utilities",
    });
  }
  const { best, rejected } = found;
  const shape = { inputs: ["u"], free: ["noise"], output: structure.size };
  const sampler = structureKernel(best.clause.solver, structure, declarations, span, shape);
  return {
    value: isLibrary(structure.source) ? sampler : checkingMembers(sampler, structure, `sample ${best.name}`),
    decision: {
      pass: "sampler",
      chosen: best.name,
      reason: rejected.length === 0 ? "the only declared sampler" : "the cheapest at these sizes",
      rejected,
      ...costOf(best),
    },
  };
}
