/** `x[2, 1.., ...]`: indices drop their dimension, ranges keep a part of it; missing ones keep everything. */
import type { Expression, IndexExpression, RangeExpression } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { asTensor, tensor } from "./tensors.ts";
import { type Dimension, describe, describeDimension, ERROR, type TensorValue, type Value } from "./values.ts";

export function evaluateIndex(context: Context, scope: Scope, e: IndexExpression): Value {
  const object = context.evaluate(scope, e.object);
  if (object.kind === "error") return ERROR;
  if (object.kind === "list" || object.kind === "sequence") return itemOf(context, scope, object.items, e);
  const value = asTensor(context, object, e.object.span);
  return value === undefined ? ERROR : slice(context, scope, value, e);
}

function itemOf(context: Context, scope: Scope, items: readonly Value[], e: IndexExpression): Value {
  const [item] = e.items;
  if (item === undefined || e.items.length > 1 || item.kind === "range" || item.kind === "ellipsis") {
    throw new Failure(e.span, "bad-index", "a list takes one index");
  }
  const index = indexOf(context, scope, item, items.length, items.length - 1);
  return index === undefined ? ERROR : items[index]!;
}

/** What an index keeps of one dimension: a size of undefined drops it. */
interface Part {
  readonly begin: number;
  readonly size: number;
  readonly kept: Dimension | undefined;
}

function slice(context: Context, scope: Scope, value: TensorValue, e: IndexExpression): Value {
  const parts = new Map<number, Part>();
  for (const { item, axis } of assignAxes(value, e)) {
    const dimension = value.dimensions[axis]!;
    const part =
      item.kind === "range" ? rangePart(context, scope, item, dimension) : indexPart(context, scope, item, dimension);
    if (part === undefined) return ERROR;
    parts.set(axis, part);
  }
  const all = value.dimensions.map(
    (dimension, axis) => parts.get(axis) ?? { begin: 0, size: dimension.size, kept: dimension },
  );
  const begin = all.map((part) => part.begin);
  const size = all.map((part) => part.size);
  const dimensions = all.flatMap((part) => (part.kept === undefined ? [] : [part.kept]));
  const block = context.builder.slice(value.node, begin, size);
  const shape = dimensions.map((dimension) => dimension.size);
  return tensor(context.builder.reshape(block, shape), dimensions);
}

/** Which dimension each item is for. */
function assignAxes(value: TensorValue, e: IndexExpression) {
  const rank = value.dimensions.length;
  const ellipses = e.items.filter((item) => item.kind === "ellipsis");
  if (ellipses.length > 1) throw new Failure(ellipses[1]!.span, "bad-index", "only one ... can stand in an index");
  const given = e.items.length - ellipses.length;
  if (given > rank) {
    const dimensions = `${rank} dimension${rank === 1 ? "" : "s"}`;
    const indices = `${given} ${given === 1 ? "index is" : "indices are"} given`;
    throw new Failure(e.span, "bad-index", `${describe(value)} has ${dimensions}, but ${indices}`);
  }
  let axis = 0;
  const list: { item: Expression | RangeExpression; axis: number }[] = [];
  for (const item of e.items) {
    if (item.kind === "ellipsis") axis += rank - given;
    else list.push({ item, axis: axis++ });
  }
  return list;
}

function rangePart(context: Context, scope: Scope, item: RangeExpression, dimension: Dimension): Part | undefined {
  const full = dimension.size;
  const from = item.from === undefined ? 0 : indexOf(context, scope, item.from, full, full);
  const to = item.to === undefined ? full : indexOf(context, scope, item.to, full, full);
  if (from === undefined || to === undefined) return undefined;
  if (from >= to) {
    const message = `this range is empty: it runs from ${from} to ${to} of ${describeDimension(dimension)}`;
    throw new Failure(item.span, "bad-index", message);
  }
  return { begin: from, size: to - from, kept: partLabel(dimension, from, to) };
}

/** `x[1..]` of `T` frames has `T - 1`. */
function partLabel(dimension: Dimension, from: number, to: number): Dimension {
  if (from === 0 && to === dimension.size) return dimension;
  const { label } = dimension;
  if (to < dimension.size || label === undefined || Number(label) === dimension.size) return { size: to - from };
  return { size: to - from, label: `${label} - ${from}` };
}

function indexPart(context: Context, scope: Scope, item: Expression, dimension: Dimension): Part | undefined {
  const index = indexOf(context, scope, item, dimension.size, dimension.size - 1);
  return index === undefined ? undefined : { begin: index, size: 1, kept: undefined };
}

/** An index or the end of a range, counted from the end where negative; undefined when a problem was reported. */
function indexOf(context: Context, scope: Scope, e: Expression, size: number, last: number): number | undefined {
  const value = context.evaluate(scope, e);
  if (value.kind === "error") return undefined;
  if (value.kind !== "number" || !Number.isInteger(value.value)) {
    const message = `an index must be an integer known at compile time, but this is ${describe(value)}`;
    throw new Failure(e.span, "dynamic-size", message, { help: "to pick by a condition, use where(condition, a, b)" });
  }
  const index = value.value < 0 ? value.value + size : value.value;
  if (index >= 0 && index <= last) return index;
  if (last < 0) throw new Failure(e.span, "bad-index", "an empty list has no items");
  throw new Failure(e.span, "bad-index", `${value.value} is outside of 0..${last + 1}, counted from 0`);
}
