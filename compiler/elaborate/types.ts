/**
 * Type annotations: evaluating the dimensions of `f32[T, V, D]`, and checking a value against an annotation. A
 * dimension that is a bare unknown name in a parameter's type is bound to the size found there (`fn softmax(u: f32[...,
 * n])`).
 */
import type { Expression, NamedTypeExpression, Span, TensorTypeExpression, TypeExpression } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { didYouMean, type Source } from "../diagnostic.ts";
import { sizeOf } from "../ir/tensor/tensor.ts";
import type { Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { asTensor, checkRank } from "./tensors.ts";
import { type Dimension, describe, describeDimension, describeShape, type TensorValue, type Value } from "./values.ts";

/** Larger tensors than this (per example) are refused: they are always a slip such as 1e6 for 1e3. */
export const LARGEST_TENSOR = 2 ** 28;

/** A size: a positive integer known at compile time; reports otherwise. */
export function evaluateDimension(context: Context, scope: Scope, expression: Expression): Dimension | undefined {
  const value = context.evaluate(scope, expression);
  if (value.kind === "error") return undefined;
  if (value.kind !== "number") {
    context.report(expression.span, "dynamic-size", {
      message: `a size must be an integer known at compile time, but this is ${describe(value)}`,
      why: "every shape is fixed when the model is compiled",
      help: "make it an argument of the model, such as model M(n = 10)",
    });
    return undefined;
  }
  if (!Number.isInteger(value.value) || value.value < 1) {
    const written = printExpression(expression);
    const why = written === String(value.value) ? undefined : `${written} is ${value.value}`;
    context.report(expression.span, "bad-size", {
      message: `a size must be a positive integer, but this is ${value.value}`,
      why,
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
  return checkTensorSize(context, dimensions, type.span) ? dimensions : undefined;
}

/** Whether a tensor of this shape can be; reports otherwise. */
export function checkTensorSize(context: Context, dimensions: readonly Dimension[], span: Span): boolean {
  if (!checkRank(context, dimensions, span)) return false;
  if (sizeOf(dimensions.map((dimension) => dimension.size)) <= LARGEST_TENSOR) return true;
  context.report(span, "too-large", {
    message: `a tensor of shape ${describeShape(dimensions)} has more than ${LARGEST_TENSOR} elements in one example`,
    help: "check the model's arguments",
  });
  return false;
}

export const NAMED_TYPES: ReadonlyMap<string, (value: Value) => boolean> = new Map<string, (value: Value) => boolean>([
  ["Graph", (value) => value.kind === "graph"],
  ["Structure", (value) => value.kind === "structure-name"],
  ["Relaxation", (value) => value.kind === "relaxation"],
  ["Distribution", (value) => value.kind === "distribution-class"],
  ["int", (value) => value.kind === "number" && Number.isInteger(value.value)],
  ["float", (value) => value.kind === "number"],
  ["bool", (value) => value.kind === "boolean"],
  ["text", (value) => value.kind === "string"],
]);

/** What to say about a type that does not exist. */
export function unknownType(name: string): { readonly message: string; readonly help: string } {
  const near = didYouMean(name, ["f32", "i32", "binary", ...NAMED_TYPES.keys()]);
  const help = near === undefined ? `types are f32[…], ${[...NAMED_TYPES.keys()].join(", ")}` : `did you mean ${near}?`;
  return { message: `there is no type ${name}`, help };
}

/**
 * Checks a value against an annotation and returns it, with the annotation's labels on its dimensions; reports a
 * mismatch at `span` and returns undefined. `what` names the value in messages, such as `argument x of Linear`;
 * `typeSource` is the file that the annotation stands in.
 */
export function checkType(
  context: Context,
  scope: Scope,
  type: TypeExpression,
  value: Value,
  span: Span,
  what: string,
  typeSource: Source = context.source,
): Value | undefined {
  if (value.kind === "error") return undefined;
  if (type.kind === "named-type") return checkNamed(context, type, value, span, what, typeSource);
  const written = printType(type);
  if (value.kind === "number" && type.dimensions.length === 0) return value;
  const found = asTensor(context, value, span, `${what} to be ${written}`);
  if (found === undefined) return undefined;
  const place = { source: typeSource, span };
  const expected = matchShape(context, scope, type, found.dimensions, place);
  const elementFits = type.element === "binary" || type.element === found.node.type.dtype;
  if (typeof expected === "string" || !elementFits) {
    context.report(span, typeof expected === "string" ? "shape-mismatch" : "type-mismatch", {
      message: `${what} must be ${written}, but this is ${describeValue(value, found)}`,
      why: typeof expected === "string" ? expected : `its elements are ${found.node.type.dtype}`,
    });
    return undefined;
  }
  if (expected === undefined) return undefined;
  return { kind: "tensor", node: found.node, dimensions: expected };
}

/** A number in a message about tensors is best called what it is. */
function describeValue(value: Value, found: TensorValue): string {
  return value.kind === "number" || value.kind === "latent"
    ? `${describe(value)}, ${describe(found)}`
    : describe(found);
}

function checkNamed(
  context: Context,
  type: NamedTypeExpression,
  value: Value,
  span: Span,
  what: string,
  typeSource: Source,
): Value | undefined {
  const { name } = type;
  const accepts = NAMED_TYPES.get(name);
  if (accepts === undefined) {
    context.inside(typeSource, span, () => context.report(type.span, "unknown-type", unknownType(name)));
    return undefined;
  }
  if (accepts(value)) return value;
  const help = value.kind === "structure" ? "give its name alone: the model applies it to a graph" : undefined;
  const wanted = `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
  context.report(span, "type-mismatch", { message: `${what} must be ${wanted}, but this is ${describe(value)}`, help });
  return undefined;
}

/** The labelled dimensions when they fit, the reason when they do not, undefined when already reported. */
function matchShape(
  context: Context,
  scope: Scope,
  type: TensorTypeExpression,
  found: readonly Dimension[],
  place: { readonly source: Source; readonly span: Span },
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
    const evaluate = () => evaluateDimension(context, scope, item);
    const elsewhere = place.source !== context.source;
    const wanted = elsewhere ? context.inside(place.source, place.span, evaluate) : evaluate();
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
