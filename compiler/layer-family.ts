/**
 * The exponential family of a structure on its own, compiled to host kernels: what it has, and for what it has not the
 * reason, which is an error where that was asked for.
 */
import type { Span } from "../grammar/ast.ts";
import type { CompiledFamily, Decision, Missing } from "./artifact.ts";
import type { Declarations } from "./declarations.ts";
import { logPartitionOf, marginalsOf } from "./exponential-family.ts";
import { Failure } from "./failure.ts";
import type { Query } from "./layer-request.ts";
import type { BackwardRequest } from "./passes/select-backward.ts";
import { selectSampler } from "./passes/select-sampler.ts";
import { printKernel } from "./printed-kernel.ts";
import type { Structure } from "./structure.ts";

export interface LayerFamily {
  readonly compiled: CompiledFamily;
  /** Of what was asked for. */
  readonly decisions: readonly Omit<Decision, "latent">[];
}

type Decide = (...made: readonly Omit<Decision, "latent">[]) => void;

/** What each part of a family is needed for. */
const NEEDED = {
  logPartition: ["log_partition", "entropy", "log_prob"],
  marginals: ["marginals", "entropy", "log_prob", "log_partition"],
  sampler: ["sample"],
} as const satisfies Record<keyof CompiledFamily, readonly Query[]>;

/** `span` is where the structure is used, in the file of `declarations`. */
export function compileFamily(
  structure: Structure,
  declarations: Declarations,
  span: Span,
  asked: readonly Query[],
  request?: BackwardRequest,
): LayerFamily {
  const decisions: Omit<Decision, "latent">[] = [];
  const part = <T>(name: keyof CompiledFamily, work: (query: Query, decide: Decide) => T): T | Missing => {
    const query = asked.find((each) => NEEDED[name].some((needed) => needed === each));
    const note: Decide = (...made) => {
      if (query !== undefined) decisions.push(...made);
    };
    try {
      return work(query ?? NEEDED[name][0], note);
    } catch (problem) {
      if (query !== undefined || !(problem instanceof Failure)) throw problem;
      const { message, why, help } = problem;
      return { missing: message, ...(why === undefined ? {} : { why }), ...(help === undefined ? {} : { help }) };
    }
  };
  const question = (query: Query) => ({ query, structure, declarations, target: "host", span });
  const compiled: CompiledFamily = {
    logPartition: part("logPartition", (query, decide) => {
      const { kernel, decision } = logPartitionOf(question(query));
      decide(decision);
      return printKernel(kernel);
    }),
    marginals: part("marginals", (query, decide) => {
      const { kernel, backward, decided } = marginalsOf(question(query), request);
      decide(...decided.map((each) => each.decision));
      return { kernel: printKernel(kernel), backward: printKernel(backward.kernel) };
    }),
    sampler: part("sampler", (_, decide) => {
      const { value, decision } = selectSampler(structure, declarations, "host", span);
      decide(decision);
      const noise = value.inputs.find((array) => array.name === "noise")!;
      return { kernel: printKernel(value), noise: noise.shape.reduce((a, b) => a * b, 1) };
    }),
  };
  return { compiled, decisions };
}
