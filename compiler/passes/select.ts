/**
 * Selection: which solver, which relaxation algorithm and which backward a latent gets, with the reasons for the choice and
 * what was rejected. Everything decided here is data; `sstc explain` prints it.
 */
import type { Expression, KernelDeclaration, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Decision } from "../artifact.ts";
import { Failure } from "../failure.ts";
import { dual } from "../ir/kernel/dual.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { bindStatic, type Environment, environment } from "../static-evaluate.ts";
import type { StaticRelaxation, StaticValue } from "../static-value.ts";
import { type Declarations, headName, relaxationArguments, type Structure } from "../structure.ts";
import { lowerKernel } from "./lower-kernel.ts";

export interface Selected<T> {
  readonly value: T;
  readonly decision: Omit<Decision, "latent">;
}

/** The cheapest declared solver that this target can run. */
export function selectSolver(structure: Structure, declarations: Declarations, target: string): Selected<Kernel> {
  const usable = structure.argmax.filter((candidate) => candidate.clause.target === undefined || candidate.clause.target.name === target);
  const sorted = [...usable].sort((a, b) => (a.cost ?? 0) - (b.cost ?? 0));
  const best = sorted[0];
  if (best === undefined) throw new Failure(structure.declaration.name.span, "no-solver", `${structure.label} declares no argmax for ${target}`);
  const rejected = structure.argmax.filter((candidate) => candidate !== best).map((candidate) => ({
    option: candidate.name,
    reason: usable.includes(candidate) ? `costs ${steps(candidate.cost)} (${candidate.costFormula ?? "undeclared"})` : `declared for ${candidate.clause.target?.name ?? target} only`,
  }));
  const value = lowerCall(best.clause.solver, structure, declarations, new Map());
  const reason = rejected.length === 0 ? "the only declared solver" : "the cheapest at these sizes";
  return { value, decision: { pass: "solver", chosen: best.name, reason, rejected, ...costOf(best) } };
}

function costOf(candidate: { cost: number | undefined; costFormula: string | undefined }) {
  return candidate.cost === undefined ? {} : { cost: candidate.cost, costFormula: candidate.costFormula! };
}

function steps(cost: number | undefined): string {
  return cost === undefined ? "an unknown number of steps" : `${Math.round(cost)} steps`;
}

export interface Relaxed {
  readonly forward: Kernel;
  readonly backward: Expression | undefined;
  readonly symmetric: boolean;
  readonly scope: ReadonlyMap<string, StaticValue>;
  readonly cost: number | undefined;
}

/** The algorithm for a regulariser on this structure; refuses with the alternatives when there is none. */
export function selectRelaxation(structure: Structure, relaxation: StaticRelaxation, declarations: Declarations, span: Span): Selected<Relaxed> {
  const name = relaxation.declaration.name.name;
  const separable = relaxation.declaration.body.some((clause) => clause.name.name === "map");
  const fits = (candidate: Structure["relaxations"][number]) => candidate.name === name || (candidate.name === "Separable" && separable);
  const candidate = structure.relaxations.find((each) => each.name === name) ?? structure.relaxations.find(fits);
  const offered = structure.relaxations.filter((each) => each.clause.refused === undefined).map((each) => (each.name === "Separable" ? "Euclidean, CategoricalEntropy, BinaryEntropy" : each.name));
  const help = offered.length === 0 ? "declare one with relax … by …" : `it has ${offered.join(", ")}`;
  if (candidate === undefined) throw new Failure(span, "no-relaxation", `${structure.label} has no ${name} relaxation`, { help });
  if (candidate.clause.refused !== undefined) throw new Failure(span, "no-relaxation", `${name} is refused for ${structure.label}`, { why: candidate.clause.refused.value, help });
  const scope = relaxationArguments(candidate.clause, relaxation, structure.scope);
  for (const given of relaxation.arguments.keys()) {
    const known = candidate.clause.parameters.some((parameter) => parameter.name.name === given) || relaxation.declaration.parameters.some((parameter) => parameter.name.name === given);
    if (!known) throw new Failure(span, "unknown-argument", `${name} on ${structure.label} has no argument ${given}`);
  }
  scope.set("R", relaxation);
  const forward = lowerCall(candidate.clause.algorithm!, structure, declarations, scope);
  const rejected = structure.relaxations.filter((each) => each !== candidate).map((each) => ({ option: each.name, reason: each.clause.refused?.value ?? "not the regulariser that was asked for" }));
  const value = { forward, backward: candidate.clause.backward, symmetric: candidate.clause.symmetric, scope, cost: candidate.cost };
  return { value, decision: { pass: "relaxation", chosen: headName(candidate.clause.algorithm!), reason: `declared for ${candidate.name} by ${structure.name}`, rejected, ...costOf(candidate) } };
}

export type Backward =
  | { readonly strategy: "custom" | "dual"; readonly kernel: Kernel }
  | { readonly strategy: "finite_difference"; readonly epsilon: number };

const STRATEGIES = ["custom", "dual", "finite_difference", "autodiff"];

