/** Calls: builtin functions, functions of the language, modules and their methods, distributions, structures. */
import type { Argument, CallExpression, Expression, Parameter, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { declarationsFor } from "../declarations.ts";
import type { Source } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import { applyRelaxation, assignArguments, bindStatic, type Environment } from "../static-evaluate.ts";
import { staticFunctions } from "../static-functions.ts";
import { applyStructure } from "../structure.ts";
import { builtins } from "./builtins.ts";
import type { Context } from "./context.ts";
import { evaluate, isStatic } from "./expressions.ts";
import { applyInline, callMethod, instantiateModule } from "./modules.ts";
import { Scope } from "./scope.ts";
import { checkType } from "./types.ts";
import {
  type BoundArgument,
  type DistributionClassValue,
  describe,
  ERROR,
  type FunctionValue,
  type Value,
} from "./values.ts";

/** Calls nested deeper than this are a recursion without end. */
const DEEPEST_CALL = 64;

export function evaluateCall(context: Context, scope: Scope, e: CallExpression): Value {
  if (context.depth > DEEPEST_CALL)
    throw new Failure(e.span, "recursion", `calls are nested more than ${DEEPEST_CALL} deep`, {
      why: "functions and modules are expanded where they are called, so recursion has no end",
      help: "use scan for loops",
    });
  const callee = evaluate(context, scope, e.callee);
  switch (callee.kind) {
    case "error":
      return ERROR;
    case "builtin":
      return callBuiltin(context, scope, callee.name, e);
    case "function":
      return callFunction(context, scope, callee, e);
    case "module-class": {
      const given = evaluateArguments(context, scope, e.arguments);
      if (given === undefined) return ERROR;
      const applied = given.some(
        (argument) => argument.name === undefined && ["tensor", "latent", "sequence"].includes(argument.value.kind),
      );
      return applied ? applyInline(context, callee, given, e.span) : instantiateModule(context, callee, given, e.span);
    }
    case "module": {
      const forward = callee.declaration.body.find(
        (statement) => statement.kind === "method" && statement.name.name === "forward",
      );
      if (forward?.kind !== "method")
        throw new Failure(e.callee.span, "not-callable", `${callee.declaration.name.name} has no method forward`, {
          help: "call one of its methods",
        });
      const given = evaluateArguments(context, scope, e.arguments);
      return given === undefined ? ERROR : callMethod(context, callee, forward, given, e.span);
    }
    case "method": {
      const given = evaluateArguments(context, scope, e.arguments);
      return given === undefined ? ERROR : callMethod(context, callee.module, callee.method, given, e.span);
    }
    case "distribution-class":
      return makeDistribution(context, scope, callee, e);
    case "structure-name": {
      const structure = applyStructure(
        e,
        staticEnvironment(context, scope),
        declarationsFor(context.names, context.source),
      );
      return { kind: "structure", structure, label: structure.label };
    }
    case "relaxation": {
      const given = evaluateArguments(context, scope, e.arguments);
      if (given === undefined) return ERROR;
      return applyRelaxation(
        callee,
        given.map(({ name, span, value }) => {
          if (isStatic(value)) return { name, span, value };
          throw new Failure(
            span,
            "dynamic-size",
            `arguments of a relaxation are known at compile time, but this is ${describe(value)}`,
          );
        }),
      );
    }
    default:
      throw new Failure(e.callee.span, "not-callable", `${describe(callee)} cannot be called`);
  }
}

export function evaluateArguments(
  context: Context,
  scope: Scope,
  list: readonly Argument[],
): BoundArgument[] | undefined {
  const values = list.map((argument) => ({
    ...(argument.name === undefined ? {} : { name: argument.name.name }),
    value: evaluate(context, scope, argument.value),
    span: argument.value.span,
  }));
  return values.some((argument) => argument.value.kind === "error") ? undefined : values;
}

/** What the static evaluator may see of a scope. */
export function staticEnvironment(context: Context, scope: Scope): Environment {
  const outer = declarationsFor(context.names, context.source);
  return {
    lookup: (name) => {
      const value = scope.lookup(name);
      return value === undefined ? outer.lookup(name) : isStatic(value) ? value : undefined;
    },
    *names() {
      yield* scope.names();
      yield* outer.names();
    },
  };
}

function callBuiltin(context: Context, scope: Scope, name: string, e: CallExpression): Value {
  const given = evaluateArguments(context, scope, e.arguments);
  if (given === undefined) return ERROR;
  const found = staticFunctions.get(name);
  const builtin = builtins.get(name);
  if (found !== undefined && (builtin === undefined || given.every((argument) => isStatic(argument.value)))) {
    const values = given.map((argument) => {
      if (isStatic(argument.value)) return argument.value;
      throw new Failure(
        argument.span,
        "dynamic-size",
        `${name} is computed at compile time, but this is ${describe(argument.value)}`,
      );
    });
    if (values.length !== found.parameters.length)
      throw new Failure(
        e.span,
        "missing-argument",
        `${name} takes ${found.parameters.length} argument${found.parameters.length === 1 ? "" : "s"}: ${name}(${found.parameters.join(", ")})`,
      );
    const value = found.call(values, e.span);
    return value.kind === "number" ? { ...value, label: printExpression(e) } : value;
  }
  return builtin!.call(context, given, e.span) ?? ERROR;
}

/** Binds arguments to parameters and checks their types; defaults see the parameters before them. Throws when something does not fit. */
export function bindParameters(
  context: Context,
  parameters: readonly Parameter[],
  given: readonly BoundArgument[],
  inner: Scope,
  source: Source,
  span: Span,
  what: string,
): boolean {
  const assigned = assignArguments(
    parameters.map((parameter) => parameter.name.name),
    given,
    what,
  );
  let fine = true;
  parameters.forEach((parameter) => {
    const name = parameter.name.name;
    const argument = assigned.get(name);
    if (argument === undefined && parameter.default === undefined)
      throw new Failure(span, "missing-argument", `${what} needs ${name}`, {
        help: `write ${what}(${parameters.map((each) => each.name.name).join(", ")})`,
      });
    const value = argument?.value ?? context.inside(source, span, () => evaluate(context, inner, parameter.default!));
    const checked =
      parameter.type === undefined
        ? value
        : checkType(context, inner, parameter.type, value, argument?.span ?? span, `${name} of ${what}`);
    if (checked === undefined || checked.kind === "error") fine = false;
    else inner.define(name, checked.kind === "number" ? { ...checked, label: checked.label ?? name } : checked);
  });
  return fine;
}

function callFunction(context: Context, scope: Scope, callee: FunctionValue, e: CallExpression): Value {
  const { declaration, source } = callee;
  const given = evaluateArguments(context, scope, e.arguments);
  if (given === undefined) return ERROR;
  const inner = new Scope(context.fileScope(source));
  if (!bindParameters(context, declaration.parameters, given, inner, source, e.span, declaration.name.name))
    return ERROR;
  return context.inside(source, e.span, () =>
    evaluateBody(context, inner, declaration.body, declaration.result, declaration.name.name),
  );
}

/** A body's value, checked against the declared result. */
export function evaluateBody(
  context: Context,
  scope: Scope,
  body: Expression,
  result: Parameter["type"],
  what: string,
): Value {
  const value = evaluate(context, scope, body);
  if (result === undefined || value.kind === "error") return value;
  return checkType(context, scope, result, value, body.span, `the value of ${what}`) ?? ERROR;
}

function makeDistribution(context: Context, scope: Scope, callee: DistributionClassValue, e: CallExpression): Value {
  const { declaration, source } = callee;
  const given = evaluateArguments(context, scope, e.arguments);
  if (given === undefined) return ERROR;
  const inner = new Scope(context.fileScope(source));
  if (!bindParameters(context, declaration.parameters, given, inner, source, e.span, declaration.name.name))
    return ERROR;
  return { kind: "distribution", declaration, source, arguments: inner.own() };
}

export { bindStatic };
