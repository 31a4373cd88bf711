/**
 * Modules: creating their params and states under a path of names, calling their methods, and applying a module where it
 * stands, with its sizes inferred from the tensor it meets (`batch_norm(x)`).
 */
import type { Method, ParamStatement, Span, StateStatement } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Initializer } from "../artifact.ts";
import { Failure } from "../failure.ts";
import { bindParameters, evaluateBody } from "./calls.ts";
import type { Context } from "./context.ts";
import { checkRequirement, evaluate, evaluateLet } from "./expressions.ts";
import { Scope } from "./scope.ts";
import { tensor } from "./tensors.ts";
import { checkType, evaluateShape } from "./types.ts";
import {
  type BoundArgument,
  type Dimension,
  describe,
  ERROR,
  type ModuleClassValue,
  type ModuleValue,
  type Value,
} from "./values.ts";

/** `Linear(20, 64)`: a new instance, called by the `let` that holds it. */
export function instantiateModule(
  context: Context,
  callee: ModuleClassValue,
  given: readonly BoundArgument[],
  span: Span,
  name = context.pendingName,
): Value {
  const { declaration, source } = callee;
  const inner = new Scope(context.fileScope(source));
  if (!bindParameters(context, declaration.parameters, given, inner, source, span, declaration.name.name)) return ERROR;
  const own = name ?? declaration.name.name.toLowerCase();
  const path = context.path === "" ? own : `${context.path}.${own}`;
  if ([...context.parameters.keys(), ...context.states.keys()].some((key) => key.startsWith(`${path}.`))) {
    throw new Failure(span, "duplicate-name", `two modules would be called ${path}`, {
      help: "give each module a let of its own",
    });
  }
  const module: ModuleValue = { kind: "module", declaration, source, path, scope: inner };
  const outer = context.path;
  const pending = context.pendingName;
  context.path = path;
  context.pendingName = undefined;
  context.inside(source, span, () => elaborateBody(context, module));
  context.path = outer;
  context.pendingName = pending;
  return module;
}

function elaborateBody(context: Context, module: ModuleValue): void {
  for (const statement of module.declaration.body) {
    switch (statement.kind) {
      case "param":
        declareParameter(context, module.scope, statement, module.path);
        break;
      case "state":
        declareState(context, module.scope, statement, module.path);
        break;
      case "let":
        evaluateLet(context, module.scope, statement);
        break;
      case "graph":
        module.scope.define(statement.name.name, evaluate(context, module.scope, statement.value));
        break;
      case "require":
        checkRequirement(context, module.scope, statement.condition, statement.message?.value);
        break;
      case "method":
        module.scope.define(statement.name.name, { kind: "method", module, method: statement });
        break;
    }
  }
}

export function declareParameter(context: Context, scope: Scope, statement: ParamStatement, path: string): void {
  const dimensions = statement.type.kind === "tensor-type" ? evaluateShape(context, scope, statement.type) : undefined;
  if (dimensions === undefined) {
    if (statement.type.kind !== "tensor-type")
      context.report(statement.type.span, "type-mismatch", { message: "a param is a tensor, such as f32[n]" });
    scope.define(statement.name.name, ERROR);
    return;
  }
  const name = path === "" ? statement.name.name : `${path}.${statement.name.name}`;
  const shape = dimensions.map((dimension) => dimension.size);
  const node = context.builder.parameter(name, shape);
  context.parameters.set(name, { name, node, initializer: initializer(context, scope, statement, shape) });
  scope.define(statement.name.name, tensor(node, dimensions));
}

/** Standard initialisers; fans are those of the last two dimensions. */
function initializer(context: Context, scope: Scope, statement: ParamStatement, shape: readonly number[]): Initializer {
  const e = statement.initializer;
  const name = e.kind === "call" ? printExpression(e.callee) : printExpression(e);
  const argument =
    e.kind === "call" && e.arguments[0] !== undefined ? evaluate(context, scope, e.arguments[0].value) : undefined;
  const number = argument?.kind === "number" ? argument.value : undefined;
  const inputs = shape.length >= 2 ? shape[shape.length - 2]! : (number ?? shape[0] ?? 1);
  const outputs = shape[shape.length - 1] ?? 1;
  switch (name) {
    case "zeros":
      return { kind: "constant", value: 0 };
    case "ones":
      return { kind: "constant", value: 1 };
    case "constant":
      return { kind: "constant", value: number ?? 0 };
    case "normal":
      return { kind: "normal", deviation: number ?? 1 };
    case "uniform":
      return { kind: "uniform", bound: number ?? 1 };
    case "glorot_normal":
      return { kind: "normal", deviation: Math.sqrt(2 / (inputs + outputs)) };
    case "glorot_uniform":
      return { kind: "uniform", bound: Math.sqrt(6 / (inputs + outputs)) };
    case "fan_in_uniform":
      // Uniform on ±1/√fan_in; a vector is told its fan: fan_in_uniform(inputs).
      return { kind: "uniform", bound: 1 / Math.sqrt(number ?? inputs) };
    default:
      context.report(e.span, "unknown-name", {
        message: `there is no initialiser ${name}`,
        help: "choose zeros, ones, constant(c), normal(s), uniform(b), glorot_normal, glorot_uniform or fan_in_uniform",
      });
      return { kind: "constant", value: 0 };
  }
}

