/** Largest elements over axes of an example. */
import { flagOf, integersOf } from "../ir/tensor/attributes.ts";
import { axesText, eachIndex, f32, isTrailing, reduced, stridesOf } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "maximum_reduce",
  doc: "The largest element over the attribute axes of each example; with keep they stay with size 1.",
  type: (inputs, attributes) => reduced("maximum_reduce", inputs, attributes),
  samples: [
    { types: [f32([2, 3])], attributes: { axes: [1] } },
    { types: [f32([2, 3, 2])], attributes: { axes: [0, 2], keep: true } },
    { types: [f32([2, 3], false)], attributes: { axes: [0, 1] } },
  ],
  eval([x], attributes, result) {
    const axes = integersOf(attributes, "axes");
    const data = new Float64Array(result.shape.reduce((a, b) => a * b, 1)).fill(Number.NEGATIVE_INFINITY);
    eachIndex(x!.shape, (index, flat) => {
      let to = 0;
      x!.shape.forEach((size, axis) => {
        if (!axes.includes(axis)) to = to * size + index[axis]!;
      });
      data[to] = Math.max(data[to]!, x!.data[flat]!);
    });
    return { shape: result.shape, data };
  },
  /**
   * To the first of equal elements: where an element equals the maximum, its number among the reduced ones, counted
   * from the end, is compared with the largest such number.
   */
  gradient(node, cotangent, build) {
    const x = node.inputs[0]!;
    const axes = integersOf(node.attributes, "axes");
    const { shape } = x.type;
    const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const spread = (value: typeof x) => build.broadcast(build.reshape(value, kept), shape);
    const extents = shape.map((size, axis) => (axes.includes(axis) ? size : 1));
    const strides = stridesOf(extents);
    const count = extents.reduce((a, b) => a * b, 1);
    const order: number[] = [];
    eachIndex(shape, (index) => {
      const place = axes.reduce((sum, axis) => sum + index[axis]! * strides[axis]!, 0);
      order.push(count - place);
    });
    const reached = build.cast(build.equal(x, spread(node)), "f32");
    const rank = build.multiply(reached, build.constant(order, shape));
    const first = build.equal(rank, spread(build.maximumReduce(rank, axes)));
    return [build.multiply(build.cast(first, "f32"), spread(cotangent))];
  },
  wgsl: {
    form: "reduction",
    operator: "max",
    axes: (node) => integersOf(node.attributes, "axes"),
    overBatch: false,
  },
  tfjs({ inputs, node }) {
    const axes = integersOf(node.attributes, "axes");
    if (axes.length === 0) return `tf.clone(${inputs[0]})`;
    const keep = flagOf(node.attributes, "keep") ? ", true" : "";
    return `tf.max(${inputs[0]}, ${axesText(axes, node.type.batched)}${keep})`;
  },
  scratch: ({ inputs, attributes }) =>
    isTrailing(inputs[0]!.type.shape.length, integersOf(attributes, "axes")) ? [] : [inputs[0]!.type],
};
