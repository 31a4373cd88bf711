/**
 * What a model is trained for and what it reports: the parts of the evidence lower bound, the objective, the metrics.
 */
import type { ModelDeclaration, ModelStatement, ObjectiveStatement, Span } from "../../grammar/ast.ts";
import type { MetricTree } from "../artifact.ts";
import { Failure } from "../failure.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { reached } from "../passes/differentiate.ts";
import type { Context } from "./context.ts";
import { Samples, sampleCount } from "./samples.ts";
import type { Scope } from "./scope.ts";
import { surrogateLoss } from "./score-function.ts";
import { asTensor, numeric, tensor } from "./tensors.ts";
import { describe, ERROR, type Value } from "./values.ts";

export interface Objectives {
  /** Mean over the batch of what is minimised; absent without an objective. */
  readonly loss: Node | undefined;
  readonly direction: "maximize" | "minimize";
  /** Per-example scalars by output name. */
  readonly metrics: ReadonlyMap<string, Node>;
  readonly metricTrees: ReadonlyMap<string, MetricTree>;
}

/** Runs work on behalf of a statement, so that what is wrong ends with it. */
type Guard = (context: Context, scope: Scope, statement: ModelStatement, work: () => void) => void;

/** The parts of the evidence lower bound by name: what `maximize elbo` is made of, and metrics besides. */
export const BOUND_PARTS = ["log_likelihood", "kl", "elbo"] as const;

export function readObjectives(context: Context, scope: Scope, model: ModelDeclaration, guarded: Guard): Objectives {
  const parts = boundParts(context, scope, model);
  const found = model.body.filter((statement) => statement.kind === "objective");
  for (const extra of found.slice(1)) {
    const help = "add the terms up in one maximize or minimize";
    context.report(extra.span, "duplicate-objective", { message: "a model has one objective", help });
  }
  const [objective] = found;
  const samples = new Samples(context, context.training ? sampleCount(context) : 1);
  for (const state of context.states.values()) if (state.next !== undefined) state.next = samples.mean(state.next);
  const reader = new Reader(context, samples);
  let loss: Node | undefined;
  if (objective !== undefined) {
    guarded(context, scope, objective, () => {
      loss = reader.objective(scope, objective);
    });
  }
  for (const [name, node] of parts) reader.trees.set(name, reader.leaf(name, node));
  for (const statement of model.body) {
    if (statement.kind !== "metric") continue;
    const { name, span } = statement.name;
    guarded(context, scope, statement, () => {
      if (name === "loss" || BOUND_PARTS.some((part) => part === name)) {
        const help = "give the metric another name";
        throw new Failure(span, "duplicate-name", `${name} is always among the metrics`, { help });
      }
      const tree = reader.tree(context.evaluate(scope, statement.value), name, statement.value.span);
      if (tree !== undefined) reader.trees.set(name, tree);
    });
  }
  if (objective !== undefined && !context.failed) {
    warnOfMissingEstimators(context);
    if (context.training && loss !== undefined) warnOfMissingGradients(context, loss);
  }
  const direction = objective?.direction ?? "minimize";
  return { loss, direction, metrics: reader.metrics, metricTrees: reader.trees };
}

/**
 * The parts that the model's observations and priors give, defined as names where the model has no such names itself.
 */
function boundParts(context: Context, scope: Scope, model: ModelDeclaration): Map<string, Node> {
  const build = context.builder;
  const { logLikelihood, divergence } = context.objectives;
  const total = (nodes: readonly Node[]) => nodes.reduce((sum, node) => build.add(sum, node), build.constant(0));
  const parts = new Map<string, Node>();
  if (logLikelihood.length > 0) parts.set("log_likelihood", total(logLikelihood));
  if (divergence.length > 0) parts.set("kl", total(divergence));
  if (parts.size > 0) {
    const zero = build.constant(0);
    parts.set("elbo", build.subtract(parts.get("log_likelihood") ?? zero, parts.get("kl") ?? zero));
  }
  for (const [name, node] of parts) if (!scope.own().has(name)) scope.define(name, tensor(node));
  // What an observation or a prior should have given is missing because of an error that was reported.
  const has = (kind: ModelStatement["kind"]) => model.body.some((statement) => statement.kind === kind);
  const expected = { log_likelihood: has("observe"), kl: has("prior"), elbo: has("observe") || has("prior") };
  for (const name of BOUND_PARTS) {
    if (!scope.own().has(name) && (expected[name] || context.failed)) scope.define(name, ERROR);
  }
  return parts;
}

