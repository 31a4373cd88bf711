/** Names in functions, modules and models. */
import type {
  Distributions,
  FunctionDeclaration,
  LatentStatement,
  ModelDeclaration,
  ModelStatement,
  ModuleDeclaration,
  ParamStatement,
} from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { BOUND_PARTS } from "../elaborate/objectives.ts";
import { INITIALIZER_NAMES, unknownInitializer } from "../elaborate/variables.ts";
import { Locals } from "./locals.ts";
import { repeatedUpdates } from "./repeats.ts";
import type { Resolver } from "./resolver.ts";

export function resolveFunction(resolver: Resolver, declaration: FunctionDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "function", "tensor");
  if (declaration.result !== undefined) resolver.type(declaration.result, locals, "tensor", true);
  resolver.expression(declaration.body, locals, "tensor");
}

export function resolveModule(resolver: Resolver, declaration: ModuleDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "module", "tensor");
  const { body } = declaration;
  for (const statement of body) if (statement.kind !== "require") locals.announce(statement.name.name);
  for (const statement of body) {
    switch (statement.kind) {
      case "param":
        param(resolver, statement, locals);
        break;
      case "state":
        resolver.type(statement.type, locals, "tensor");
        resolver.expression(statement.value, locals, "tensor");
        break;
      case "let":
        if (statement.type !== undefined) resolver.type(statement.type, locals, "tensor");
        resolver.expression(statement.value, locals, "tensor");
        break;
      case "graph":
        resolver.expression(statement.value, locals, "tensor");
        break;
      case "require":
        resolver.expression(statement.condition, locals, "tensor");
        break;
      case "method":
        break;
    }
    if (statement.kind !== "require") resolver.declare(statement.name, locals, "module");
  }
  // Methods run when the whole module is there.
  for (const statement of body) {
    if (statement.kind !== "method") continue;
    const inner = new Locals(locals);
    resolver.parameters(statement.parameters, inner, "method", "tensor");
    if (statement.result !== undefined) resolver.type(statement.result, inner, "tensor", true);
    resolver.expression(statement.body, inner, "tensor");
  }
}

function param(resolver: Resolver, statement: ParamStatement, locals: Locals): void {
  resolver.type(statement.type, locals, "tensor");
  const { initializer } = statement;
  // The name of an initialiser is none of a value.
  const callee = initializer.kind === "call" ? initializer.callee : initializer;
  const name = printExpression(callee);
  if (!INITIALIZER_NAMES.includes(name)) resolver.fail(unknownInitializer(name, callee.span));
  if (initializer.kind !== "call") return;
  for (const argument of initializer.arguments) resolver.expression(argument.value, locals, "tensor");
}

export function resolveModel(resolver: Resolver, declaration: ModelDeclaration): void {
  const locals = new Locals();
  resolver.parameters(declaration.parameters, locals, "model", "tensor");
  for (const statement of declaration.body) {
    if (declares(statement)) locals.announce(statement.name.name);
  }
  for (const statement of declaration.body) {
    modelStatement(resolver, statement, locals);
    if (declares(statement)) resolver.declare(statement.name, locals, "model");
  }
  repeatedUpdates(resolver, declaration);
  // Objectives and metrics see the whole model, and the parts of the bound.
  const whole = new Locals(locals);
  const bounded = declaration.body.some((statement) => statement.kind === "observe" || statement.kind === "prior");
  for (const part of BOUND_PARTS) {
    if (bounded) whole.declare(part);
    else whole.explain(part, "it is made of what the model observes and of its priors: add observe x ~ Normal(mean)");
  }
  for (const statement of declaration.body) {
    if (statement.kind === "objective" || statement.kind === "metric") {
      resolver.expression(statement.value, whole, "tensor");
    }
  }
}

type Naming = Exclude<ModelStatement, { kind: "prior" | "update" | "require" | "observe" | "objective" }>;

/** Whether a statement gives a name. */
function declares(statement: ModelStatement): statement is Naming {
  return "name" in statement && statement.kind !== "prior" && statement.kind !== "update";
}

function modelStatement(resolver: Resolver, statement: ModelStatement, locals: Locals): void {
  switch (statement.kind) {
    case "graph":
    case "hyper":
      return resolver.expression(statement.value, locals, "tensor");
    case "data":
      return resolver.type(statement.type, locals, "tensor");
    case "param":
      return param(resolver, statement, locals);
    case "state":
      resolver.type(statement.type, locals, "tensor");
      return resolver.expression(statement.value, locals, "tensor");
    case "let":
      if (statement.type !== undefined) resolver.type(statement.type, locals, "tensor");
      return resolver.expression(statement.value, locals, "tensor");
    case "update":
      resolver.name(statement.name, locals, "tensor");
      return resolver.expression(statement.value, locals, "tensor");
    case "require":
      return resolver.expression(statement.condition, locals, "tensor");
    case "latent":
      return latent(resolver, statement, locals);
    case "prior":
      resolver.name(statement.name, locals, "tensor");
      return distributions(resolver, statement.distribution, locals);
    case "observe":
      resolver.expression(statement.value, locals, "tensor");
      return resolver.expression(statement.distribution, locals, "tensor");
    case "objective":
    case "metric":
      return;
  }
}

function latent(resolver: Resolver, statement: LatentStatement, locals: Locals): void {
  for (const copy of statement.copies) resolver.expression(copy, locals, "tensor");
  resolver.expression(statement.structure, locals, "tensor");
  const { utilities, estimator } = statement;
  distributions(resolver, utilities, locals);
  if (estimator?.kind === "score") {
    const { method } = estimator;
    for (const { name, value } of estimator.arguments) {
      // The name of a baseline of reinforce is none of a value.
      const isNamed = method.name === "reinforce" && name?.name !== "samples";
      const parts = !isNamed ? [value] : value.kind === "call" ? value.arguments.map((each) => each.value) : [];
      for (const e of parts) resolver.expression(e, locals, "tensor");
    }
  }
  if (estimator?.kind === "imle") {
    for (const { value } of estimator.arguments) resolver.expression(value, locals, "tensor");
  }
  if (estimator?.kind !== "relax") return;
  resolver.expression(estimator.relaxation, locals, "tensor");
  const { temperature, backward } = estimator;
  if (temperature.kind === "value") resolver.expression(temperature.value, locals, "tensor");
  else for (const e of [temperature.from, temperature.to, temperature.steps]) resolver.expression(e, locals, "tensor");
  for (const argument of backward?.arguments ?? []) resolver.expression(argument.value, locals, "tensor");
}

function distributions(resolver: Resolver, written: Distributions, locals: Locals): void {
  const list = "kind" in written ? [written] : written.map((part) => part.value);
  for (const e of list) resolver.expression(e, locals, "tensor");
}
