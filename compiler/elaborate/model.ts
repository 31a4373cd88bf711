/** A model, statement by statement: what it declares, its objective, and what each entry point returns. */
import type { ModelDeclaration, ModelStatement } from "../../grammar/ast.ts";
import type { MetricTree } from "../artifact.ts";
import { Failure } from "../failure.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { bindParameters } from "./calls.ts";
import type { Context } from "./context.ts";
import { asDistribution, logDensity } from "./distributions.ts";
import { checkRequirement, evaluate, evaluateLet, updateState } from "./expressions.ts";
import { declareLatent, declarePrior } from "./latents.ts";
import { declareParameter, declareState } from "./modules.ts";
import { Scope } from "./scope.ts";
import { asTensor, tensor } from "./tensors.ts";
import { evaluateShape, printType } from "./types.ts";
import { type BoundArgument, describe, type Value } from "./values.ts";

export interface ElaboratedModel {
  readonly context: Context;
  readonly scope: Scope;
  /** Mean over the batch of what is minimised; absent without an objective. */
  readonly loss: Node | undefined;
  readonly direction: "maximize" | "minimize";
  /** Per-example scalars by output name. */
  readonly metrics: ReadonlyMap<string, Node>;
  readonly metricTrees: { readonly [name: string]: MetricTree };
}

export function elaborateModel(
  context: Context,
  model: ModelDeclaration,
  given: readonly BoundArgument[],
): ElaboratedModel {
  const scope = new Scope(context.fileScope(context.source));
  const result = {
    context,
    scope,
    loss: undefined,
    direction: "minimize" as const,
    metrics: new Map(),
    metricTrees: {},
  };
  try {
    if (!bindParameters(context, model.parameters, given, scope, context.source, model.name.span, model.name.name))
      return result;
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    context.report(problem.span, problem.code, { message: problem.message, help: problem.help });
    return result;
  }
  const seen = new Set<string>();
  for (const statement of model.body) {
    if ("name" in statement && statement.kind !== "prior" && statement.kind !== "update") {
      const { name, span } = statement.name;
      if (seen.has(name) || (scope.own().has(name) && statement.kind !== "metric"))
        context.report(span, "duplicate-name", {
          message: `${name} is already declared in this model`,
          help: "rename one of them",
        });
      seen.add(name);
    }
    guarded(context, scope, statement, () => elaborateStatement(context, scope, statement));
  }
  return finish(context, scope, model);
}

function guarded(context: Context, scope: Scope, statement: ModelStatement, work: () => void): void {
  try {
    work();
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    context.fail(problem);
    if (statement.kind === "latent" || statement.kind === "graph" || statement.kind === "hyper")
      scope.define(statement.name.name, { kind: "error" });
  }
}

function elaborateStatement(context: Context, scope: Scope, statement: ModelStatement): void {
  switch (statement.kind) {
    case "graph": {
      const value = evaluate(context, scope, statement.value);
      if (value.kind !== "graph" && value.kind !== "error")
        throw new Failure(
          statement.value.span,
          "type-mismatch",
          `expected a graph such as complete(10), but got ${describe(value)}`,
        );
      return scope.define(statement.name.name, value);
    }
    case "hyper": {
      const value = evaluate(context, scope, statement.value);
      if (value.kind !== "number") {
        if (value.kind !== "error")
          throw new Failure(
            statement.value.span,
            "type-mismatch",
            `a hyper is a number, but this is ${describe(value)}`,
          );
        return scope.define(statement.name.name, value);
      }
      const node = context.builder.hyper(statement.name.name);
      context.hypers.set(statement.name.name, { name: statement.name.name, node, value: value.value, positive: false });
      return scope.define(statement.name.name, tensor(node));
    }
    case "data": {
      if (statement.type.kind !== "tensor-type")
        throw new Failure(statement.type.span, "type-mismatch", "data is a tensor, such as f32[n]");
      const dimensions = evaluateShape(context, scope, statement.type);
      if (dimensions === undefined) return scope.define(statement.name.name, { kind: "error" });
      const dtype = statement.type.element === "binary" ? "f32" : statement.type.element;
      const node = context.builder.input(statement.name.name, {
        dtype,
        shape: dimensions.map((dimension) => dimension.size),
        batched: true,
      });
      context.data.set(statement.name.name, { name: statement.name.name, node, written: printType(statement.type) });
      return scope.define(statement.name.name, tensor(node, dimensions));
    }
    case "param":
      return declareParameter(context, scope, statement, "");
    case "state":
      return declareState(context, scope, statement, "");
    case "update":
      return updateState(context, scope, statement.name.name, statement.name.span, statement.value);
    case "let":
      return evaluateLet(context, scope, statement);
    case "require":
      return checkRequirement(context, scope, statement.condition, statement.message?.value);
    case "latent":
      return declareLatent(context, scope, statement);
    case "prior":
      return declarePrior(context, scope, statement);
    case "observe": {
      const value = asTensor(context, evaluate(context, scope, statement.value), statement.value.span);
      const distribution = asDistribution(
        evaluate(context, scope, statement.distribution),
        statement.distribution.span,
      );
      const density =
        value === undefined || distribution === undefined
          ? undefined
          : logDensity(context, distribution, value, statement.span);
      if (density !== undefined) context.objectives.logLikelihood.push(density.node);
      return;
    }
    case "objective":
    case "metric":
      return; // They see the whole model: see finish.
  }
}

