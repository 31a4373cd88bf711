/** Params and states: their shapes, how they start, and the path of names that they are known by. */

import type { Expression, ParamStatement, Span, StateStatement, TypeExpression } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Initializer } from "../artifact.ts";
import type { Code } from "../codes.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { finiteNumber } from "./statements.ts";
import { tensor } from "./tensors.ts";
import { evaluateShape, printType } from "./types.ts";
import { type Dimension, ERROR } from "./values.ts";

function pathOf(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** The shape of a param or state, which are always f32; undefined when a problem was reported. */
function shapeOf(context: Context, scope: Scope, type: TypeExpression, what: string): readonly Dimension[] | undefined {
  if (type.kind === "tensor-type" && type.element === "f32") return evaluateShape(context, scope, type);
  const message = `a ${what} is a tensor of f32, such as f32[n], but this is ${printType(type)}`;
  context.report(type.span, "type-mismatch", { message });
  return undefined;
}

export function declareParameter(context: Context, scope: Scope, statement: ParamStatement, path: string): void {
  const dimensions = shapeOf(context, scope, statement.type, "param");
  const shape = dimensions?.map((dimension) => dimension.size);
  const start = initializer(context, scope, statement.initializer, shape ?? []);
  if (dimensions === undefined || shape === undefined || start === undefined) {
    return scope.define(statement.name.name, ERROR);
  }
  const name = pathOf(path, statement.name.name);
  const node = context.builder.parameter(name, shape);
  context.parameters.set(name, { name, node, initializer: start, place: context.placeOf(statement.span) });
  scope.define(statement.name.name, tensor(node, dimensions));
}

interface InitializerRule {
  /** What its argument must be, where it takes one; `?` marks that it may be left out. */
  readonly argument?: "number" | "positive?";
  /** The draw, from the argument and the fans of the last two dimensions (a vector's own length where it has one). */
  make(argument: number | undefined, inputs: number, outputs: number): Initializer;
}

/** Standard initialisers (Glorot and Bengio 2010; `fan_in_uniform` is uniform on ±1/√inputs). */
const INITIALIZERS: ReadonlyMap<string, InitializerRule> = new Map<string, InitializerRule>([
  ["zeros", { make: () => ({ kind: "constant", value: 0 }) }],
  ["ones", { make: () => ({ kind: "constant", value: 1 }) }],
  ["constant", { argument: "number", make: (value) => ({ kind: "constant", value: value ?? 0 }) }],
  ["normal", { argument: "positive?", make: (deviation = 1) => ({ kind: "normal", deviation }) }],
  ["uniform", { argument: "positive?", make: (bound = 1) => ({ kind: "uniform", bound }) }],
  [
    "glorot_normal",
    { make: (_, inputs, outputs) => ({ kind: "normal", deviation: Math.sqrt(2 / (inputs + outputs)) }) },
  ],
  ["glorot_uniform", { make: (_, inputs, outputs) => ({ kind: "uniform", bound: Math.sqrt(6 / (inputs + outputs)) }) }],
  // A vector is told its fan: fan_in_uniform(inputs).
  [
    "fan_in_uniform",
    { argument: "positive?", make: (fan, inputs) => ({ kind: "uniform", bound: 1 / Math.sqrt(fan ?? inputs) }) },
  ],
]);

export const INITIALIZER_NAMES: readonly string[] = [...INITIALIZERS.keys()];

/** What to say of an initialiser that there is none of. */
export function unknownInitializer(name: string, span: Span): Failure {
  const near = didYouMean(name, INITIALIZER_NAMES);
  const help = near === undefined ? `choose one of ${INITIALIZER_NAMES.join(", ")}` : `did you mean ${near}?`;
  return new Failure(span, "unknown-name", `there is no initialiser ${name}`, { help });
}

function initializer(context: Context, scope: Scope, e: Expression, shape: readonly number[]): Initializer | undefined {
  const callee = e.kind === "call" ? e.callee : e;
  const given = e.kind === "call" ? e.arguments : [];
  const name = printExpression(callee);
  const fail = (span: Span, code: Code, message: string, help?: string) => {
    context.report(span, code, { message, help });
    return undefined;
  };
  const rule = INITIALIZERS.get(name);
  if (rule === undefined) {
    context.fail(unknownInitializer(name, callee.span));
    return undefined;
  }
  const [first, second] = given;
  const extra = rule.argument === undefined ? first : second;
  if (extra !== undefined) {
    const takes = rule.argument === undefined ? "no arguments" : "one number";
    return fail(extra.span, "too-many-arguments", `the initialiser ${name} takes ${takes}`);
  }
  if (first?.name !== undefined) {
    return fail(
      first.span,
      "unknown-argument",
      `the initialiser ${name} has no argument ${first.name.name}`,
      "give the number alone",
    );
  }
  if (first === undefined && rule.argument === "number") {
    return fail(e.span, "missing-argument", `the initialiser ${name} needs a number`, `write ${name}(0.1)`);
  }
  const value = first === undefined ? undefined : finiteNumber(context, scope, first.value, `the argument of ${name}`);
  if (first !== undefined && value === undefined) return undefined;
  if (value !== undefined && rule.argument === "positive?" && value <= 0) {
    return fail(first!.span, "bad-number", `the argument of ${name} must be greater than 0, but it is ${value}`);
  }
  return rule.make(value, shape.at(-2) ?? shape.at(-1) ?? 1, shape.at(-1) ?? 1);
}

export function declareState(context: Context, scope: Scope, statement: StateStatement, path: string): void {
  const dimensions = shapeOf(context, scope, statement.type, "state");
  const first = finiteNumber(context, scope, statement.value, "the first value of a state");
  if (dimensions === undefined || first === undefined) return scope.define(statement.name.name, ERROR);
  const name = pathOf(path, statement.name.name);
  const shape = dimensions.map((dimension) => dimension.size);
  const node = context.builder.state(name, shape);
  context.states.set(name, { name, node, value: first, next: undefined });
  scope.define(statement.name.name, tensor(node, dimensions));
}
