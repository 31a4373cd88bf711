/** Functions of shapes: the same elements in another order or shape, repeated, or put together. */
import type { Span } from "../../../grammar/ast.ts";
import { Failure } from "../../failure.ts";
import { assignArguments } from "../../static-evaluate.ts";
import type { Context } from "../context.ts";
import { broadcastTo, numeric, stack, tensor } from "../tensors.ts";
import {
  type BoundArgument,
  type Dimension,
  describe,
  describeShape,
  type TensorValue,
  type Value,
} from "../values.ts";
import { axisOf, type Builtin, builtin, integersOf, sizesOf, tensorOf } from "./builtin.ts";

const sizeOf = (list: readonly Dimension[]) => list.reduce((product, dimension) => product * dimension.size, 1);

const reshape = builtin("reshape", ["x", "shape"], (context, { x, shape }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const dimensions = sizesOf(shape!);
  const [had, wanted] = [sizeOf(value.dimensions), sizeOf(dimensions)];
  if (had !== wanted) {
    const message = `${describe(value)} has ${had} elements, but ${describeShape(dimensions)} has ${wanted}`;
    throw new Failure(shape!.span, "shape-mismatch", message);
  }
  const sizes = dimensions.map((dimension) => dimension.size);
  return tensor(context.builder.reshape(value.node, sizes), dimensions);
});

const transpose = builtin("transpose", ["x", "permutation?"], (context, { x, permutation }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const rank = value.dimensions.length;
  const order =
    permutation === undefined
      ? [...Array(rank).keys()].reverse()
      : integersOf(permutation).map((dimension) => dimension.size);
  if (order.length !== rank || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    const message = `a permutation of ${rank} axes lists each of 0..${rank} once, but this is [${order.join(", ")}]`;
    throw new Failure(permutation!.span, "bad-axis", message);
  }
  const dimensions = order.map((axis) => value.dimensions[axis]!);
  return tensor(context.builder.transpose(value.node, order), dimensions);
});

const broadcast = builtin("broadcast", ["x", "like?", "shape?"], (context, { x, like, shape }, span) => {
  const value = tensorOf(context, x);
  const target = tensorOf(context, like);
  if (value === undefined || (like !== undefined && target === undefined)) return undefined;
  if ((target === undefined) === (shape === undefined)) {
    const message = "broadcast needs either like = a tensor, or shape = a list of sizes";
    throw new Failure(span, "missing-argument", message);
  }
  return broadcastTo(context, value, target?.dimensions ?? sizesOf(shape!), span);
});

const stackItems = builtin("stack", ["items"], (context, { items }) => {
  const { value, span } = items!;
  if (value.kind === "list" || value.kind === "sequence") return stack(context, value.items, span);
  throw new Failure(span, "type-mismatch", `stack takes a list such as [a, b], but this is ${describe(value)}`);
});

/** `concat(a, b, …, axis = -1)`: tensors one after another along an axis. */
function concat(context: Context, given: readonly BoundArgument[], span: Span): Value | undefined {
  const named = given.filter((argument) => argument.name !== undefined);
  const axisGiven = assignArguments(["axis"], named, "concat").get("axis");
  const items = given.filter((argument) => argument.name === undefined);
  if (items.length === 0) throw new Failure(span, "missing-argument", "concat needs tensors", { help: CONCAT });
  const parts: TensorValue[] = [];
  for (const item of items) {
    const part = tensorOf(context, item);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  const first = parts[0]!;
  const rank = first.dimensions.length;
  if (rank === 0) {
    const help = "to make a vector of scalars write [a, b]";
    throw new Failure(items[0]!.span, "shape-mismatch", "a scalar has no axis to be joined along", { help });
  }
  const axis = axisGiven === undefined ? rank - 1 : axisOf(axisGiven, rank);
  parts.forEach((part, i) => {
    const fits = part.dimensions.every((each, j) => j === axis || each.size === first.dimensions[j]?.size);
    if (fits && part.dimensions.length === rank) return;
    const shapes = `${describeShape(first.dimensions)} and ${describeShape(part.dimensions)}`;
    throw new Failure(items[i]!.span, "shape-mismatch", `${shapes} cannot be joined along axis ${axis}`);
  });
  const size = parts.reduce((total, part) => total + part.dimensions[axis]!.size, 0);
  const same = parts.every((part) => part.node.type.dtype === first.node.type.dtype);
  const nodes = parts.map((part) => (same ? part : numeric(context, part)).node);
  const dimensions = first.dimensions.map((dimension, i) => (i === axis ? { size } : dimension));
  return tensor(context.builder.concat(nodes, axis), dimensions);
}
const CONCAT = "write concat(a, b, …, axis = -1)";

const rank = builtin("rank", ["x"], (context, { x }) => {
  const value = tensorOf(context, x);
  return value === undefined ? undefined : { kind: "number", value: value.dimensions.length };
});

const size = builtin("size", ["x", "axis"], (context, { x, axis }) => {
  const value = tensorOf(context, x);
  if (value === undefined) return undefined;
  const dimension = value.dimensions[axisOf(axis!, value.dimensions.length)]!;
  const label = dimension.label === undefined ? {} : { label: dimension.label };
  return { kind: "number", value: dimension.size, ...label };
});

export const shapeFunctions: readonly [string, Builtin][] = [
  reshape,
  transpose,
  broadcast,
  stackItems,
  ["concat", { usage: CONCAT, parameters: undefined, required: [], call: concat }],
  rank,
  size,
];
