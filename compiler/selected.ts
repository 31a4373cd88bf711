/** What a selection pass hands on: its choice, and the reasons for it as data. */
import type { Expression, Identifier } from "../grammar/ast.ts";
import type { Decision } from "./artifact.ts";
import type { Source } from "./diagnostic.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import type { StaticValue } from "./static-value.ts";

export interface Selected<T> {
  readonly value: T;
  readonly decision: Omit<Decision, "latent">;
}

/** The algorithm for a relaxation of a structure. */
export interface Relaxed {
  /** From u / t to X_t, the preparation included. */
  readonly forward: Kernel;
  /** The algorithm alone, whose derivative `symmetric` and `backward` speak of. */
  readonly core: Kernel;
  /** What the utilities pass through first, and the transpose of its derivative. */
  readonly preparation: { readonly kernel: Kernel; readonly transpose: Kernel } | undefined;
  readonly symmetric: boolean;
  readonly backward: Expression | undefined;
  /** The file in which the clause stands. */
  readonly source: Source;
  /** What it takes in place of the utilities of members, and the hard sample for that. */
  readonly takes: { readonly shape: readonly number[]; readonly solver: Selected<Kernel> } | undefined;
  /** Compile-time arguments for the kernels of this clause. */
  readonly options: ReadonlyMap<string, StaticValue>;
  readonly cost: number | undefined;
  readonly costFormula: string | undefined;
}

export interface Costed {
  readonly cost: number | undefined;
  readonly costFormula: string | undefined;
}

/** The declared cost of a candidate as fields of a decision. */
export function costOf(candidate: Costed): { cost?: number; costFormula?: string } {
  const { cost, costFormula } = candidate;
  return cost === undefined || costFormula === undefined ? {} : { cost, costFormula };
}

/** A solver that is declared for all targets or for one. */
interface Offered extends Costed {
  readonly name: string;
  readonly clause: { readonly target?: Identifier };
}

/**
 * The cheapest of several that the target can run, and why the others are not taken; one without a declared cost is the
 * last resort. What is declared for the target itself, such as another cost, stands in place of what is for all.
 * Undefined where the target can run none.
 */
export function cheapest<T extends Offered>(
  candidates: readonly T[],
  target: string,
): { readonly best: T; readonly rejected: Decision["rejected"] } | undefined {
  const isOwn = ({ clause }: T) => clause.target?.name === target;
  const usable = candidates.filter(
    (each) =>
      isOwn(each) ||
      (each.clause.target === undefined && !candidates.some((own) => isOwn(own) && own.name === each.name)),
  );
  const [best] = [...usable].sort((a, b) => (a.cost ?? Number.MAX_VALUE) - (b.cost ?? Number.MAX_VALUE));
  if (best === undefined) return undefined;
  const names = new Set(usable.map(({ name }) => name));
  const rejected = candidates
    .filter((candidate) => candidate !== best && (usable.includes(candidate) || !names.has(candidate.name)))
    .map((candidate) => ({
      option: candidate.name,
      reason: usable.includes(candidate)
        ? describeCost(candidate)
        : `declared for ${candidate.clause.target?.name ?? target} only`,
    }));
  return { best, rejected };
}

export function describeCost(candidate: Costed): string {
  const steps = candidate.cost === undefined ? "an unknown number of" : String(Math.round(candidate.cost));
  return `costs ${steps} steps (${candidate.costFormula ?? "undeclared"})`;
}
