/** Sums of rows by indices that are known at compile time: the adjoint of `gather`. */
import { integersOf, numberOf } from "../ir/tensor/attributes.ts";
import { around, expectAxes, f32, keptRows, only, rowsShape } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "scatter_add",
  doc: "Along the attribute axis (of the attribute size in the result), entry indices[j] is the sum of the input's entries j.",
  type(inputs, attributes) {
    const type = only("scatter_add", inputs);
    const axis = numberOf(attributes, "axis");
    const size = numberOf(attributes, "size");
    const indices = integersOf(attributes, "indices");
    expectAxes("scatter_add", [axis], type.shape.length);
    if (type.dtype !== "f32") throw new TypeError("scatter_add needs f32");
    if (indices.length !== type.shape[axis]) throw new TypeError("scatter_add needs an index for each entry");
    for (const index of indices) {
      if (index < 0 || index >= size) throw new TypeError(`scatter_add: index ${index} of ${size}`);
    }
    return { ...type, shape: type.shape.map((extent, i) => (i === axis ? size : extent)) };
  },
  samples: [
    { types: [f32([4, 2])], attributes: { indices: [2, 0, 0, 1], axis: 0, size: 4 } },
    { types: [f32([2, 3, 2])], attributes: { indices: [1, 0, 1], axis: 1, size: 2 } },
    { types: [f32([2, 3], false)], attributes: { indices: [1, 1, 0], axis: 1, size: 2 } },
  ],
  eval([x], attributes, result) {
    const axis = numberOf(attributes, "axis");
    const indices = integersOf(attributes, "indices");
    const { before, size, after } = around(result.shape, axis);
    const data = new Float64Array(before * size * after);
    for (let i = 0; i < before; i++) {
      indices.forEach((index, j) => {
        for (let k = 0; k < after; k++) {
          data[(i * size + index) * after + k]! += x!.data[(i * indices.length + j) * after + k]!;
        }
      });
    }
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const { indices, axis } = node.attributes;
    return [build.node("gather", [cotangent], { indices: indices!, axis: axis! })];
  },
  // For each place the entries that go there, one after the other: no two lanes write to one place.
  wgsl: {
    form: "picked",
    element({ node, coordinates, read, entry, sum }) {
      const axis = numberOf(node.attributes, "axis");
      const indices = integersOf(node.attributes, "indices");
      const order = indices.map((_, j) => j).sort((a, b) => indices[a]! - indices[b]! || a - b);
      const begins = Array.from(
        { length: numberOf(node.attributes, "size") + 1 },
        (_, to) => indices.filter((index) => index < to).length,
      );
      const at = coordinates();
      const to = at[axis]!;
      return sum(entry(begins, to), entry(begins, `(${to} + 1u)`), (counter) =>
        read(
          0,
          at.map((each, k) => (k === axis ? entry(order, counter) : each)),
        ),
      );
    },
  },
  // The WASM backend has no UnsortedSegmentSum; scatterND adds rows that meet.
  tfjs(context) {
    const { node } = context;
    const indices = integersOf(node.attributes, "indices");
    const { before, size, after } = around(node.type.shape, numberOf(node.attributes, "axis"));
    const { batched } = node.type;
    const rows = context.temporary(
      `tf.reshape(${context.inputs[0]}, ${rowsShape(before * indices.length, batched, [after])})`,
    );
    const places = context.rows(indices, size, before, batched);
    const summed = context.temporary(`tf.scatterND(${places}, ${rows}, ${rowsShape(before * size, batched, [after])})`);
    return `tf.reshape(${summed}, ${context.shape(node.type)})`;
  },
  kept({ inputs, attributes, type }) {
    const axis = numberOf(attributes, "axis");
    return [keptRows(inputs[0]!.type.shape, integersOf(attributes, "indices").length, axis, type.batched)];
  },
};
