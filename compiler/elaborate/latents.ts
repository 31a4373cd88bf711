/**
 * Latent variables: utilities are drawn, the solver gives the hard sample, the relaxation the soft one, and the entry point
 * decides which of them the name means. Selection is asked here, once for each latent, and its decisions are kept.
 */
import type { Estimator, LatentStatement, PriorStatement, Span } from "../../grammar/ast.ts";
import { declarationsFor } from "../declarations.ts";
import { Failure } from "../failure.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import type { KernelBackward } from "../ir/tensor/kernel-node.ts";
import { type Backward, selectBackward } from "../passes/select-backward.ts";
import { selectRelaxation } from "../passes/select-relaxation.ts";
import { selectSolver } from "../passes/select-solver.ts";
import { applyStructure, type Structure } from "../structure.ts";
import { staticEnvironment } from "./calls.ts";
import type { Context } from "./context.ts";
import { asDistribution, divergence, sampleDistribution } from "./distributions.ts";
import { evaluate } from "./expressions.ts";
import type { Scope } from "./scope.ts";
import { tensor } from "./tensors.ts";
import { evaluateDimension } from "./types.ts";
import { type Dimension, type DistributionValue, describe, type TensorValue } from "./values.ts";

export function declareLatent(context: Context, scope: Scope, statement: LatentStatement): void {
  const name = statement.name.name;
  const declarations = declarationsFor(context.names, context.source);
  const structure = applyStructure(statement.structure, staticEnvironment(context, scope), declarations);
  const copies = statement.copies.map((copy) => evaluateDimension(context, scope, copy));
  if (Array.isArray(statement.utilities))
    throw new Failure(
      statement.span,
      "not-yet",
      "utilities by part come with composite structures, which this version of sstc does not solve yet",
    );
  const given = statement.utilities as Extract<LatentStatement["utilities"], { kind: string }>;
  const distribution = asDistribution(evaluate(context, scope, given), given.span);
  if (distribution === undefined || copies.some((copy) => copy === undefined))
    return scope.define(name, { kind: "error" });
  const own: Dimension = {
    size: structure.size,
    ...(structure.graph === undefined ? {} : { label: `edges(${structure.graph.label})` }),
  };
  const dimensions = [...(copies as Dimension[]), own];
  const utilities = sampleDistribution(context, distribution, dimensions, name, given.span);
  context.builder.label(utilities.node, `${name}_utilities`);

  const solver = selectSolver(structure, declarations, "tfjs", statement.structure.span);
  context.decisions.push({ latent: name, ...solver.decision });
  const hard = runKernel(
    context,
    solver.value,
    utilities,
    { strategy: "none", reason: "the argmax is piecewise constant" },
    name,
  );
  context.builder.label(hard.node, `${name}_hard`);
  const soft =
    statement.estimator === undefined
      ? undefined
      : relax(context, scope, statement.estimator, structure, utilities, name);
  context.latents.set(name, {
    name,
    span: statement.span,
    structure,
    label: structure.label,
    copies: copies as Dimension[],
    distribution,
    dimensions,
  });
  const straightThrough = statement.estimator?.kind === "relax" && statement.estimator.straightThrough;
  scope.define(name, { kind: "latent", name, soft, hard, current: current(context, soft, hard, straightThrough) });
}

/** What the bare name means: X_t in training (X with the gradient of X_t when straight-through), X in evaluation. */
function current(
  context: Context,
  soft: TensorValue | undefined,
  hard: TensorValue,
  straightThrough: boolean,
): TensorValue {
  if (context.entry === "evaluate" || context.entry === "sample" || soft === undefined) return hard;
  if (!straightThrough || context.entry === "sample_soft") return soft;
  const build = context.builder;
  return tensor(build.add(soft.node, build.stopGradient(build.subtract(hard.node, soft.node))), soft.dimensions);
}

