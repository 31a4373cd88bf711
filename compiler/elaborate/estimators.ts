/**
 * The estimator of a latent variable as its statement says it: a relaxation at a temperature, or a score function with
 * its baseline. What is wrong with it is told whatever the structure is.
 */
import type { Argument, BackwardClause, Estimator, Expression, LatentStatement, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import type { BackwardRequest } from "../passes/select-backward.ts";
import type { StaticRelaxation } from "../static-value.ts";
import { requireTemperature } from "../temperature.ts";
import { attempt, type Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { finiteNumber } from "./statements.ts";
import { temperatureValue } from "./temperature.ts";
import { asTensor, numeric, tensor } from "./tensors.ts";
import { type Baseline, describe, type ScoreEstimator, type TensorValue } from "./values.ts";

/** What a relaxed estimator asks for, at values that are fine in themselves. */
export interface RelaxedEstimator {
  readonly kind: "relax";
  readonly relaxation: StaticRelaxation;
  readonly span: Span;
  readonly temperature: TensorValue;
  readonly request: BackwardRequest | undefined;
}

/** Implicit maximum-likelihood estimation (Niepert, Minervini and Franceschi 2021). */
export interface ImleEstimator {
  readonly kind: "imle";
  readonly span: Span;
  /** λ: how far utilities move against the gradient by the sample, a scalar. */
  readonly lambda: Node;
}

export type ElaboratedEstimator = RelaxedEstimator | ScoreEstimator | ImleEstimator;

/** The estimator, whatever the structure; undefined when a problem was reported. */
export function readEstimator(
  context: Context,
  scope: Scope,
  { estimator, name }: LatentStatement,
): ElaboratedEstimator | "none" | undefined {
  if (estimator === undefined) return "none";
  switch (estimator.kind) {
    case "relax":
      return relaxedEstimator(context, scope, estimator, name.name);
    case "score":
      return scoreEstimator(context, scope, estimator);
    case "imle": {
      const argument = options(estimator.arguments, "imle", ["lambda"]).get("lambda");
      const positive = (value: number) => value > 0;
      const lambda = scalarOption(context, scope, argument, LAMBDA, "lambda", positive, "greater than 0");
      return lambda && { kind: "imle", span: estimator.span, lambda };
    }
  }
}

function relaxedEstimator(
  context: Context,
  scope: Scope,
  estimator: Extract<Estimator, { kind: "relax" }>,
  name: string,
): RelaxedEstimator | undefined {
  const { span } = estimator.relaxation;
  const relaxation = attempt(context, () => {
    const value = context.evaluate(scope, estimator.relaxation);
    if (value.kind === "relaxation" || value.kind === "error") return value;
    const message = `expected a relaxation such as ExpFamily, but got ${describe(value)}`;
    throw new Failure(span, "type-mismatch", message);
  });
  const temperature = attempt(context, () => temperatureOf(context, scope, estimator, name));
  const request = attempt(context, () => backwardRequest(context, scope, estimator.backward));
  if (relaxation?.kind !== "relaxation" || temperature === undefined || request === undefined) return undefined;
  return { kind: "relax", relaxation, span, temperature, request: request === "default" ? undefined : request };
}

/** The backward that is asked for, or the compiler's choice; undefined when a problem was reported. */
function backwardRequest(
  context: Context,
  scope: Scope,
  clause: BackwardClause | undefined,
): BackwardRequest | "default" | undefined {
  if (clause === undefined) return "default";
  const { strategy, span } = clause;
  const [first, second] = clause.arguments;
  if (second !== undefined || first?.name !== undefined) {
    throw new Failure((second ?? first)!.span, "too-many-arguments", "a backward takes one number at most", {
      help: "write finite_difference(1e-2)",
    });
  }
  if (first === undefined) return { strategy: strategy.name, span };
  const epsilon = finiteNumber(context, scope, first.value, "the step of a backward");
  if (epsilon === undefined) return undefined;
  if (epsilon > 0) return { strategy: strategy.name, span, epsilon };
  throw new Failure(first.span, "bad-backward", `the step of a backward must be greater than 0, but it is ${epsilon}`);
}

/** A temperature is a number, a hyper or a schedule, and greater than 0; undefined when a problem was reported. */
function temperatureOf(
  context: Context,
  scope: Scope,
  estimator: Extract<Estimator, { kind: "relax" }>,
  name: string,
): TensorValue | undefined {
  const { temperature } = estimator;
  if (temperature.kind === "anneal") {
    const from = finiteNumber(context, scope, temperature.from, "the first temperature");
    const to = finiteNumber(context, scope, temperature.to, "the last temperature");
    const steps = finiteNumber(context, scope, temperature.steps, "the number of steps of a schedule");
    if (from === undefined || to === undefined || steps === undefined) return undefined;
    requireTemperature(from, temperature.from.span);
    requireTemperature(to, temperature.to.span);
    if (steps < 1) throw new Failure(temperature.steps.span, "bad-size", "a schedule takes at least one step");
    // A name that no hyper of the model can have.
    const hyper = `${name}.temperature`;
    const node = context.builder.hyper(hyper);
    context.hypers.set(hyper, { name: hyper, node, value: from, anneal: { from, to, steps }, positive: true });
    return tensor(node);
  }
  return temperatureValue(context, context.evaluate(scope, temperature.value), temperature.span);
}

/** The length of a step against the gradient that its authors take. */
const LAMBDA = 10;

/** An average that forgets a hundredth in each step, as published (paper, C.1). */
const DECAY = 0.99;

const METHODS = ["reinforce", "nvil"];

/** Options of a call by name; the first may be given by position. Throws a Failure for what is none. */
function options(list: readonly Argument[], of: string, names: readonly string[]): Map<string, Argument> {
  const found = new Map<string, Argument>();
  list.forEach((argument, position) => {
    const name = argument.name?.name ?? (position === 0 ? names[0] : undefined);
    const has = names.length === 0 ? `${of} has none` : `${of} has ${names.join(", ")}`;
    if (name === undefined) {
      throw new Failure(argument.span, "too-many-arguments", `${of} takes its options by name`, { help: has });
    }
    if (!names.includes(name)) {
      throw new Failure(argument.name!.span, "unknown-argument", `${of} has no option ${name}`, { help: has });
    }
    if (found.has(name)) throw new Failure(argument.span, "duplicate-argument", `${name} is given twice`);
    found.set(name, argument);
  });
  return found;
}

function scoreEstimator(
  context: Context,
  scope: Scope,
  { method, arguments: list, span }: Extract<Estimator, { kind: "score" }>,
): ScoreEstimator | undefined {
  const { name } = method;
  if (name !== "reinforce" && name !== "nvil") {
    const near = didYouMean(name, METHODS);
    const help = near === undefined ? `choose one of ${METHODS.join(", ")}` : `did you mean ${near}?`;
    throw new Failure(method.span, "unknown-name", `there is no score function ${name}`, { help });
  }
  const given =
    name === "nvil"
      ? options(list, "nvil", ["baseline", "decay", "weight", "samples"])
      : options(list, "reinforce", ["baseline", "samples"]);
  const count = attempt(context, () => samplesOf(context, scope, given.get("samples")));
  const found = attempt(context, () =>
    name === "nvil" ? networkBaseline(context, scope, given, span) : baselineOf(context, scope, given.get("baseline")),
  );
  if (found === undefined || count === undefined) return undefined;
  const { baseline, samples } = found;
  if (samples !== undefined && given.has("samples")) {
    const help = "leave samples out";
    throw new Failure(given.get("samples")!.span, "duplicate-argument", `${baseline.kind} says how many samples`, {
      help,
    });
  }
  return { kind: "score", span, baseline, samples: samples ?? count };
}

/** How many samples are taken; undefined when a problem was reported. */
function samplesOf(
  context: Context,
  scope: Scope,
  argument: Argument | undefined,
  least = 1,
  what = "the number of samples",
): number | undefined {
  if (argument === undefined) return 1;
  const { value: e } = argument;
  const value = finiteNumber(context, scope, e, what);
  if (value === undefined || (Number.isInteger(value) && value >= least)) return value;
  const why = least === 1 ? undefined : "each sample is compared with the others";
  throw new Failure(e.span, "bad-size", `${what} must be an integer from ${least}, but it is ${value}`, { why });
}

interface GivenBaseline {
  readonly baseline: Baseline;
  /** Where the baseline says it. */
  readonly samples: number | undefined;
}

const BASELINES = "none, ema, batch, multi_sample(k), leave_one_out(k)";

/** What `baseline = …` of reinforce says; undefined when a problem was reported. */
function baselineOf(context: Context, scope: Scope, argument: Argument | undefined): GivenBaseline | undefined {
  if (argument === undefined) return { baseline: { kind: "none" }, samples: undefined };
  const e = argument.value;
  const { name, list } = written(e);
  switch (name) {
    case "none":
    case "batch":
      options(list, name, []);
      return { baseline: { kind: name }, samples: undefined };
    case "ema": {
      const decay = decayOf(context, scope, options(list, name, ["decay"]).get("decay"));
      return decay && { baseline: { kind: name, decay }, samples: undefined };
    }
    case "multi_sample":
    case "leave_one_out": {
      const count = options(list, name, ["samples"]).get("samples");
      if (count === undefined) {
        const help = `write ${name}(4)`;
        throw new Failure(e.span, "missing-argument", `${name} needs to know how many samples`, { help });
      }
      const samples = samplesOf(context, scope, count, 2, `the number of samples of ${name}`);
      return samples === undefined ? undefined : { baseline: { kind: name }, samples };
    }
    default: {
      const near = didYouMean(name, BASELINES.replaceAll("(k)", "").split(", "));
      const help = near === undefined ? `choose one of ${BASELINES}` : `did you mean ${near}?`;
      const why = "a value that is computed for each example is the baseline of score nvil(…)";
      throw new Failure(e.span, "unknown-name", `there is no baseline ${printExpression(e)}`, { why, help });
    }
  }
}

/** `leave_one_out(4)` as a name and its arguments; other expressions have none. */
function written(e: Expression): { readonly name: string; readonly list: readonly Argument[] } {
  const callee = e.kind === "call" ? e.callee : e;
  return { name: callee.kind === "name" ? callee.name : "", list: e.kind === "call" ? e.arguments : [] };
}

/** What `nvil(…)` says; undefined when a problem was reported. */
function networkBaseline(
  context: Context,
  scope: Scope,
  given: ReadonlyMap<string, Argument>,
  span: Span,
): GivenBaseline | undefined {
  const argument = given.get("baseline");
  if (argument === undefined) {
    const help = "write nvil(net(x)), with a module net whose value is one number";
    throw new Failure(span, "missing-argument", "nvil needs a baseline, a number for each example", { help });
  }
  const e = argument.value;
  const value = attempt(context, () => asTensor(context, context.evaluate(scope, e), e.span, "a baseline"));
  const decay = attempt(context, () => decayOf(context, scope, given.get("decay")));
  const weight = attempt(context, () => scalarOption(context, scope, given.get("weight"), 1, "a weight"));
  if (value === undefined || decay === undefined || weight === undefined) return undefined;
  if (value.dimensions.length > 0) {
    const help = value.node.type.shape.every((size) => size === 1) ? "take its element: [0]" : "reduce it with sum";
    const message = `a baseline is one number for each example, but this is ${describe(value)}`;
    throw new Failure(e.span, "shape-mismatch", message, { help });
  }
  const { node } = numeric(context, value);
  return { baseline: { kind: "network", value: node, decay, weight }, samples: undefined };
}

/** How much of an average is kept in each step, as a scalar; undefined when a problem was reported. */
function decayOf(context: Context, scope: Scope, argument: Argument | undefined): Node | undefined {
  const inRange = (value: number) => value >= 0 && value < 1;
  return scalarOption(
    context,
    scope,
    argument,
    DECAY,
    "the decay of an average",
    inRange,
    "at least 0 and less than 1",
  );
}

/** An option that is a number or a hyper, as a scalar; undefined when a problem was reported. */
function scalarOption(
  context: Context,
  scope: Scope,
  argument: Argument | undefined,
  otherwise: number,
  what: string,
  fits: (value: number) => boolean = (value) => value >= 0,
  range = "at least 0",
): Node | undefined {
  if (argument === undefined) return context.builder.constant(otherwise);
  const { span } = argument.value;
  const value = context.evaluate(scope, argument.value);
  if (value.kind === "error") return undefined;
  const hyper = [...context.hypers.values()].find(({ node }) => value.kind === "tensor" && node === value.node);
  if (value.kind !== "number" && hyper === undefined) {
    throw new Failure(span, "type-mismatch", `${what} is a number or a hyper, but this is ${describe(value)}`);
  }
  const number = value.kind === "number" ? value.value : hyper!.value;
  if (!fits(number)) throw new Failure(span, "bad-number", `${what} must be ${range}, but it is ${number}`);
  return asTensor(context, value, span)?.node;
}