/** The parts of the evidence lower bound as names, then the objective and the metrics. */
function finish(context: Context, scope: Scope, model: ModelDeclaration): ElaboratedModel {
  const build = context.builder;
  const { logLikelihood, divergence } = context.objectives;
  const total = (nodes: readonly Node[]) => nodes.reduce((sum, node) => build.add(sum, node), build.constant(0));
  const parts = new Map<string, Node>();
  if (logLikelihood.length > 0) parts.set("log_likelihood", total(logLikelihood));
  if (divergence.length > 0) parts.set("kl", total(divergence));
  if (parts.size > 0)
    parts.set(
      "elbo",
      build.subtract(parts.get("log_likelihood") ?? build.constant(0), parts.get("kl") ?? build.constant(0)),
    );
  for (const [name, node] of parts) if (!scope.own().has(name)) scope.define(name, tensor(node));
  // After other errors, a part may be missing only because of them: that is not said again.
  if (context.diagnostics.length > 0)
    for (const name of ["log_likelihood", "kl", "elbo"])
      if (!scope.own().has(name)) scope.define(name, { kind: "error" });
  const objectives = model.body.filter((statement) => statement.kind === "objective");
  for (const extra of objectives.slice(1))
    context.report(extra.span, "duplicate-objective", {
      message: "a model has one objective",
      help: "add the terms up in one maximize or minimize",
    });
  const objective = objectives[0];
  const metrics = new Map<string, Node>();
  const metricTrees: Record<string, MetricTree> = {};
  const leaf = (name: string, node: Node): MetricTree => {
    metrics.set(`metric:${name}`, node);
    return { kind: "mean", output: `metric:${name}` };
  };
  let loss: Node | undefined;
  const direction = objective?.kind === "objective" ? objective.direction : "minimize";
  if (objective?.kind === "objective") {
    const value = asTensor(context, evaluate(context, scope, objective.value), objective.value.span);
    if (value !== undefined && value.dimensions.length > 0)
      context.report(objective.value.span, "shape-mismatch", {
        message: `an objective is one number for each example, but this is ${describe(value)}`,
        help: "reduce it with sum or mean",
      });
    else if (value !== undefined) {
      const each = direction === "maximize" ? build.negate(value.node) : value.node;
      loss = each.type.batched ? build.batchMean(each) : each;
      metricTrees.loss = leaf("loss", each);
    }
  }
  for (const [name, node] of parts) metricTrees[name] = leaf(name, node);
  for (const statement of model.body) {
    if (statement.kind !== "metric") continue;
    guarded(context, scope, statement, () => {
      const tree = metricTree(
        context,
        evaluate(context, scope, statement.value),
        statement.name.name,
        statement.value.span,
        leaf,
      );
      if (tree !== undefined) metricTrees[statement.name.name] = tree;
    });
  }
  return { context, scope, loss, direction, metrics, metricTrees };
}

function metricTree(
  context: Context,
  value: Value,
  name: string,
  span: ModelStatement["span"],
  leaf: (name: string, node: Node) => MetricTree,
): MetricTree | undefined {
  switch (value.kind) {
    case "error":
      return undefined;
    case "record":
    case "best": {
      const parts = value.kind === "record" ? value.fields : value.readings;
      const trees = Object.fromEntries(
        [...parts].flatMap(([part, inner]) => {
          const tree = metricTree(context, inner, `${name}.${part}`, span, leaf);
          return tree === undefined ? [] : [[part, tree] as const];
        }),
      );
      return value.kind === "record"
        ? { kind: "record", fields: trees }
        : { kind: "best", by: value.by, readings: trees };
    }
    default: {
      const found = asTensor(context, value, span, "a metric");
      if (found === undefined) return undefined;
      if (found.dimensions.length > 0)
        throw new Failure(
          span,
          "shape-mismatch",
          `a metric is one number for each example, but this is ${describe(found)}`,
          { help: "reduce it with sum or mean" },
        );
      return leaf(name, found.node);
    }
  }
}
