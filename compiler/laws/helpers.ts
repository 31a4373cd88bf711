/** What laws share: reading the left sides, and building right sides of the type that the left had. */
import { integersOf, numberOf, numbersOf } from "../ir/tensor/attributes.ts";
import type { Builder } from "../ir/tensor/builder.ts";
import { type Node, sameShape, sizeOf, type TensorType } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";

/** The value of which all elements are, where that is known: of a constant of one value, and of its repetitions. */
export function fillOf(node: Node): number | undefined {
  let from = node;
  while (from.op === "broadcast" || from.op === "batch_broadcast" || from.op === "reshape") from = from.inputs[0]!;
  if (from.op !== "constant") return undefined;
  const data = numbersOf(from.attributes, "data");
  return data.every((value) => value === data[0]) ? data[0] : undefined;
}

/** A tensor of one value. */
export function filled(value: number, type: TensorType, build: Builder): Node {
  return fitted(build.constant(value, type.shape, type.dtype), type, build);
}

/** A node repeated to a type. */
export function fitted(node: Node, type: TensorType, build: Builder): Node {
  const shaped = sameShape(node.type.shape, type.shape) ? node : build.broadcast(node, type.shape);
  return type.batched && !shaped.type.batched ? build.batchBroadcast(shaped) : shaped;
}

function isElementwise(op: string): boolean {
  return (ops.get(op) as PrimitiveOp).elementwise === true;
}

export const elementwiseOps: readonly string[] = [...ops.keys()].filter(isElementwise);

export const axisOf = (node: Node): number => numberOf(node.attributes, "axis");
export const indicesOf = (node: Node): readonly number[] => integersOf(node.attributes, "indices");
export const beginOf = (node: Node): readonly number[] => integersOf(node.attributes, "begin");
export const axesOf = (node: Node): readonly number[] => integersOf(node.attributes, "axes");

export function isRange(indices: readonly number[], count: number): boolean {
  return indices.length === count && indices.every((index, i) => index === i);
}

/** The one axis along which a block is smaller than the whole; undefined when there are several or none. */
export function cutAxis(whole: readonly number[], block: readonly number[]): number | undefined {
  const cut = whole.map((_, axis) => axis).filter((axis) => whole[axis] !== block[axis]);
  return cut.length === 1 ? cut[0] : undefined;
}

/** A shape with another size along an axis. */
export function resized(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((extent, i) => (i === axis ? size : extent));
}

/**
 * The size along an axis, counted as in a tensor of rank `rank`, of what a broadcast repeats: 1 where the axis is
 * missing.
 */
function sourceSize(source: readonly number[], axis: number, rank: number): number {
  return source[axis - rank + source.length] ?? 1;
}

/** Whether a gather has more rows than it reads from. */
export function enlarges(gather: Node): boolean {
  return indicesOf(gather).length > gather.inputs[0]!.type.shape[axisOf(gather)]!;
}

/**
 * Operations that copying and adding one element of a product cost as much. On the WASM backend both take 0.4 ns, the
 * time of 12 operations of a narrow product; but the other side has a concatenation to make, and backward one to cut
 * and wide operands to pack. Measured on NRI it pays from rows of two on (a training step of 2,825 ms against 2,865).
 */
const REPETITION_COST = 3;

/**
 * Whether the left operand of a product repeats rows so often that it is cheaper to multiply before they are repeated.
 * Each element of the product takes two operations for each element of a row.
 */
export function shrinks(left: Node): boolean {
  const { shape } = left.type;
  const inner = shape.at(-1);
  const source = left.inputs[0]?.type.shape;
  if (inner === undefined || source === undefined) return false;
  const pays = (ratio: number) => 2 * inner * (1 - ratio) > REPETITION_COST;
  switch (left.op) {
    case "gather":
      return axisOf(left) < shape.length - 1 && pays(source[axisOf(left)]! / shape[axisOf(left)]!);
    case "broadcast":
      return source.at(-1) === inner && pays(sizeOf(source) / sizeOf(shape));
    case "batch_broadcast":
      return true;
    default:
      return false;
  }
}

/** An input of an example. */
export function leaf(build: Builder, name: string, shape: readonly number[], batched = true): Node {
  return build.input(name, { dtype: "f32", shape, batched });
}

/**
 * A node whose entries along an axis are all equal, with `size` of them; undefined where they may differ. Rank 0 stays
 * as it is.
 */
export function repeatedAlong(node: Node, axis: number, size: number, build: Builder): Node | undefined {
  const { shape, dtype } = node.type;
  if (shape.length === 0) return node;
  const wanted = resized(shape, axis, size);
  const inner = node.inputs[0];
  switch (node.op) {
    case "constant": {
      const fill = fillOf(node);
      return fill === undefined ? undefined : build.constant(fill, wanted, dtype);
    }
    case "broadcast":
      return sourceSize(inner!.type.shape, axis, shape.length) === 1 ? build.broadcast(inner!, wanted) : undefined;
    case "batch_broadcast": {
      const spread = repeatedAlong(inner!, axis, size, build);
      return spread === undefined ? undefined : build.batchBroadcast(spread);
    }
    default:
      return undefined;
  }
}

/** How often each of `size` numbers from 0 stands in a row, where all do so alike, and more than once. */
export function runLength(indices: readonly number[], size: number): number | undefined {
  const run = indices.length / size;
  const alike = Number.isInteger(run) && run > 1 && indices.every((index, i) => index === Math.floor(i / run));
  return alike ? run : undefined;
}
