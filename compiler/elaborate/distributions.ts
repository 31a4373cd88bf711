/** Distributions: sampling utilities from noise, log-densities of observations, divergences from priors. */
import type { Expression, NoiseClause, Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import type { Context } from "./context.ts";
import { Scope } from "./scope.ts";
import { asTensor, broadcastTo, checkRank, numeric, sameSizes, sumAll, tensor } from "./tensors.ts";
import { checkTensorSize, evaluateDimension } from "./types.ts";
import {
  type Dimension,
  type DistributionValue,
  describe,
  describeShape,
  type TensorValue,
  type Value,
} from "./values.ts";

/** A distribution's arguments as names; tensors must be scalars or have one value for each coordinate. */
function parameterScope(
  context: Context,
  distribution: DistributionValue,
  dimensions: readonly Dimension[],
  what: string,
  span: Span,
): Scope {
  const family = distribution.declaration.name.name;
  const scope = new Scope(context.fileScope(distribution.source));
  for (const [name, argument] of distribution.arguments) {
    const value = argument.kind === "number" ? argument : asTensor(context, argument, span);
    if (value === undefined) continue;
    if (value.kind === "tensor" && value.dimensions.length > 0 && !sameSizes(value.dimensions, dimensions)) {
      const message = `${what} needs ${name} of shape ${describeShape(dimensions)}, but it is ${describe(value)}`;
      const why = `${family} has one ${name} for each coordinate, or one for all`;
      throw new Failure(span, "shape-mismatch", message, { why });
    }
    scope.define(name, value);
  }
  return scope;
}

/** A clause's value, one for each coordinate; undefined when a problem was reported. */
function clauseValue(
  context: Context,
  distribution: DistributionValue,
  scope: Scope,
  e: Expression,
  dimensions: readonly Dimension[],
  span: Span,
): TensorValue | undefined {
  const found = context.inside(distribution.source, span, () => asTensor(context, context.evaluate(scope, e), e.span));
  return found === undefined ? undefined : broadcastTo(context, numeric(context, found), dimensions, span);
}

/**
 * One draw for each coordinate, as a function of the distribution's arguments and fresh noise; undefined when a problem
 * was reported.
 */
export function sampleDistribution(
  context: Context,
  distribution: DistributionValue,
  dimensions: readonly Dimension[],
  name: string,
  span: Span,
): TensorValue | undefined {
  const { declaration } = distribution;
  const scope = parameterScope(context, distribution, dimensions, `the distribution of ${name}`, span);
  const sample = declaration.body.find((clause) => clause.kind === "sample");
  if (sample === undefined) {
    const help = "declare sample = … in it";
    throw new Failure(span, "not-sampled", `${declaration.name.name} cannot be sampled`, { help });
  }
  const noises = declaration.body.filter((clause) => clause.kind === "noise");
  for (const clause of noises) {
    // A second noise gets a name that no latent variable can have.
    const own = clause === noises[0] ? name : `${name}.${clause.name.name}`;
    const count =
      clause.count && context.inside(distribution.source, span, () => evaluateDimension(context, scope, clause.count!));
    if (clause.count !== undefined && count === undefined) return undefined;
    const all = count === undefined ? dimensions : [count, ...dimensions];
    if (!checkRank(context, all, span) || !checkTensorSize(context, all, span)) return undefined;
    scope.define(clause.name.name, drawNoise(context, clause, all, own, span));
  }
  return clauseValue(context, distribution, scope, sample.value, dimensions, span);
}

function drawNoise(
  context: Context,
  clause: NoiseClause,
  dimensions: readonly Dimension[],
  name: string,
  span: Span,
): TensorValue {
  const base = clause.base.name;
  if (base !== "uniform" && base !== "normal") {
    throw new Failure(span, "unknown-name", `there is no noise ${base}`, { help: "choose uniform or normal" });
  }
  const stream = context.nextStream("latent");
  const shape = dimensions.map((dimension) => dimension.size);
  const node = context.builder.noise(name, stream, base, shape);
  context.noise.push({ stream, base, node });
  return tensor(node, dimensions);
}

/** log p(value), summed over all coordinates of one example; undefined when a problem was reported. */
export function logDensity(
  context: Context,
  distribution: DistributionValue,
  value: TensorValue,
  span: Span,
): TensorValue | undefined {
  const density = logDensities(context, distribution, value, span);
  return density === undefined ? undefined : sumAll(context, density);
}

/** log p(value) of each coordinate; undefined when a problem was reported. */
export function logDensities(
  context: Context,
  distribution: DistributionValue,
  value: TensorValue,
  span: Span,
): TensorValue | undefined {
  const { declaration } = distribution;
  const clause = declaration.body.find((candidate) => candidate.kind === "log-density");
  if (clause === undefined) {
    throw new Failure(span, "no-density", `${declaration.name.name} declares no log_density, so it cannot be observed`);
  }
  const scope = parameterScope(context, distribution, value.dimensions, "this observation", span);
  scope.define(clause.variable.name, value);
  return clauseValue(context, distribution, scope, clause.value, value.dimensions, span);
}

/**
 * KL(distribution ‖ prior) over the utilities, summed over all coordinates (paper, D.4) or those that take part;
 * undefined when a problem was reported.
 */
export function divergence(
  context: Context,
  distribution: DistributionValue,
  prior: DistributionValue,
  dimensions: readonly Dimension[],
  span: Span,
  takingPart?: Node,
): TensorValue | undefined {
  const own = distribution.declaration.name.name;
  const family = prior.declaration.name.name;
  const clauses = distribution.declaration.body.filter((candidate) => candidate.kind === "kl");
  const clause = clauses.find((candidate) => candidate.family.name === family);
  if (clause === undefined) {
    const known = clauses.map((candidate) => candidate.family.name);
    const priors =
      known.length === 0 ? `${own} has a closed form with no prior` : `choose a prior among ${known.join(", ")}`;
    const others = familiesWithPrior(context, family);
    const help =
      others.length === 0 ? priors : `${priors}; with the prior ${family}, utilities of ${others.join(", ")}`;
    throw new Failure(span, "no-divergence", `there is no closed form of KL(${own} ‖ ${family})`, { help });
  }
  const scope = parameterScope(context, distribution, dimensions, "this prior", span);
  const given = parameterScope(context, prior, dimensions, "this prior", span);
  scope.define(clause.variable.name, { ...prior, arguments: given.own() });
  const value = clauseValue(context, distribution, scope, clause.value, dimensions, span);
  if (value === undefined || takingPart === undefined) return value && sumAll(context, value);
  return sumAll(context, tensor(context.builder.select(takingPart, value.node, context.builder.zerosLike(value.node))));
}

/** The families seen from here that have a closed form with a prior of this family. */
function familiesWithPrior({ names, source }: Context, prior: string): string[] {
  const families = [...new Set(names.visible(source))].filter((name) => {
    const declaration = names.find(name, source)?.declaration;
    if (declaration?.kind !== "distribution") return false;
    return declaration.body.some((clause) => clause.kind === "kl" && clause.family.name === prior);
  });
  return families.sort();
}

/** The distribution that a value is; undefined when a problem was reported, a Failure when it is something else. */
export function asDistribution(value: Value, span: Span): DistributionValue | undefined {
  if (value.kind === "error") return undefined;
  if (value.kind === "distribution") return value;
  const message = `expected a distribution such as Gumbel(theta), but got ${describe(value)}`;
  throw new Failure(span, "type-mismatch", message);
}
