/** Arguments to parameters: binding, type checks, defaults; and bodies checked against their declared results. */
import type { Argument, Expression, Parameter, Span } from "../../grammar/ast.ts";
import { type Part, partsOf } from "../../grammar/walk.ts";
import type { Source } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import { assignArguments, type Environment } from "../static-evaluate.ts";
import type { Context } from "./context.ts";
import { declarationsOf } from "./declarations.ts";
import type { Scope } from "./scope.ts";
import { checkType } from "./types.ts";
import { type Bindings, type BoundArgument, describe, ERROR, isStatic, named, type Value } from "./values.ts";

/** A call's arguments; undefined when one of them was reported. */
export function evaluateArguments(
  context: Context,
  scope: Scope,
  list: readonly Argument[],
): BoundArgument[] | undefined {
  const values = list.map((argument) => ({
    ...(argument.name === undefined ? {} : { name: argument.name.name, nameSpan: argument.name.span }),
    value: context.evaluate(scope, argument.value),
    span: argument.value.span,
  }));
  return values.some((argument) => argument.value.kind === "error") ? undefined : values;
}

/** Who is called: for messages, and for the file that parameters and defaults are written in. */
export interface Callee {
  readonly name: string;
  readonly source: Source;
  readonly parameters: readonly Parameter[];
}

/**
 * Binds arguments to parameters in `inner` and checks their types; defaults see the parameters before them. False when
 * something was reported; throws a Failure when arguments and parameters do not go together.
 */
export function bindParameters(
  context: Context,
  callee: Callee,
  given: readonly BoundArgument[],
  inner: Scope,
  span: Span,
): boolean {
  const { name: what, source, parameters } = callee;
  const names = parameters.map((parameter) => parameter.name.name);
  const assigned = assignArguments(names, given, what);
  const missing = parameters.filter(({ name, default: value }) => value === undefined && !assigned.has(name.name));
  if (missing.length > 0) {
    const list = missing.map((parameter) => parameter.name.name).join(", ");
    throw new Failure(span, "missing-argument", `${what} needs ${list}`, {
      help: `write ${what}(${names.join(", ")})`,
    });
  }
  let fine = true;
  for (const parameter of parameters) {
    const { name } = parameter.name;
    const argument = assigned.get(name);
    const check = (value: Value, place: Span) =>
      parameter.type === undefined
        ? value
        : checkType(context, inner, parameter.type, value, place, `${name} of ${what}`, source);
    const byDefault = (e: Expression) => context.inside(source, span, () => check(context.evaluate(inner, e), e.span));
    const checked =
      argument === undefined ? byDefault(parameter.default as Expression) : check(argument.value, argument.span);
    if (checked === undefined || checked.kind === "error") fine = false;
    inner.define(name, named(checked ?? ERROR, name));
  }
  return fine;
}

/** A body's value, checked against the declared result. */
export function evaluateBody(
  context: Context,
  scope: Scope,
  body: Expression,
  result: Parameter["type"],
  what: string,
): Value {
  const value = context.evaluate(scope, body);
  if (result === undefined || value.kind === "error") return value;
  return checkType(context, scope, result, value, body.span, `the value of ${what}`) ?? ERROR;
}

/** Whether an expression uses a value that was reported already. */
export function mentionsError(scope: Bindings, e: Part): boolean {
  if (e.kind === "name") return scope.lookup(e.name)?.kind === "error";
  return partsOf(e).some((part) => mentionsError(scope, part));
}

/** What the static evaluator may see of a scope. */
export function staticEnvironment(context: Context, scope: Bindings): Environment {
  const outer = declarationsOf(context);
  return {
    lookup: (name) => {
      const value = scope.lookup(name);
      return value === undefined ? outer.lookup(name) : isStatic(value) ? value : undefined;
    },
    dynamic: (name) => {
      const value = scope.lookup(name);
      return value === undefined || isStatic(value) ? undefined : describe(value);
    },
    *names() {
      yield* scope.names();
      yield* outer.names();
    },
  };
}