class Reader {
  readonly metrics = new Map<string, Node>();
  readonly trees = new Map<string, MetricTree>();
  private readonly context: Context;
  private readonly samples: Samples;

  constructor(context: Context, samples: Samples) {
    this.context = context;
    this.samples = samples;
  }

  /** The loss: the mean over the batch of what is minimised. */
  objective(scope: Scope, { value: e, direction }: ObjectiveStatement): Node | undefined {
    const build = this.context.builder;
    const value = asTensor(this.context, this.context.evaluate(scope, e), e.span);
    if (value === undefined) return undefined;
    if (value.dimensions.length > 0) {
      const message = `an objective is one number for each example, but this is ${describe(value)}`;
      throw new Failure(e.span, "shape-mismatch", message, { help: "reduce it with sum or mean" });
    }
    const { node } = numeric(this.context, value);
    const each = direction === "maximize" ? build.negate(node) : node;
    this.trees.set("loss", this.leaf("loss", each));
    if (this.context.training) return surrogateLoss(this.context, each, this.samples);
    return each.type.batched ? build.batchMean(each) : each;
  }

  leaf(name: string, node: Node): MetricTree {
    this.metrics.set(`metric:${name}`, this.samples.mean(node));
    return { kind: "mean", output: `metric:${name}` };
  }

  tree(value: Value, name: string, span: Span): MetricTree | undefined {
    switch (value.kind) {
      case "error":
        return undefined;
      case "record":
        return { kind: "record", fields: this.branches(value.fields, name, span) };
      case "best":
        return { kind: "best", by: value.by, readings: this.branches(value.readings, name, span) };
      default: {
        const found = asTensor(this.context, value, span, "a metric");
        if (found === undefined) return undefined;
        if (found.dimensions.length > 0) {
          const message = `a metric is one number for each example, but this is ${describe(found)}`;
          throw new Failure(span, "shape-mismatch", message, { help: "reduce it with sum or mean" });
        }
        return this.leaf(name, numeric(this.context, found).node);
      }
    }
  }

  private branches(parts: ReadonlyMap<string, Value>, name: string, span: Span): { [part: string]: MetricTree } {
    const trees: [string, MetricTree][] = [];
    for (const [part, inner] of parts) {
      const tree = this.tree(inner, `${name}.${part}`, span);
      if (tree !== undefined) trees.push([part, tree]);
    }
    // Own properties, whatever their names.
    return Object.fromEntries(trees);
  }
}

/** A hard sample passes no gradient, so what lies before it would stand still in silence. */
function warnOfMissingEstimators(context: Context): void {
  for (const { name, span, stuck } of context.latents.values()) {
    if (stuck.length === 0) continue;
    const problem = {
      message: `no gradient reaches the utilities of ${name}`,
      why: "it has no estimator, and its hard sample is flat almost everywhere",
      help: "add relax ExpFamily at t",
    };
    context.report(span, "no-estimator", problem, "warning");
  }
}

/** Parameters named in one warning at most. */
const MOST_NAMED = 3;

/** Parameters that training leaves as they start, told once for each place of the text. */
function warnOfMissingGradients(context: Context, loss: Node): void {
  const known = reached(loss);
  for (const { stuck } of context.latents.values()) for (const node of stuck) known.add(node);
  const lost = [...context.parameters.values()].filter(({ node }) => !known.has(node));
  const places = new Map(lost.map(({ place }) => [`${place.source.name}:${place.span.start}`, place]));
  for (const [key, place] of places) {
    const names = lost.flatMap(({ name, place: { source, span } }) =>
      `${source.name}:${span.start}` === key ? [name] : [],
    );
    const others = names.length - MOST_NAMED;
    const list = names.slice(0, MOST_NAMED).join(", ") + (others > 0 ? ` and ${others} more` : "");
    context.warn(place, "no-gradient", {
      message: `no gradient reaches ${list}`,
      why: "the objective does not depend on what is not used, nor on what is behind a hard sample or stop_gradient",
      help: "use it, or leave it out",
    });
  }
}
