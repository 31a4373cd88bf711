/** Selects how a soft sample is differentiated: the cheapest legal backward, or the one asked for where it is legal. */
import type { Span } from "../../grammar/ast.ts";
import type { Declarations } from "../declarations.ts";
import { Failure } from "../failure.ts";
import { difference } from "../ir/kernel/difference.ts";
import { dual } from "../ir/kernel/dual.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { type Reversed, reverse } from "../ir/kernel/reverse.ts";
import { sequenceBackward } from "../ir/kernel/sequence.ts";
import { structureKernel } from "../kernel-language/structure-kernel.ts";
import { Memo, type StaticValues } from "../memo.ts";
import { relaxationInputs, sizeOf } from "../relaxation-input.ts";
import { type Costed, costOf, type Relaxed, type Selected } from "../selected.ts";
import type { Structure } from "../structure.ts";

/** From cheap to dear. */
export const STRATEGIES = ["custom", "dual", "autodiff", "finite_difference"] as const;
type Strategy = (typeof STRATEGIES)[number];

/** A kernel over u / t, x (the soft sample) and cotangent, or some of them by name, for the vector–Jacobian product. */
export interface Backward {
  readonly strategy: Strategy;
  readonly kernel: Kernel;
}

/** `backward finite_difference(1e-2)`, as written at `span`. */
export interface BackwardRequest {
  readonly strategy: string;
  readonly epsilon?: number;
  readonly span: Span;
}

/** `span` is where the relaxation is asked for, in the file of `declarations`. */
export function selectBackward(
  structure: Structure,
  relaxed: Relaxed,
  declarations: Declarations,
  span: Span,
  request?: BackwardRequest,
): Selected<Backward> {
  const illegal = illegalStrategies(relaxed);
  if (request !== undefined) checkRequest(request, illegal, structure);
  const chosen = STRATEGIES.find((each) => (request === undefined ? !illegal.has(each) : each === request.strategy));
  if (chosen === undefined) {
    throw new Failure(span, "no-backward", `this relaxation of ${structure.label} has no legal backward`, {
      why: [...illegal].map(([strategy, reason]) => `${strategy}: ${reason}`).join("; "),
      help: "declare the relaxation symmetric, if its Jacobian is, or give it a backward kernel",
    });
  }
  const core = coreBackward(chosen, structure, relaxed, declarations, span, request?.epsilon);
  const kernel = relaxed.preparation === undefined ? core : sequenceBackward(relaxed.preparation, core);
  const rejected = STRATEGIES.filter((strategy) => strategy !== chosen).map((option) => ({
    option,
    reason: illegal.get(option) ?? LOST[option],
  }));
  const reason = request === undefined ? REASON[chosen] : "asked for in the model";
  const then = relaxed.preparation === undefined ? "" : "; the transpose of the preparation follows";
  return {
    value: { strategy: chosen, kernel },
    decision: {
      pass: "backward",
      chosen,
      reason: `${reason}${then}`,
      rejected,
      ...costOf(backwardCost(chosen, relaxed)),
    },
  };
}

/**
 * A closed form is one more pass like the forward; dual numbers and differences are two; reverse mode is one forwards
 * and one backwards, of twice the work (Griewank and Walther 2008).
 */
const PASSES: Readonly<Record<Strategy, number>> = { custom: 1, dual: 2, autodiff: 3, finite_difference: 2 };

function backwardCost(strategy: Strategy, { cost, costFormula }: Relaxed): Costed {
  const passes = PASSES[strategy];
  if (passes === 1 || cost === undefined || costFormula === undefined) return { cost, costFormula };
  const [formula, sizes] = costFormula.split(" with ");
  return { cost: passes * cost, costFormula: `${passes} * (${formula})${sizes === undefined ? "" : ` with ${sizes}`}` };
}

