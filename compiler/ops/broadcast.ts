/** Repetition along axes of size 1 or missing in front. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { formatType, type Node } from "../ir/tensor/tensor.ts";
import { bool, eachIndex, f32, only, stridesOf } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

/** Axes of the result that are repeated, and which of them the input lacks. */
function repeated(node: Node): { missing: number[]; stretched: number[] } {
  const from = node.inputs[0]!.type.shape;
  const to = node.type.shape;
  const offset = to.length - from.length;
  const missing = [...Array(offset).keys()];
  const stretched = to.map((_, axis) => axis).filter((axis) => axis >= offset && from[axis - offset] !== to[axis]);
  return { missing, stretched };
}

export const op: PrimitiveOp = {
  name: "broadcast",
  doc: "The input repeated to the attribute shape: from the right, sizes are equal, 1, or missing.",
  type(inputs, attributes) {
    const type = only("broadcast", inputs);
    const shape = integersOf(attributes, "shape");
    const offset = shape.length - type.shape.length;
    if (offset < 0 || type.shape.some((size, axis) => size !== 1 && size !== shape[axis + offset])) {
      throw new TypeError(`broadcast: ${formatType(type)} does not fit [${shape.join(", ")}]`);
    }
    return { ...type, shape };
  },
  samples: [
    { types: [f32([3])], attributes: { shape: [2, 3] } },
    { types: [f32([2, 1], false)], attributes: { shape: [2, 3] } },
    { types: [f32([2, 1, 2])], attributes: { shape: [4, 2, 3, 2] } },
    { types: [f32([])], attributes: { shape: [2, 2] } },
    { types: [bool([3, 1])], attributes: { shape: [3, 2] } },
  ],
  eval([x], _, result) {
    const strides = stridesOf(x!.shape);
    const offset = result.shape.length - x!.shape.length;
    const data = new Float64Array(result.shape.reduce((a, b) => a * b, 1));
    eachIndex(result.shape, (index, flat) => {
      let from = 0;
      x!.shape.forEach((size, axis) => {
        if (size !== 1) from += index[axis + offset]! * strides[axis]!;
      });
      data[flat] = x!.data[from]!;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const { missing, stretched } = repeated(node);
    const summed = build.sum(cotangent, [...missing, ...stretched]);
    return [build.reshape(summed, node.inputs[0]!.type.shape)];
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read }) {
      const { shape } = node.inputs[0]!.type;
      if (shape.length === 0) return read(0, []);
      const at = coordinates().slice(node.type.shape.length - shape.length);
      return read(
        0,
        at.map((each, axis) => (shape[axis] === 1 ? "0u" : each)),
      );
    },
  },
  // Not tf.broadcastTo or tf.logicalOr: with the WASM backend they take a hundred times as long as an addition.
  tfjs(context) {
    const { node } = context;
    const from = node.inputs[0]!.type;
    const rank = node.type.shape.length;
    const ones = [...Array(rank - from.shape.length).fill(1), ...from.shape];
    const x =
      from.batched && from.shape.length < rank
        ? context.temporary(`tf.reshape(${context.inputs[0]}, ${context.shape({ ...from, shape: ones })})`)
        : context.inputs[0]!;
    const shape = context.shape({ ...node.type, batched: false });
    if (node.type.dtype === "bool") {
      const numbers = context.temporary(`tf.cast(${x}, "float32")`);
      const repeated = context.temporary(`tf.add(${numbers}, ${context.temporary(`tf.zeros(${shape})`)})`);
      return `tf.cast(${repeated}, "bool")`;
    }
    const dtype = node.type.dtype === "f32" ? "float32" : "int32";
    return `tf.add(${x}, ${context.temporary(`tf.zeros(${shape}, "${dtype}")`)})`;
  },
  scratch: ({ type }) => [
    { ...type, batched: false },
    ...(type.dtype === "bool" ? [f32(type.shape, type.batched)] : []),
  ],
};
