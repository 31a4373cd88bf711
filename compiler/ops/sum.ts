/** Sums over axes of an example. */
import { flagOf, integersOf } from "../ir/tensor/attributes.ts";
import { type Node, sizeOf } from "../ir/tensor/tensor.ts";
import { axesText, eachIndex, f32, isTrailing, reduced, rowsText } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

/** The reduced axes as size 1. */
function keptShape(node: Node): number[] {
  const axes = integersOf(node.attributes, "axes");
  return node.inputs[0]!.type.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Sizes before, at and after neighbouring axes that are summed with others after them; undefined for other axes. */
function middleOf(shape: readonly number[], axes: readonly number[]) {
  const first = Math.min(...axes);
  const end = Math.max(...axes) + 1;
  const after = sizeOf(shape.slice(end));
  if (end - first !== axes.length || after === 1) return undefined;
  return { before: sizeOf(shape.slice(0, first)), size: sizeOf(shape.slice(first, end)), after };
}

export const op: PrimitiveOp = {
  name: "sum",
  doc: "The sum over the attribute axes of each example; with keep they stay with size 1.",
  type: (inputs, attributes) => reduced("sum", inputs, attributes),
  samples: [
    { types: [f32([2, 3])], attributes: { axes: [1] } },
    { types: [f32([2, 3, 2])], attributes: { axes: [0, 2] } },
    { types: [f32([2, 3])], attributes: { axes: [0, 1] } },
    { types: [f32([2, 3], false)], attributes: { axes: [0], keep: true } },
    { types: [f32([2, 3])], attributes: { axes: [] } },
  ],
  eval([x], attributes, result) {
    const axes = integersOf(attributes, "axes");
    const data = new Float64Array(result.shape.reduce((a, b) => a * b, 1));
    eachIndex(x!.shape, (index, flat) => {
      let to = 0;
      x!.shape.forEach((size, axis) => {
        if (!axes.includes(axis)) to = to * size + index[axis]!;
      });
      data[to]! += x!.data[flat]!;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    return [build.broadcast(build.reshape(cotangent, keptShape(node)), node.inputs[0]!.type.shape)];
  },
  wgsl: {
    form: "reduction",
    operator: "sum",
    axes: (node) => integersOf(node.attributes, "axes"),
    overBatch: false,
  },
  tfjs(context) {
    const { inputs, node } = context;
    const axes = integersOf(node.attributes, "axes");
    if (axes.length === 0) return `tf.clone(${inputs[0]})`;
    const middle = middleOf(node.inputs[0]!.type.shape, axes);
    if (middle !== undefined) {
      const outer = rowsText(middle.before, node.type.batched);
      const sums = `${context.helper("$sumRows")}(${inputs[0]}, ${outer}, ${middle.size}, ${middle.after})`;
      return `tf.reshape(${context.temporary(sums)}, ${context.shape(node.type)})`;
    }
    const keep = flagOf(node.attributes, "keep") ? ", true" : "";
    return `tf.sum(${inputs[0]}, ${axesText(axes, node.type.batched)}${keep})`;
  },
  // Sums over axes that are not the last ones are made of a transposed operand, or by way of means.
  scratch: ({ inputs, type, attributes }) =>
    isTrailing(inputs[0]!.type.shape.length, integersOf(attributes, "axes")) ? [] : [inputs[0]!.type, type],
};
