/**
 * Modules: creating their params and states under a path of names, calling their methods, and applying a module where
 * it stands, with its sizes inferred from the tensor it meets (`batch_norm(x)`).
 */
import type { Method, ModuleDeclaration, Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { bindParameters, evaluateBody } from "./binding.ts";
import type { Context } from "./context.ts";
import { Scope } from "./scope.ts";
import { checkRequirement, evaluateLet } from "./statements.ts";
import { checkType } from "./types.ts";
import { type BoundArgument, describe, ERROR, type ModuleClassValue, type ModuleValue, type Value } from "./values.ts";
import { declareParameter, declareState } from "./variables.ts";

/** `Linear(20, 64)`: a new instance, called by the `let` that holds it. */
export function instantiateModule(
  context: Context,
  callee: ModuleClassValue,
  given: readonly BoundArgument[],
  span: Span,
  name = context.pendingName,
): Value {
  const { declaration, source } = callee;
  const what = declaration.name.name;
  const inner = new Scope(context.fileScope(source));
  if (!bindParameters(context, { name: what, source, parameters: declaration.parameters }, given, inner, span)) {
    return ERROR;
  }
  const own = name ?? what.toLowerCase();
  const path = context.path === "" ? own : `${context.path}.${own}`;
  if (isTaken(context, path)) {
    const help = "give each module a let of its own";
    throw new Failure(span, "duplicate-name", `two modules would be called ${path}`, { help });
  }
  const module: ModuleValue = { kind: "module", declaration, source, path, scope: inner };
  const fits = within(context, path, context.callTrail, () =>
    context.inside(source, span, () => elaborateBody(context, module, inner)),
  );
  return fits ? module : ERROR;
}

/** Whether variables live below a path already. */
function isTaken(context: Context, path: string): boolean {
  return [...context.parameters.keys(), ...context.states.keys()].some((key) => key.startsWith(`${path}.`));
}

/** Runs `work` on behalf of the module instance at a path. */
function within<T>(context: Context, path: string, trail: string[], work: () => T): T {
  const before = { path: context.path, trail: context.callTrail, pending: context.pendingName };
  context.path = path;
  context.callTrail = trail;
  context.pendingName = undefined;
  try {
    return work();
  } finally {
    context.path = before.path;
    context.callTrail = before.trail;
    context.pendingName = before.pending;
  }
}

/** Whether the module's requirements hold: of one with other arguments than it was made for nothing more is said. */
export function elaborateBody(context: Context, module: ModuleValue, scope: Scope): boolean {
  for (const statement of module.declaration.body) {
    switch (statement.kind) {
      case "param":
        declareParameter(context, scope, statement, module.path);
        break;
      case "state":
        declareState(context, scope, statement, module.path);
        break;
      case "let":
        evaluateLet(context, scope, statement);
        break;
      case "graph": {
        const value = context.evaluate(scope, statement.value);
        const fits = value.kind === "graph" || value.kind === "error";
        if (!fits) {
          const message = `expected a graph such as complete(10), but got ${describe(value)}`;
          context.report(statement.value.span, "type-mismatch", { message });
        }
        scope.define(statement.name.name, fits ? value : ERROR);
        break;
      }
      case "require":
        if (!checkRequirement(context, scope, statement)) return false;
        break;
      case "method":
        scope.define(statement.name.name, { kind: "method", module, method: statement });
        break;
    }
  }
  return true;
}

/** The method that a module is called by. */
export function forwardOf(declaration: ModuleDeclaration, span: Span): Method {
  const methods = declaration.body.filter((statement) => statement.kind === "method");
  const forward = methods.find((method) => method.name.name === "forward");
  if (forward !== undefined) return forward;
  const names = methods.map((method) => method.name.name).join(", ");
  throw new Failure(span, "not-callable", `${declaration.name.name} has no method forward`, {
    help: names === "" ? "declare one: forward(x: f32[n]) = …" : `call one of its methods: ${names}`,
  });
}

export function callMethod(
  context: Context,
  module: ModuleValue,
  method: Method,
  given: readonly BoundArgument[],
  span: Span,
): Value {
  const { source } = module;
  const inner = new Scope(module.scope);
  const name = `${module.declaration.name.name}.${method.name.name}`;
  if (!bindParameters(context, { name, source, parameters: method.parameters }, given, inner, span)) return ERROR;
  return within(context, module.path, [], () =>
    context.inside(source, span, () => evaluateBody(context, inner, method.body, method.result, name)),
  );
}

/**
 * A module applied to a tensor where it stands: one instance for each place in the text, its sizes read off the tensor.
 */
export function applyInline(
  context: Context,
  callee: ModuleClassValue,
  given: readonly BoundArgument[],
  span: Span,
): Value {
  const { declaration } = callee;
  const forward = forwardOf(declaration, span);
  const settings = new Set(declaration.parameters.map((parameter) => parameter.name.name));
  const own = given.filter((argument) => argument.name !== undefined && settings.has(argument.name));
  const rest = given.filter((argument) => !own.includes(argument));
  const key = `${context.path}|${context.callTrail.slice(1).join("|")}|${context.source.name}:${span.start}`;
  let module = context.inlineModules.get(key);
  if (module === undefined) {
    const inferred = inferSizes(context, callee, forward, rest, own, span);
    if (inferred === undefined) return ERROR;
    const made = instantiateModule(context, callee, [...own, ...inferred], span, freeName(context, declaration));
    if (made.kind !== "module") return ERROR;
    module = made;
    context.inlineModules.set(key, module);
  }
  return callMethod(context, module, forward, rest, span);
}

/** `batch_norm`, `batch_norm_2`, …: the first that is not taken. */
function freeName(context: Context, declaration: ModuleDeclaration): string {
  const base = declaration.name.name;
  const inline = new Set([...context.inlineModules.values()].map((module) => module.path));
  const taken = (name: string) => {
    const path = context.path === "" ? name : `${context.path}.${name}`;
    return inline.has(path) || isTaken(context, path);
  };
  let name = base;
  for (let i = 2; taken(name); i++) name = `${base}_${i}`;
  return name;
}

/** Arguments that the type of the first parameter of `forward` tells; undefined when a problem was reported. */
function inferSizes(
  context: Context,
  callee: ModuleClassValue,
  forward: Method,
  rest: readonly BoundArgument[],
  own: readonly BoundArgument[],
  span: Span,
): BoundArgument[] | undefined {
  const { declaration, source } = callee;
  const scope = new Scope(context.fileScope(source));
  for (const argument of own) scope.define(argument.name!, argument.value);
  const [first] = forward.parameters;
  const [argument] = rest;
  if (first?.type !== undefined && argument !== undefined) {
    const what = `${first.name.name} of ${declaration.name.name}`;
    const checked = checkType(context, scope, first.type, argument.value, argument.span, what, source);
    if (checked === undefined) return undefined;
  }
  const known = new Set(own.map((each) => each.name));
  return declaration.parameters.flatMap((parameter) => {
    const { name } = parameter.name;
    const value = scope.own().get(name);
    return known.has(name) || value === undefined ? [] : [{ name, value, span }];
  });
}
