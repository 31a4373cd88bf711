/**
 * Tensor arithmetic on values: lifting numbers to tensors, elementwise operations with the language's one broadcasting
 * rule (a scalar meets anything; otherwise shapes are equal), and the labels that dimensions keep.
 */
import type { Span } from "../../grammar/ast.ts";
import { MOST_AXES, type Node } from "../ir/tensor/tensor.ts";
import type { Context, Problem } from "./context.ts";
import { type Dimension, describe, describeShape, type TensorValue, type Value } from "./values.ts";

/** A tensor value whose dimensions carry no labels. */
export function tensor(node: Node, dimensions?: readonly Dimension[]): TensorValue {
  return { kind: "tensor", node, dimensions: dimensions ?? node.type.shape.map((size) => ({ size })) };
}

/** The tensor that a value stands for; reports and returns undefined when it stands for none. */
export function asTensor(context: Context, value: Value, span: Span, what = "a tensor"): TensorValue | undefined {
  switch (value.kind) {
    case "tensor":
      return value;
    case "latent":
      return value.current;
    case "number": {
      const problem = beyondFloat32(value.value);
      if (problem === undefined) return tensor(context.builder.constant(value.value));
      context.report(span, "bad-number", problem);
      return undefined;
    }
    case "boolean":
      return tensor(context.builder.node("constant", [], { data: [value.value ? 1 : 0], shape: [], dtype: "bool" }));
    case "list":
    case "sequence":
      return stack(context, value.items, span);
    case "error":
      return undefined;
    default:
      context.report(span, "type-mismatch", { message: `expected ${what} but got ${describe(value)}` });
      return undefined;
  }
}

/** What to say of a number that float32 would make something else of altogether; undefined for the others. */
export function beyondFloat32(value: number): Problem | undefined {
  const why = "tensors are computed in float32";
  if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
    return { message: `${value} is too large for a tensor`, why, help: "the largest number is about 3.4e38" };
  }
  if (value === 0 || Math.fround(value) !== 0) return undefined;
  return { message: `${value} is 0 in a tensor`, why, help: "the smallest number is about 1.4e-45" };
}

/** `[a, b]`: tensors of one shape along a new first axis. */
export function stack(context: Context, items: readonly Value[], span: Span): TensorValue | undefined {
  const tensors: TensorValue[] = [];
  for (const item of items) {
    const value = asTensor(context, item, span);
    if (value === undefined) return undefined;
    tensors.push(value);
  }
  const first = tensors[0];
  if (first === undefined) {
    context.report(span, "type-mismatch", { message: "an empty list has no shape, so it is no tensor" });
    return undefined;
  }
  const odd = tensors.find((item) => !sameSizes(item.dimensions, first.dimensions));
  if (odd !== undefined) {
    context.report(span, "shape-mismatch", {
      message: `the items of a list must have one shape, but ${describe(first)} stands beside ${describe(odd)}`,
    });
    return undefined;
  }
  if (!checkRank(context, [{ size: tensors.length }, ...first.dimensions], span)) return undefined;
  const build = context.builder;
  const same = tensors.every((item) => item.node.type.dtype === first.node.type.dtype);
  const rows = tensors.map((item) => {
    const { node } = same ? item : numeric(context, item);
    return build.node("reshape", [node], { shape: [1, ...node.type.shape] });
  });
  const node = rows.length === 1 ? rows[0]! : build.node("concat", rows, { axis: 0 });
  return tensor(node, [{ size: tensors.length }, ...first.dimensions]);
}

/** Whether a tensor has so few dimensions that every device computes with it; reports otherwise. */
export function checkRank(context: Context, dimensions: readonly Dimension[], span: Span): boolean {
  if (dimensions.length <= MOST_AXES) return true;
  context.report(span, "too-large", {
    message: `a tensor of shape ${describeShape(dimensions)} has more than ${MOST_AXES} dimensions`,
    why: "the device wasm computes with six axes at most, of which the batch is one",
    help: "make one dimension of several, with reshape",
  });
  return false;
}

export function sameSizes(a: readonly Dimension[], b: readonly Dimension[]): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension.size === b[i]!.size);
}

/** The better labelled of two equal shapes. */
function mergeLabels(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  return a.map((dimension, i) => (dimension.label === undefined ? b[i]! : dimension));
}

