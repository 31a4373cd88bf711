/** Distributions: sampling utilities from noise, log-densities of observations, divergences from priors. */
import type { Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { Context } from "./context.ts";
import { evaluate } from "./expressions.ts";
import { Scope } from "./scope.ts";
import { asTensor, broadcastTo, sameSizes, sumAll, tensor } from "./tensors.ts";
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
  const scope = new Scope(context.fileScope(distribution.source));
  for (const [name, value] of distribution.arguments) {
    if (value.kind === "tensor" && value.dimensions.length > 0 && !sameSizes(value.dimensions, dimensions)) {
      throw new Failure(
        span,
        "shape-mismatch",
        `${what} needs ${name} of shape ${describeShape(dimensions)}, but it is ${describe(value)}`,
        { why: `${distribution.declaration.name.name} has one ${name} for each coordinate, or one for all` },
      );
    }
    scope.define(name, value);
  }
  return scope;
}

/** One draw for each coordinate, as a function of the distribution's arguments and fresh noise. */
export function sampleDistribution(
  context: Context,
  distribution: DistributionValue,
  dimensions: readonly Dimension[],
  name: string,
  span: Span,
): TensorValue {
  const { declaration, source } = distribution;
  const scope = parameterScope(context, distribution, dimensions, `the distribution of ${name}`, span);
  const sample = declaration.body.find((clause) => clause.kind === "sample");
  if (sample?.kind !== "sample")
    throw new Failure(span, "not-sampled", `${declaration.name.name} cannot be sampled`, {
      help: "declare sample = … in it",
    });
  for (const clause of declaration.body) {
    if (clause.kind !== "noise") continue;
    const base = clause.base.name;
    if (base !== "uniform" && base !== "normal")
      throw new Failure(span, "unknown-name", `there is no noise ${base}`, { help: "choose uniform or normal" });
    const stream = context.nextStream();
    const node = context.builder.noise(
      name,
      stream,
      base,
      dimensions.map((dimension) => dimension.size),
    );
    context.noise.push({ stream, base, node });
    scope.define(clause.name.name, tensor(node, dimensions));
  }
  const value = context.inside(source, span, () =>
    asTensor(context, evaluate(context, scope, sample.value), sample.value.span),
  );
  const full = value === undefined ? undefined : broadcastTo(context, value, dimensions, span);
  if (full === undefined)
    throw new Failure(
      span,
      "type-mismatch",
      `the draws of ${declaration.name.name} do not have the shape ${describeShape(dimensions)}`,
    );
  return full;
}

/** log p(value), summed over all coordinates of one example. */
export function logDensity(
  context: Context,
  distribution: DistributionValue,
  value: TensorValue,
  span: Span,
): TensorValue | undefined {
  const { declaration, source } = distribution;
  const clause = declaration.body.find((candidate) => candidate.kind === "log-density");
  if (clause?.kind !== "log-density")
    throw new Failure(span, "no-density", `${declaration.name.name} declares no log_density`);
  const scope = parameterScope(context, distribution, value.dimensions, "this observation", span);
  scope.define(clause.variable.name, value);
  const density = context.inside(source, span, () =>
    asTensor(context, evaluate(context, scope, clause.value), clause.value.span),
  );
  return density === undefined ? undefined : sumAll(context, density);
}

/** KL(distribution ‖ prior) over the utilities, summed over all coordinates (paper, D.4). */
export function divergence(
  context: Context,
  distribution: DistributionValue,
  prior: DistributionValue,
  dimensions: readonly Dimension[],
  span: Span,
): TensorValue | undefined {
  const { declaration, source } = distribution;
  const family = prior.declaration.name.name;
  const clauses = declaration.body.filter((candidate) => candidate.kind === "kl");
  const clause = clauses.find((candidate) => candidate.kind === "kl" && candidate.family.name === family);
  if (clause?.kind !== "kl") {
    const known = clauses.flatMap((candidate) => (candidate.kind === "kl" ? [candidate.family.name] : []));
    throw new Failure(span, "no-divergence", `there is no closed form of KL(${declaration.name.name} ‖ ${family})`, {
      help:
        known.length === 0
          ? `${declaration.name.name} has a closed form with no prior`
          : `choose a prior among ${known.join(", ")}`,
    });
  }
  const scope = parameterScope(context, distribution, dimensions, "this prior", span);
  parameterScope(context, prior, dimensions, "this prior", span);
  scope.define(clause.variable.name, prior);
  const value = context.inside(source, span, () =>
    asTensor(context, evaluate(context, scope, clause.value), clause.value.span),
  );
  const full = value === undefined ? undefined : broadcastTo(context, value, dimensions, span);
  return full === undefined ? undefined : sumAll(context, full);
}

export function asDistribution(value: Value, span: Span): DistributionValue | undefined {
  if (value.kind === "error") return undefined;
  if (value.kind === "distribution") return value;
  throw new Failure(span, "type-mismatch", `expected a distribution such as Gumbel(theta), but got ${describe(value)}`);
}