/** The cheapest legal backward, or the one asked for when it is legal. */
export function selectBackward(structure: Structure, relaxed: Relaxed, declarations: Declarations, request?: { strategy: string; epsilon?: number; span: Span }): Selected<Backward> {
  const illegal = new Map<string, string>();
  if (relaxed.backward === undefined) illegal.set("custom", "the structure declares no closed-form backward for this relaxation");
  if (!relaxed.symmetric) {
    illegal.set("dual", "the relaxation is not declared symmetric, so a forward derivative is not the backward");
    illegal.set("finite_difference", "the relaxation is not declared symmetric (paper, eq. 56 needs a symmetric Jacobian)");
  }
  illegal.set("autodiff", "the relaxation is a kernel: reverse mode runs through tensor expressions only");
  if (request !== undefined) {
    if (!STRATEGIES.includes(request.strategy)) throw new Failure(request.span, "unknown-backward", `there is no backward ${request.strategy}`, { help: `choose one of ${STRATEGIES.join(", ")}` });
    const reason = illegal.get(request.strategy);
    const legal = STRATEGIES.filter((strategy) => !illegal.has(strategy));
    if (reason !== undefined) throw new Failure(request.span, "illegal-backward", `backward ${request.strategy} does not apply to ${structure.label} here`, { why: reason, help: `legal here: ${legal.join(", ") || "none"}` });
  }
  const chosen = request?.strategy ?? STRATEGIES.find((strategy) => !illegal.has(strategy));
  if (chosen === undefined) throw new Failure(structure.declaration.name.span, "no-backward", `${structure.label} has no legal backward`, { help: "declare the relaxation symmetric, if its Jacobian is, or give it a backward kernel" });
  const rejected = STRATEGIES.filter((strategy) => strategy !== chosen).map((option) => ({ option, reason: illegal.get(option) ?? LOST[option]! }));
  const reason = request === undefined ? REASON[chosen]! : "asked for in the model";
  const value: Backward =
    chosen === "custom" ? { strategy: "custom", kernel: lowerCall(relaxed.backward!, structure, declarations, relaxed.scope) }
    : chosen === "dual" ? { strategy: "dual", kernel: dual(relaxed.forward, "u") }
    : { strategy: "finite_difference", epsilon: request?.epsilon ?? 1e-2 };
  const factor = chosen === "custom" ? 1 : 2;
  return { value, decision: { pass: "backward", chosen, reason, rejected, ...(relaxed.cost === undefined ? {} : { cost: relaxed.cost * factor }) } };
}

const REASON: Readonly<Record<string, string>> = {
  custom: "a closed form is declared",
  dual: "the Jacobian is symmetric, so the forward kernel on dual numbers is an exact backward",
  finite_difference: "the Jacobian is symmetric (paper, eq. 56)",
};
const LOST: Readonly<Record<string, string>> = {
  dual: "exact too, but dearer than the closed form",
  finite_difference: "inexact, with a step size to tune",
  custom: "not asked for",
  autodiff: "not asked for",
};

/** Lowers `kernel` or `kernel(static arguments)`; missing static arguments come from the structure's scope by name. */
function lowerCall(call: Expression, structure: Structure, declarations: Declarations, extra: ReadonlyMap<string, StaticValue>): Kernel {
  const name = headName(call);
  const found = declarations.kernel(name);
  if (found === undefined) throw new Failure(call.span, "unknown-name", `there is no kernel ${name}`);
  const scope: Environment = environment(extra, structure.scope);
  const statics = found.declaration.parameters.filter((parameter) => parameter.type?.kind !== "tensor-type");
  const given = call.kind === "call" ? call.arguments : [];
  const values = bindStatic(statics, given, scope, declarations, call.span, name, scope);
  const suffix = [...values.values()].map((value) => (value.kind === "number" ? String(value.value) : value.kind === "graph" ? value.label : value.kind === "relaxation" ? value.declaration.name.name : ""));
  const unique = `${name}_${suffix.join("_")}`.replace(/[^A-Za-z0-9]+/g, "_").replace(/_+$/, "");
  return checkShape(lowerKernel(found.declaration, values, declarations, unique), found.declaration, structure, call);
}

function checkShape(kernel: Kernel, declaration: KernelDeclaration, structure: Structure, call: Expression): Kernel {
  for (const array of [...kernel.inputs, ...kernel.outputs.slice(0, kernel.outputs[0]?.name === "value" ? 0 : 1)]) {
    const size = array.shape.reduce((a, b) => a * b, 1);
    if (size !== structure.size) throw new Failure(call.span, "shape-mismatch", `${array.name} of the kernel ${declaration.name.name} has ${size} elements, but ${structure.label} has ${structure.size}`);
  }
  if (kernel.inputs[0] === undefined) throw new Failure(call.span, "shape-mismatch", `the kernel ${printExpression(call)} has no input`);
  return kernel;
}

export function lowerLogPartition(structure: Structure, declarations: Declarations): Kernel | undefined {
  return structure.logPartition === undefined ? undefined : lowerCall(structure.logPartition.algorithm, structure, declarations, new Map());
}
