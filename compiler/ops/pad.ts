/** Zeros around a tensor: the adjoint of `slice`. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { eachIndex, f32, only, stridesOf } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "pad",
  doc: "The input with before[axis] zeros before and after[axis] zeros after it on each axis.",
  type(inputs, attributes) {
    const type = only("pad", inputs);
    const before = integersOf(attributes, "before");
    const after = integersOf(attributes, "after");
    if (type.dtype !== "f32") throw new TypeError("pad needs f32");
    if (
      before.length !== type.shape.length ||
      after.length !== type.shape.length ||
      [...before, ...after].some((n) => n < 0)
    ) {
      throw new TypeError("pad: before and after must give a size of at least 0 for each axis");
    }
    return { ...type, shape: type.shape.map((size, axis) => size + before[axis]! + after[axis]!) };
  },
  samples: [
    { types: [f32([2, 3])], attributes: { before: [1, 0], after: [0, 2] } },
    { types: [f32([2, 3], false)], attributes: { before: [0, 1], after: [1, 0] } },
  ],
  eval([x], attributes, result) {
    const before = integersOf(attributes, "before");
    const strides = stridesOf(result.shape);
    const data = new Float64Array(result.shape.reduce((a, b) => a * b, 1));
    eachIndex(x!.shape, (index, flat) => {
      let to = 0;
      strides.forEach((stride, axis) => {
        to += (before[axis]! + index[axis]!) * stride;
      });
      data[to] = x!.data[flat]!;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    return [build.slice(cotangent, integersOf(node.attributes, "before"), node.inputs[0]!.type.shape)];
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read, choose }) {
      const before = integersOf(node.attributes, "before");
      const extents = node.inputs[0]!.type.shape;
      const at = coordinates();
      // Numbers before the operand wrap around, beyond any extent.
      const from = at.map((each, axis) => (before[axis] === 0 ? each : `(${each} - ${before[axis]}u)`));
      const inside = from.flatMap((each, axis) =>
        extents[axis] === node.type.shape[axis] ? [] : [`${each} < ${extents[axis]}u`],
      );
      if (inside.length === 0) return read(0, from);
      return choose([{ condition: inside.join(" && "), value: () => read(0, from) }, { value: () => "0.0" }]);
    },
  },
  tfjs({ inputs, node }) {
    const before = integersOf(node.attributes, "before");
    const after = integersOf(node.attributes, "after");
    const pairs = before.map((size, axis) => [size, after[axis]!]);
    return `tf.pad(${inputs[0]}, ${JSON.stringify(node.type.batched ? [[0, 0], ...pairs] : pairs)})`;
  },
};
