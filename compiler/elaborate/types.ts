/**
 * Type annotations: evaluating the dimensions of `f32[T, V, D]`, and checking a value against an annotation. A dimension
 * that is a bare unknown name in a parameter's type is bound to the size found there (`fn softmax(u: f32[..., n])`).
 */
import type { Expression, Span, TensorTypeExpression, TypeExpression } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { didYouMean } from "../diagnostic.ts";
import { sizeOf } from "../ir/tensor/tensor.ts";
import type { Context } from "./context.ts";
import { evaluate } from "./expressions.ts";
import type { Scope } from "./scope.ts";
import { asTensor } from "./tensors.ts";
import { type Dimension, describe, describeDimension, describeShape, type Value } from "./values.ts";

/** Larger tensors than this (per example) are refused: they are always a slip such as 1e6 for 1e3. */
export const LARGEST_TENSOR = 2 ** 28;

/** A size: a non-negative integer known at compile time; reports otherwise. */
export function evaluateDimension(context: Context, scope: Scope, expression: Expression): Dimension | undefined {
  const value = evaluate(context, scope, expression);
  if (value.kind === "error") return undefined;
  if (value.kind !== "number") {
    context.report(expression.span, "dynamic-size", {
      message: `a size must be an integer known at compile time, but this is ${describe(value)}`,
      why: "every shape is fixed when the model is compiled",
      help: "make it an argument of the model, such as model M(n = 10)",
    });
    return undefined;
  }
  if (!Number.isInteger(value.value) || value.value < 0) {
    context.report(expression.span, "bad-size", {
      message: `a size must be a non-negative integer, but this is ${value.value}`,
    });
    return undefined;
  }
  return { size: value.value, label: value.label ?? printExpression(expression) };
}

/** The dimensions of a type without `...`; reports and returns undefined when one is not a size. */
export function evaluateShape(
  context: Context,
  scope: Scope,
  type: TensorTypeExpression,
): readonly Dimension[] | undefined {
  const dimensions: Dimension[] = [];
  for (const item of type.dimensions) {
    if (item.kind === "ellipsis") {
      context.report(item.span, "unknown-shape", { message: "the full shape must be written here, without ..." });
      return undefined;
    }
    const dimension = evaluateDimension(context, scope, item);
    if (dimension === undefined) return undefined;
    dimensions.push(dimension);
  }
  if (sizeOf(dimensions.map((dimension) => dimension.size)) > LARGEST_TENSOR) {
    context.report(type.span, "too-large", {
      message: `a tensor of shape ${describeShape(dimensions)} has more than ${LARGEST_TENSOR} elements in one example`,
      help: "check the model's arguments",
    });
    return undefined;
  }
  return dimensions;
}

const NAMED_TYPES: Readonly<Record<string, (value: Value) => boolean>> = {
  Graph: (value) => value.kind === "graph",
  Structure: (value) => value.kind === "structure-name",
  Relaxation: (value) => value.kind === "relaxation",
  Distribution: (value) => value.kind === "distribution-class",
  int: (value) => value.kind === "number" && Number.isInteger(value.value),
  float: (value) => value.kind === "number",
  bool: (value) => value.kind === "boolean",
  text: (value) => value.kind === "string",
};

/**
 * Checks a value against an annotation and returns it, with the annotation's labels on its dimensions; reports a
 * mismatch and returns undefined. `what` names the value in messages, such as `argument x of Linear`.
 */
export function checkType(
  context: Context,
  scope: Scope,
  type: TypeExpression,
  value: Value,
  span: Span,
  what: string,
): Value | undefined {
  if (value.kind === "error") return undefined;
  if (type.kind === "named-type") return checkNamed(context, type.name, type.span, value, span, what);
  const written = printType(type);
  if (value.kind === "number" && type.dimensions.length === 0) return value;
  const found = asTensor(context, value, span, `${what} to be ${written}`);
  if (found === undefined) return undefined;
  const expected = matchShape(context, scope, type, found.dimensions);
  const elementFits = type.element === "binary" || type.element === found.node.type.dtype;
  if (typeof expected === "string" || !elementFits) {
    context.report(span, typeof expected === "string" ? "shape-mismatch" : "type-mismatch", {
      message: `${what} must be ${written}, but this is ${describe(found)}`,
      why: typeof expected === "string" ? expected : `its elements are ${found.node.type.dtype}`,
    });
    return undefined;
  }
  if (expected === undefined) return undefined;
  return { kind: "tensor", node: found.node, dimensions: expected };
}

function checkNamed(
  context: Context,
  name: string,
  typeSpan: Span,
  value: Value,
  span: Span,
  what: string,
): Value | undefined {
  const accepts = NAMED_TYPES[name];
  if (accepts === undefined) {
    const near = didYouMean(name, Object.keys(NAMED_TYPES));
    context.report(typeSpan, "unknown-type", {
      message: `there is no type ${name}`,
      help: near === undefined ? `types are f32[…], ${Object.keys(NAMED_TYPES).join(", ")}` : `did you mean ${near}?`,
    });
    return undefined;
  }
  if (accepts(value)) return value;
  const help = value.kind === "structure" ? "give its name alone: the model applies it to a graph" : undefined;
  context.report(span, "type-mismatch", { message: `${what} must be a ${name}, but this is ${describe(value)}`, help });
  return undefined;
}

/** The labelled dimensions when they fit, the reason when they do not, undefined when already reported. */
function matchShape(
  context: Context,
  scope: Scope,
  type: TensorTypeExpression,
  found: readonly Dimension[],
): readonly Dimension[] | string | undefined {
  const items = type.dimensions;
  const rest = items.findIndex((item) => item.kind === "ellipsis");
  const fixed = rest < 0 ? items.length : items.length - 1;
  if (rest < 0 ? found.length !== fixed : found.length < fixed) {
    return `it has ${found.length} dimension${found.length === 1 ? "" : "s"}, not ${rest < 0 ? "" : "at least "}${fixed}`;
  }
  const skipped = found.length - fixed;
  const labelled = [...found];
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    if (item.kind === "ellipsis") continue;
    const position = rest >= 0 && i > rest ? i - 1 + skipped : i;
    const actual = found[position]!;
    if (item.kind === "name" && scope.lookup(item.name) === undefined) {
      scope.define(item.name, { kind: "number", value: actual.size, label: actual.label ?? item.name });
      continue;
    }
    const wanted = evaluateDimension(context, scope, item);
    if (wanted === undefined) return undefined;
    if (wanted.size !== actual.size) {
      return `dimension ${position + 1} is ${describeDimension(actual)}, not ${describeDimension(wanted)}`;
    }
    labelled[position] = wanted;
  }
  return labelled;
}

/** A type as its user wrote it. */
export function printType(type: TypeExpression): string {
  if (type.kind === "named-type") return type.name;
  if (type.dimensions.length === 0) return type.element;
  const items = type.dimensions.map((item) => (item.kind === "ellipsis" ? "..." : printExpression(item)));
  return `${type.element}[${items.join(", ")}]`;
}