/** An elementwise operation of one tensor. */
export function unary(context: Context, op: string, operand: TensorValue): TensorValue {
  return tensor(context.builder.node(op, [operand.node], {}), operand.dimensions);
}

const WORDS: Readonly<Record<string, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  power: "^",
  equal: "==",
  less: "<",
  less_equal: "<=",
};

/** An elementwise operation of two tensors of one shape, or of a tensor and a scalar. */
export function binary(
  context: Context,
  op: string,
  left: TensorValue,
  right: TensorValue,
  span: Span,
): TensorValue | undefined {
  const dimensions = commonShape(left, right);
  if (dimensions === undefined) {
    reportShapes(context, op, left, right, span);
    return undefined;
  }
  const operands = [left, right].map((side) => numeric(context, side).node);
  return tensor(context.builder.node(op, operands, {}), dimensions);
}

/** `a and b`, `a or b`, `not a`: truth values only. */
export function logical(
  context: Context,
  op: "and" | "or" | "not",
  operands: readonly { readonly value: TensorValue; readonly span: Span }[],
  span: Span,
): TensorValue | undefined {
  for (const { value, span: place } of operands) {
    if (value.node.type.dtype === "bool") continue;
    context.report(place, "type-mismatch", {
      message: `'${op}' applies to truth values, but this is ${describe(value)}`,
      help: "compare it with something: x > 0",
    });
    return undefined;
  }
  const [left, right] = operands.map((operand) => operand.value);
  const dimensions = right === undefined ? left!.dimensions : commonShape(left!, right);
  if (dimensions === undefined) {
    reportShapes(context, op, left!, right!, span);
    return undefined;
  }
  const nodes = operands.map((operand) => operand.value.node);
  return tensor(context.builder.node(op, nodes, {}), dimensions);
}

function reportShapes(context: Context, op: string, left: TensorValue, right: TensorValue, span: Span): void {
  const shapes = `${describeShape(left.dimensions)} and ${describeShape(right.dimensions)}`;
  context.report(span, "shape-mismatch", {
    message: `the operands of ${WORDS[op] ?? op} have different shapes: ${shapes}`,
    why: "shapes must be equal; only scalars are spread over other shapes by themselves",
    help: "to repeat the smaller operand say so: broadcast(small, like = large)",
  });
}

function commonShape(left: TensorValue, right: TensorValue): readonly Dimension[] | undefined {
  if (left.dimensions.length === 0) return right.dimensions;
  if (right.dimensions.length === 0 || sameSizes(left.dimensions, right.dimensions)) {
    return right.dimensions.length === 0 ? left.dimensions : mergeLabels(left.dimensions, right.dimensions);
  }
  return undefined;
}

/** Arithmetic is done in f32: integers and truth values are converted on entry. */
export function numeric(context: Context, value: TensorValue): TensorValue {
  if (value.node.type.dtype === "f32") return value;
  return tensor(context.builder.node("cast", [value.node], { dtype: "f32" }), value.dimensions);
}

/** Repeats a tensor to a larger shape, right-aligned; reports when it does not fit. */
export function broadcastTo(
  context: Context,
  value: TensorValue,
  dimensions: readonly Dimension[],
  span: Span,
): TensorValue | undefined {
  if (sameSizes(value.dimensions, dimensions)) return tensor(value.node, dimensions);
  const offset = dimensions.length - value.dimensions.length;
  const fits = offset >= 0 && value.dimensions.every((d, i) => d.size === 1 || d.size === dimensions[i + offset]!.size);
  if (!fits) {
    context.report(span, "shape-mismatch", {
      message: `${describe(value)} cannot be broadcast to ${describeShape(dimensions)}`,
      why: "from the right, each dimension must be equal, 1, or missing",
    });
    return undefined;
  }
  const shape = dimensions.map((dimension) => dimension.size);
  return tensor(context.builder.node("broadcast", [value.node], { shape }), dimensions);
}

/** The sum over all coordinates of one example: a scalar. */
export function sumAll(context: Context, value: TensorValue): TensorValue {
  if (value.dimensions.length === 0) return value;
  const axes = value.dimensions.map((_, axis) => axis);
  return tensor(context.builder.node("sum", [numeric(context, value).node], { axes }));
}
