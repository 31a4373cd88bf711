/**
 * The exponential family p(x) ∝ exp(uᵀx) over the members of a structure: the kernels by which its questions are
 * answered, as far as the structure declares them. What it cannot answer is refused, with the reason and what it can.
 */
import type { Span } from "../grammar/ast.ts";
import type { Decision } from "./artifact.ts";
import type { Declarations } from "./declarations.ts";
import { Failure } from "./failure.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { logPartitionKernel } from "./kernel-language/structure-kernel.ts";
import { type Backward, type BackwardRequest, selectBackward } from "./passes/select-backward.ts";
import { selectRelaxation } from "./passes/select-relaxation.ts";
import { costOf } from "./selected.ts";
import { candidate, headName, type Structure } from "./structure.ts";

/** A decision, and the kernel that carries it out. */
export interface Decided {
  readonly decision: Omit<Decision, "latent">;
  readonly kernel: Kernel;
}

/** What is asked, such as `entropy`, and where: in the file of `declarations`. */
export interface Question {
  readonly query: string;
  readonly structure: Structure;
  readonly declarations: Declarations;
  readonly target: string;
  readonly span: Span;
}

export interface Marginals {
  /** From u to μ = E[x]. */
  readonly kernel: Kernel;
  /** From u, μ (called x) and a cotangent to the covariance of the members times the cotangent. */
  readonly backward: Backward;
  /** How the marginals are computed, then how they are differentiated. */
  readonly decided: readonly [Decided, Decided];
}

/** The marginals, of the utilities as they are: options that prepare them, such as `clip`, are for relaxations. */
export function marginalsOf(question: Question, request?: BackwardRequest): Marginals {
  const { structure, declarations, target, span } = question;
  const family = declarations.lookup("ExpFamily");
  if (family?.kind !== "relaxation") throw new Failure(span, "unknown-name", "there is no relaxation ExpFamily here");
  const { value, decision } = refusing(question, () => selectRelaxation(structure, family, declarations, target, span));
  const core = { ...value, forward: value.core, preparation: undefined };
  const backward = selectBackward(structure, core, declarations, span, request);
  return {
    kernel: value.core,
    backward: backward.value,
    decided: [
      { decision, kernel: value.core },
      { decision: backward.decision, kernel: backward.value.kernel },
    ],
  };
}

/** log Σ_x exp(uᵀx). */
export function logPartitionOf(question: Question): Decided {
  const { structure, declarations, span, query } = question;
  const kernel = logPartitionKernel(structure, declarations, span);
  if (kernel === undefined) {
    // Where marginals are refused, the reason is the same, and better.
    marginalsOf(question);
    throw new Failure(span, "no-solver", `${structure.label} has no ${query}`, {
      why: "it declares no log_partition",
      help: "declare one with log_partition by KERNEL",
    });
  }
  const clause = structure.logPartition!;
  const { name, ...cost } = candidate(clause, headName(clause.algorithm), structure.costs);
  const decision = { pass: "log-partition", chosen: name, reason: "the only one declared", rejected: [] } as const;
  return { decision: { ...decision, ...costOf(cost) }, kernel };
}

/** A structure without the exponential family is told as one that cannot answer the question. */
function refusing<T>({ query, structure, span }: Question, work: () => T): T {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof Failure) || problem.code !== "no-relaxation") throw problem;
    const { why, help, source } = problem;
    throw new Failure(span, "no-relaxation", `${structure.label} has no ${query}`, {
      why: why ?? "it has no ExpFamily relaxation, by which its marginals would be computed",
      help: [help, insteadOf(structure)].filter((each) => each !== undefined).join("; "),
      source,
    });
  }
}

/** Which questions can be asked even so. */
function insteadOf(structure: Structure): string | undefined {
  const can = [
    ...(structure.argmax.length > 0 ? ["argmax"] : []),
    ...(structure.samplers.length > 0 ? ["sample"] : []),
    ...(structure.kBest.length > 0 ? ["k_best"] : []),
  ];
  return can.length === 0 ? undefined : `it answers ${can.join(", ")}`;
}