export function declareState(context: Context, scope: Scope, statement: StateStatement, path: string): void {
  const dimensions = statement.type.kind === "tensor-type" ? evaluateShape(context, scope, statement.type) : undefined;
  const first = evaluate(context, scope, statement.value);
  if (dimensions === undefined || first.kind !== "number") {
    if (first.kind !== "number" && first.kind !== "error")
      context.report(statement.value.span, "type-mismatch", {
        message: `a state begins as a number, but this is ${describe(first)}`,
      });
    scope.define(statement.name.name, ERROR);
    return;
  }
  const name = path === "" ? statement.name.name : `${path}.${statement.name.name}`;
  const node = context.builder.state(
    name,
    dimensions.map((dimension) => dimension.size),
  );
  context.states.set(name, { name, node, value: first.value, next: undefined });
  scope.define(statement.name.name, tensor(node, dimensions));
}

export function callMethod(
  context: Context,
  module: ModuleValue,
  method: Method,
  given: readonly BoundArgument[],
  span: Span,
): Value {
  const inner = new Scope(module.scope);
  const what = `${module.declaration.name.name}.${method.name.name}`;
  if (!bindParameters(context, method.parameters, given, inner, module.source, span, what)) return ERROR;
  const [path, trail, pending] = [context.path, context.callTrail, context.pendingName];
  context.path = module.path;
  context.callTrail = [];
  context.pendingName = undefined;
  try {
    return context.inside(module.source, span, () => evaluateBody(context, inner, method.body, method.result, what));
  } finally {
    context.path = path;
    context.callTrail = trail;
    context.pendingName = pending;
  }
}

/** A module applied to a tensor where it stands: one instance for each place in the text, its sizes read off the tensor. */
export function applyInline(
  context: Context,
  callee: ModuleClassValue,
  given: readonly BoundArgument[],
  span: Span,
): Value {
  const { declaration } = callee;
  const forward = declaration.body.find(
    (statement) => statement.kind === "method" && statement.name.name === "forward",
  );
  if (forward?.kind !== "method")
    throw new Failure(span, "not-callable", `${declaration.name.name} has no method forward`);
  const settings = new Set(declaration.parameters.map((parameter) => parameter.name.name));
  const own = given.filter((argument) => argument.name !== undefined && settings.has(argument.name));
  const rest = given.filter((argument) => !own.includes(argument));
  const key = `${context.path}|${context.callTrail.slice(1).join("|")}|${context.source.name}:${span.start}`;
  let module = context.inlineModules.get(key);
  if (module === undefined) {
    const inferred = inferSizes(context, callee, forward, rest, own, span);
    const base = declaration.name.name;
    const taken = (candidate: string) =>
      [...context.inlineModules.values()].some(
        (other) => other.path === (context.path === "" ? candidate : `${context.path}.${candidate}`),
      );
    let name = base;
    for (let i = 2; taken(name); i++) name = `${base}_${i}`;
    const made = instantiateModule(context, callee, [...own, ...inferred], span, name);
    if (made.kind !== "module") return ERROR;
    module = made;
    context.inlineModules.set(key, module);
  }
  return callMethod(context, module, forward, rest, span);
}

function inferSizes(
  context: Context,
  callee: ModuleClassValue,
  forward: Method,
  rest: readonly BoundArgument[],
  own: readonly BoundArgument[],
  span: Span,
): BoundArgument[] {
  const scope = new Scope(context.fileScope(callee.source));
  const first = forward.parameters[0];
  const argument = rest[0];
  if (first?.type !== undefined && argument !== undefined)
    checkType(
      context,
      scope,
      first.type,
      argument.value,
      argument.span,
      `${first.name.name} of ${callee.declaration.name.name}`,
    );
  const known = new Set(own.map((each) => each.name));
  return callee.declaration.parameters.flatMap((parameter) => {
    const value = scope.own().get(parameter.name.name);
    return known.has(parameter.name.name) || value === undefined ? [] : [{ name: parameter.name.name, value, span }];
  });
}

export type { Dimension };