function relax(
  context: Context,
  scope: Scope,
  estimator: Estimator,
  structure: Structure,
  utilities: TensorValue,
  name: string,
): TensorValue {
  if (estimator.kind === "score")
    throw new Failure(
      estimator.span,
      "not-yet",
      `score ${estimator.method.name} is read, but score-function estimators are not built in this version of sstc yet`,
      { help: "use relax … at …" },
    );
  const declarations = declarationsFor(context.names, context.source);
  const relaxation = evaluate(context, scope, estimator.relaxation);
  if (relaxation.kind !== "relaxation")
    throw new Failure(
      estimator.relaxation.span,
      "type-mismatch",
      `expected a relaxation such as ExpFamily, but got ${describe(relaxation)}`,
    );
  const relaxed = selectRelaxation(structure, relaxation, declarations, estimator.relaxation.span);
  const { backward } = estimator;
  const epsilon =
    backward?.arguments[0] === undefined ? undefined : evaluate(context, scope, backward.arguments[0].value);
  if (epsilon !== undefined && !(epsilon.kind === "number" && epsilon.value > 0))
    throw new Failure(backward!.span, "bad-backward", "the step of finite_difference is a positive number");
  const request =
    backward === undefined
      ? undefined
      : {
          strategy: backward.strategy.name,
          span: backward.span,
          ...(epsilon?.kind === "number" ? { epsilon: epsilon.value } : {}),
        };
  const chosen = selectBackward(structure, relaxed.value, declarations, estimator.relaxation.span, request);
  context.decisions.push({ latent: name, ...relaxed.decision }, { latent: name, ...chosen.decision });
  const temperature = temperatureOf(context, scope, estimator, name);
  const scaled = tensor(context.builder.divide(utilities.node, temperature.node), utilities.dimensions);
  const soft = runKernel(context, relaxed.value.forward, scaled, kernelBackward(context, chosen.value), name);
  context.builder.label(soft.node, `${name}_soft`);
  return soft;
}

function kernelBackward(context: Context, backward: Backward): KernelBackward {
  context.kernels.set(backward.kernel.name, backward.kernel);
  return { strategy: "custom", kernel: backward.kernel };
}

function runKernel(
  context: Context,
  kernel: Kernel,
  input: TensorValue,
  backward: KernelBackward,
  latent: string,
): TensorValue {
  context.kernels.set(kernel.name, kernel);
  return tensor(
    context.builder.kernel(kernel, [input.node], kernel.outputs[0]!.name, backward, latent),
    input.dimensions,
  );
}

/** A temperature is a number, a hyper or a schedule; it must be greater than 0. */
function temperatureOf(
  context: Context,
  scope: Scope,
  estimator: Extract<Estimator, { kind: "relax" }>,
  name: string,
): TensorValue {
  const { temperature } = estimator;
  const number = (e: typeof estimator.relaxation, what: string): number => {
    const value = evaluate(context, scope, e);
    if (value.kind !== "number")
      throw new Failure(e.span, "type-mismatch", `${what} must be a number, but it is ${describe(value)}`);
    return value.value;
  };
  if (temperature.kind === "anneal") {
    const [from, to, steps] = [
      number(temperature.from, "the first temperature"),
      number(temperature.to, "the last temperature"),
      number(temperature.steps, "the number of steps"),
    ];
    positive(from, temperature.from.span);
    positive(to, temperature.to.span);
    if (!(steps >= 1)) throw new Failure(temperature.steps.span, "bad-size", "a schedule takes at least one step");
    const hyper = `${name}_temperature`;
    const node = context.builder.hyper(hyper);
    context.hypers.set(hyper, { name: hyper, node, value: from, anneal: { from, to, steps }, positive: true });
    return tensor(node);
  }
  const value = evaluate(context, scope, temperature.value);
  if (value.kind === "number") {
    positive(value.value, temperature.span);
    return tensor(context.builder.constant(value.value));
  }
  const hyper =
    value.kind === "tensor"
      ? [...context.hypers.values()].find((candidate) => candidate.node === value.node)
      : undefined;
  if (hyper !== undefined) {
    positive(hyper.value, temperature.span, hyper.name);
    hyper.positive = true;
    return tensor(hyper.node);
  }
  throw new Failure(
    temperature.span,
    "type-mismatch",
    `a temperature is a number, a hyper or a schedule, but this is ${describe(value)}`,
  );
}

function positive(value: number, span: Span, name?: string): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new Failure(
    span,
    "bad-temperature",
    `a temperature must be greater than 0, but ${name === undefined ? "this" : name} is ${value}`,
    {
      why: "X_t is defined for t > 0; it tends to the hard sample as t tends to 0",
      help: "for hard samples with the relaxed gradient add straight_through",
    },
  );
}

/** `prior z ~ Gumbel(0)`: adds KL(U) to the objective's parts. */
export function declarePrior(context: Context, scope: Scope, statement: PriorStatement): void {
  const latent = context.latents.get(statement.name.name);
  if (latent === undefined && scope.lookup(statement.name.name)?.kind === "error") return;
  if (latent === undefined)
    throw new Failure(
      statement.name.span,
      "unknown-name",
      `${statement.name.name} is not a latent variable declared before`,
      { help: `latents here: ${[...context.latents.keys()].join(", ") || "none"}` },
    );
  const prior = asDistribution(evaluate(context, scope, statement.distribution), statement.distribution.span);
  if (prior === undefined) return;
  const kl = divergence(context, latent.distribution, prior, latent.dimensions, statement.distribution.span);
  if (kl !== undefined) context.objectives.divergence.push(kl.node);
}

export type { DistributionValue };
