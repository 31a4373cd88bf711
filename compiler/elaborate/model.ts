/** A model, statement by statement: what it declares, its objective, and what each entry point returns. */
import type {
  DataStatement,
  GraphStatement,
  HyperStatement,
  ModelDeclaration,
  ModelStatement,
  ObserveStatement,
  Parameter,
} from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { bindParameters } from "./binding.ts";
import { Aborted, type Context } from "./context.ts";
import { asDistribution, logDensity } from "./distributions.ts";
import { declareLatent } from "./latents.ts";
import { type Objectives, readObjectives } from "./objectives.ts";
import { Scope } from "./scope.ts";
import { checkRequirement, evaluateLet, finiteNumber, updateState } from "./statements.ts";
import { asTensor, tensor } from "./tensors.ts";
import { evaluateShape, printType } from "./types.ts";
import { declarePrior } from "./utilities.ts";
import { type BoundArgument, describe, ERROR } from "./values.ts";
import { declareParameter, declareState } from "./variables.ts";

export interface ElaboratedModel extends Objectives {
  readonly context: Context;
  readonly scope: Scope;
}

/** Elaborates a model for one entry point. What is wrong is reported to the context, all of it. */
export function elaborateModel(
  context: Context,
  model: ModelDeclaration,
  given: readonly BoundArgument[],
): ElaboratedModel {
  const scope = new Scope(context.fileScope(context.source));
  bindArguments(context, model, given, scope);
  const seen = new Set<string>();
  for (const statement of model.body) {
    if ("name" in statement && statement.kind !== "prior" && statement.kind !== "update") {
      const { name, span } = statement.name;
      if (seen.has(name) || (statement.kind !== "metric" && scope.own().has(name))) {
        const help = "rename one of them";
        context.report(span, "duplicate-name", { message: `${name} is already declared in this model`, help });
      }
      seen.add(name);
    }
    guarded(context, scope, statement, () => elaborateStatement(context, scope, statement));
  }
  return { context, scope, ...readObjectives(context, scope, model, guarded) };
}

/** Values of the model's arguments; those that are wrong are errors of which nothing more is said. */
function bindArguments(context: Context, model: ModelDeclaration, given: readonly BoundArgument[], scope: Scope): void {
  const { span, name } = model.name;
  const unbound = (parameter: Parameter) => !scope.own().has(parameter.name.name);
  try {
    const { parameters } = model;
    bindParameters(context, { name, source: context.source, parameters }, given, scope, span);
  } catch (problem) {
    if (problem instanceof Failure) context.fail(problem);
    else if (!(problem instanceof Aborted)) throw problem;
  }
  for (const parameter of model.parameters.filter(unbound)) scope.define(parameter.name.name, ERROR);
}

/**
 * Carries out a statement; whatever is wrong ends with it, and the name it would have given is an error from then on.
 */
function guarded(context: Context, scope: Scope, statement: ModelStatement, work: () => void): void {
  try {
    work();
  } catch (problem) {
    if (problem instanceof Failure) context.fail(problem);
    else if (!(problem instanceof Aborted)) throw problem;
    if ("name" in statement && !scope.own().has(statement.name.name)) scope.define(statement.name.name, ERROR);
  }
}

function elaborateStatement(context: Context, scope: Scope, statement: ModelStatement): void {
  switch (statement.kind) {
    case "graph":
      return declareGraph(context, scope, statement);
    case "hyper":
      return declareHyper(context, scope, statement);
    case "data":
      return declareData(context, scope, statement);
    case "param":
      return declareParameter(context, scope, statement, "");
    case "state":
      return declareState(context, scope, statement, "");
    case "update":
      return updateState(context, scope, statement);
    case "let":
      return evaluateLet(context, scope, statement);
    case "require":
      checkRequirement(context, scope, statement);
      return;
    case "latent":
      return declareLatent(context, scope, statement);
    case "prior":
      return declarePrior(context, scope, statement);
    case "observe":
      return observe(context, scope, statement);
    case "objective":
    case "metric":
      return; // They see the whole model: see objectives.ts.
  }
}

function declareGraph(context: Context, scope: Scope, statement: GraphStatement): void {
  const value = context.evaluate(scope, statement.value);
  if (value.kind !== "graph" && value.kind !== "error") {
    const message = `expected a graph such as complete(10), but got ${describe(value)}`;
    throw new Failure(statement.value.span, "type-mismatch", message);
  }
  scope.define(statement.name.name, value);
}

function declareHyper(context: Context, scope: Scope, statement: HyperStatement): void {
  const { name } = statement.name;
  const value = finiteNumber(context, scope, statement.value, "a hyper");
  if (value === undefined) return scope.define(name, ERROR);
  const node = context.builder.hyper(name);
  context.hypers.set(name, { name, node, value, positive: false });
  scope.define(name, tensor(node));
}

function declareData(context: Context, scope: Scope, statement: DataStatement): void {
  const { name } = statement.name;
  const { type } = statement;
  if (type.kind !== "tensor-type") {
    throw new Failure(type.span, "type-mismatch", `data is a tensor, such as f32[n], but this is ${printType(type)}`);
  }
  const dimensions = evaluateShape(context, scope, type);
  if (dimensions === undefined) return scope.define(name, ERROR);
  const { element } = type;
  const dtype = element === "binary" ? "f32" : element;
  const shape = dimensions.map((dimension) => dimension.size);
  const node = context.builder.input(name, { dtype, shape, batched: true });
  context.data.set(name, { name, node, written: printType(type), binary: element === "binary" });
  scope.define(name, tensor(node, dimensions));
}

function observe(context: Context, scope: Scope, statement: ObserveStatement): void {
  const value = asTensor(context, context.evaluate(scope, statement.value), statement.value.span);
  const { span } = statement.distribution;
  const distribution = asDistribution(context.evaluate(scope, statement.distribution), span);
  if (value === undefined || distribution === undefined) return;
  const density = logDensity(context, distribution, value, span);
  if (density !== undefined) context.objectives.logLikelihood.push(density.node);
}