/** Why a strategy cannot be used, for those that cannot. */
function illegalStrategies(relaxed: Relaxed): ReadonlyMap<Strategy, string> {
  const illegal = new Map<Strategy, string>();
  if (relaxed.backward === undefined) {
    illegal.set("custom", "the structure declares no closed-form backward for this relaxation");
  }
  if (!relaxed.symmetric) {
    const asymmetric = "the relaxation is not declared symmetric";
    illegal.set("dual", `${asymmetric}, so a forward derivative is not the backward`);
    illegal.set("finite_difference", `${asymmetric} (paper, eq. 56 needs a symmetric Jacobian)`);
  }
  const { refused } = reversed(relaxed);
  if (refused !== undefined) illegal.set("autodiff", refused);
  return illegal;
}

function checkRequest(request: BackwardRequest, illegal: ReadonlyMap<Strategy, string>, structure: Structure): void {
  const known = STRATEGIES.find((strategy) => strategy === request.strategy);
  if (known === undefined) {
    throw new Failure(request.span, "unknown-backward", `there is no backward ${request.strategy}`, {
      help: `choose one of ${STRATEGIES.join(", ")}`,
    });
  }
  if (request.epsilon !== undefined && known !== "finite_difference") {
    throw new Failure(request.span, "too-many-arguments", `backward ${known} takes no arguments`);
  }
  const reason = illegal.get(known);
  if (reason === undefined) return;
  const legal = STRATEGIES.filter((strategy) => !illegal.has(strategy));
  throw new Failure(request.span, "illegal-backward", `backward ${known} does not apply to ${structure.label} here`, {
    why: reason,
    help: legal.length === 0 ? "no strategy is legal here" : `legal here: ${legal.join(", ")}`,
  });
}

const DUALS = new Memo<Kernel, Kernel>();
const REVERSED = new Memo<Kernel, Reversed>();
const NO_VALUES: StaticValues = new Map();

function reversed({ core }: Relaxed): Reversed {
  return REVERSED.get(core, NO_VALUES, () => reverse(core, "u"));
}

/** What a closed form is given: as the forward, and R knows the forward itself. */
function withForward({ options, core }: Relaxed): StaticValues {
  const relaxation = options.get("R");
  if (relaxation?.kind !== "relaxation") return options;
  return new Map(options).set("R", { ...relaxation, forward: core });
}

/** The backward of the algorithm alone, preparation left out. */
function coreBackward(
  strategy: Backward["strategy"],
  structure: Structure,
  relaxed: Relaxed,
  declarations: Declarations,
  span: Span,
  epsilon = 1e-2,
): Kernel {
  switch (strategy) {
    case "custom": {
      const taken = relaxed.takes?.shape;
      const further = relaxed.core.outputs.slice(1);
      const output = taken === undefined ? structure.size : sizeOf(taken);
      const shape = { ...relaxationInputs(["cotangent", "x", "u"], taken), further, output };
      const options = withForward(relaxed);
      return structureKernel(relaxed.backward!, structure, declarations, span, shape, options, relaxed.source);
    }
    case "dual":
      return DUALS.get(relaxed.core, NO_VALUES, () => dual(relaxed.core, "u"));
    case "autodiff":
      return reversed(relaxed).kernel!;
    case "finite_difference":
      return difference(relaxed.core, "u", epsilon);
  }
}

const REASON: Readonly<Record<Strategy, string>> = {
  custom: "a closed form is declared",
  dual: "the Jacobian is symmetric, so the forward kernel on dual numbers is an exact backward",
  autodiff: "the forward kernel, run forwards and then backwards, is an exact backward of any Jacobian",
  finite_difference: "the Jacobian is symmetric (paper, eq. 56)",
};
const LOST: Readonly<Record<Strategy, string>> = {
  dual: "exact too, but dearer than the closed form",
  autodiff: "exact too, but dearer than what needs no run backwards",
  finite_difference: "inexact, with a step size to tune",
  custom: "not asked for",
};
