/** Reductions over axes of one example: sum, mean, maximum. */
import { numeric, tensor } from "../tensors.ts";
import { axisOf, type Builtin, builtin, flagOf, tensorOf } from "./builtin.ts";

/** Over all axes, or over one; with `keep = true` it stays with size 1. */
const reduction = (name: string, op: string) =>
  builtin(name, ["x", "axis?", "keep?"], (context, { x, axis, keep }) => {
    const value = tensorOf(context, x);
    if (value === undefined) return undefined;
    const axes = axis === undefined ? value.dimensions.map((_, i) => i) : [axisOf(axis, value.dimensions.length)];
    const kept = flagOf(keep);
    const dimensions = value.dimensions.flatMap((dimension, i) =>
      axes.includes(i) ? (kept ? [{ size: 1 }] : []) : [dimension],
    );
    const { node } = numeric(context, value);
    return tensor(context.builder.node(op, [node], kept ? { axes, keep: true } : { axes }), dimensions);
  });

export const reductionFunctions: readonly [string, Builtin][] = [
  reduction("sum", "sum"),
  reduction("mean", "mean"),
  reduction("maximum", "maximum_reduce"),
];
