/** Axes in another order. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { eachIndex, expectAxes, f32, only, stridesOf } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "transpose",
  doc: "Axis i of the result is axis permutation[i] of the input.",
  type(inputs, attributes) {
    const type = only("transpose", inputs);
    const permutation = integersOf(attributes, "permutation");
    expectAxes("transpose", permutation, type.shape.length);
    if (permutation.length !== type.shape.length)
      throw new TypeError("transpose: the permutation must name every axis");
    return { ...type, shape: permutation.map((axis) => type.shape[axis]!) };
  },
  samples: [
    { types: [f32([2, 3])], attributes: { permutation: [1, 0] } },
    { types: [f32([2, 3, 4])], attributes: { permutation: [2, 0, 1] } },
    { types: [f32([2, 3, 4], false)], attributes: { permutation: [0, 2, 1] } },
  ],
  eval([x], attributes, result) {
    const permutation = integersOf(attributes, "permutation");
    const strides = stridesOf(x!.shape);
    const data = new Float64Array(x!.data.length);
    eachIndex(result.shape, (index, flat) => {
      let from = 0;
      permutation.forEach((axis, i) => {
        from += index[i]! * strides[axis]!;
      });
      data[flat] = x!.data[from]!;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const permutation = integersOf(node.attributes, "permutation");
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [build.transpose(cotangent, inverse)];
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read }) {
      const to = coordinates();
      const from: string[] = [];
      integersOf(node.attributes, "permutation").forEach((axis, i) => {
        from[axis] = to[i]!;
      });
      return read(0, from);
    },
  },
  tfjs({ inputs, node }) {
    const permutation = integersOf(node.attributes, "permutation");
    const full = node.type.batched ? [0, ...permutation.map((axis) => axis + 1)] : permutation;
    return `tf.transpose(${inputs[0]}, ${JSON.stringify(full)})`;
  },
};
