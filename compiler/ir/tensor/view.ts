/**
 * Where the elements of a value lie that is nothing but another one read in its own order: repeated, cut, or in another
 * shape. A loop reads such a value without its being made.
 */
import { integersOf } from "./attributes.ts";
import { type Node, sizeOf } from "./tensor.ts";

/** So many steps, each so many elements further. */
export interface Extent {
  readonly extent: number;
  readonly stride: number;
}

/** Row-major: element (i₁, i₂, …) of the extents is element offset + Σ iₖ strideₖ of the source, in each example. */
export interface View {
  readonly source: Node;
  readonly offset: number;
  /** Without extents of 1; where one goes on in the next, they are one. */
  readonly extents: readonly Extent[];
}

/** Ops whose values can be read out of their operands. */
export const VIEWING: ReadonlySet<string> = new Set(["broadcast", "batch_broadcast", "slice", "reshape"]);

/** Where a value lies in the first node on the way to leaves that is no view, or that `isSource` holds for. */
export function viewOf(node: Node, isSource: (node: Node) => boolean = () => false): View {
  if (VIEWING.has(node.op) && !isSource(node)) {
    const input = viewOf(node.inputs[0]!, isSource);
    const read = through(node, input);
    if (read !== undefined) return read;
  }
  return wholeOf(node);
}

/** A value in its own memory. */
export function wholeOf(source: Node): View {
  return { source, offset: 0, extents: joined([{ extent: sizeOf(source.type.shape), stride: 1 }]) };
}

/** The view of an operand, each element or, of rank 0, its only one, in a loop over so many elements. */
export function spread(view: View, operand: Node, size: number): View {
  if (sizeOf(operand.type.shape) === size) return view;
  return { ...view, extents: joined([{ extent: size, stride: 0 }]) };
}

/** The view of a node, given that of its operand; undefined where that has not the axes for it. */
function through(node: Node, view: View): View | undefined {
  if (node.op === "reshape" || node.op === "batch_broadcast") return view;
  const from = node.inputs[0]!.type.shape;
  const axes = cutAt(view.extents, from);
  if (axes === undefined) return undefined;
  const to = node.type.shape;
  if (node.op === "broadcast") {
    const missing = to.length - from.length;
    const extents = to.flatMap((size, axis): readonly Extent[] => {
      const repeated = axis < missing || from[axis - missing] !== size;
      return repeated ? [{ extent: size, stride: 0 }] : axes[axis - missing]!;
    });
    return { ...view, extents: joined(extents) };
  }
  const begin = integersOf(node.attributes, "begin");
  let { offset } = view;
  const extents: Extent[] = [];
  for (const [axis, size] of to.entries()) {
    const own = axes[axis]!;
    if (size === from[axis]) extents.push(...own);
    else if (own.length !== 1) return undefined;
    else {
      offset += begin[axis]! * own[0]!.stride;
      extents.push({ extent: size, stride: own[0]!.stride });
    }
  }
  return { source: view.source, offset, extents: joined(extents) };
}

/** Extents for each axis of a shape; undefined where one of them lies across two axes and cannot be cut. */
function cutAt(extents: readonly Extent[], shape: readonly number[]): Extent[][] | undefined {
  const left = [...extents].reverse();
  const axes: Extent[][] = [];
  for (const size of [...shape].reverse()) {
    const axis: Extent[] = [];
    for (let wanted = size; wanted > 1; ) {
      const next = left.shift();
      if (next === undefined) return undefined;
      const { extent, stride } = next;
      if (wanted % extent === 0) {
        axis.unshift(next);
        wanted /= extent;
      } else if (extent % wanted === 0) {
        axis.unshift({ extent: wanted, stride });
        left.unshift({ extent: extent / wanted, stride: stride * wanted });
        wanted = 1;
      } else return undefined;
    }
    axes.unshift(axis);
  }
  return axes;
}

/** Without extents of 1, and those that one is all of the next together. */
export function joined(extents: readonly Extent[]): Extent[] {
  const result: Extent[] = [];
  for (const next of extents) {
    const last = result.at(-1);
    if (next.extent === 1) continue;
    if (last !== undefined && last.stride === next.stride * next.extent) {
      result[result.length - 1] = { extent: last.extent * next.extent, stride: next.stride };
    } else result.push(next);
  }
  return result;
}

/** One of nested loops: its rounds, and how many elements further each value is in the next. */
export interface Level {
  /** Times the number of examples where `batched`: only the first level is. */
  readonly rounds: number;
  readonly batched: boolean;
  readonly strides: readonly number[];
}

/**
 * The fewest nested loops, one at least, in which all views, of so many elements each, are read in steps of equal size,
 * from outside in; undefined where there are none.
 */
export function levelsOf(views: readonly View[], size: number, batched: boolean): Level[] | undefined {
  const cuts = new Set([1, size]);
  for (const { extents } of views) {
    let after = 1;
    for (const { extent } of [...extents].reverse()) {
      after *= extent;
      cuts.add(after);
    }
  }
  const sizes = [...cuts].sort((a, b) => a - b);
  if (sizes.some((each, i) => i > 0 && each % sizes[i - 1]! !== 0)) return undefined;
  const shape = sizes
    .slice(1)
    .map((each, i) => each / sizes[i]!)
    .reverse();
  const perView = views.map(({ extents }) => cutAt(extents, shape)!.map(([only]) => only?.stride ?? 0));
  const levels = shape.map((rounds, axis): Level => {
    return { rounds, batched: false, strides: perView.map((strides) => strides[axis]!) };
  });
  if (!batched) return merged(levels.length > 0 ? levels : [{ rounds: 1, batched, strides: views.map(() => 0) }]);
  const examples = views.map(({ source: { type } }) => (type.batched ? sizeOf(type.shape) : 0));
  return merged([{ rounds: 1, batched: true, strides: examples }, ...levels]);
}

function merged(levels: readonly Level[]): Level[] {
  const result: Level[] = [];
  for (const level of levels) {
    const last = result.at(-1);
    if (last?.strides.every((stride, i) => stride === level.strides[i]! * level.rounds)) {
      result[result.length - 1] = { ...level, rounds: last.rounds * level.rounds, batched: last.batched };
    } else result.push(level);
  }
  return result;
}
