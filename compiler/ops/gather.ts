/** Rows picked by indices that are known at compile time, such as the end points of a graph's edges. */
import { integersOf, numberOf } from "../ir/tensor/attributes.ts";
import { around, expectAxes, f32, keptRows, only, pickedRows } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "gather",
  doc: "Along the attribute axis, the entries of the input that the attribute indices name.",
  type(inputs, attributes) {
    const type = only("gather", inputs);
    const axis = numberOf(attributes, "axis");
    const indices = integersOf(attributes, "indices");
    expectAxes("gather", [axis], type.shape.length);
    if (indices.length === 0) throw new TypeError("gather needs at least one index");
    for (const index of indices) {
      if (index < 0 || index >= type.shape[axis]!) throw new TypeError(`gather: index ${index} of ${type.shape[axis]}`);
    }
    return { ...type, shape: type.shape.map((size, i) => (i === axis ? indices.length : size)) };
  },
  samples: [
    { types: [f32([3, 2])], attributes: { indices: [2, 0, 0, 1], axis: 0 } },
    { types: [f32([2, 3, 2])], attributes: { indices: [2, 0], axis: 1 } },
    { types: [f32([2, 3], false)], attributes: { indices: [1, 1, 2, 0], axis: 1 } },
  ],
  eval([x], attributes, result) {
    const axis = numberOf(attributes, "axis");
    const indices = integersOf(attributes, "indices");
    const { before, size, after } = around(x!.shape, axis);
    const data = new Float64Array(before * indices.length * after);
    for (let i = 0; i < before; i++) {
      indices.forEach((index, j) => {
        const from = (i * size + index) * after;
        data.set(x!.data.subarray(from, from + after), (i * indices.length + j) * after);
      });
    }
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const axis = numberOf(node.attributes, "axis");
    const size = node.inputs[0]!.type.shape[axis]!;
    return [build.scatterAdd(cotangent, integersOf(node.attributes, "indices"), axis, size)];
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read, entry }) {
      const axis = numberOf(node.attributes, "axis");
      const indices = integersOf(node.attributes, "indices");
      return read(
        0,
        coordinates().map((at, k) => (k === axis ? entry(indices, at) : at)),
      );
    },
  },
  tfjs: (context) =>
    pickedRows(context, integersOf(context.node.attributes, "indices"), numberOf(context.node.attributes, "axis")),
  kept({ inputs, attributes, type }) {
    const axis = numberOf(attributes, "axis");
    return [keptRows(inputs[0]!.type.shape, integersOf(attributes, "indices").length, axis, type.batched)];
  },
};
