/** A block of a tensor. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { formatType, type Node, sizeOf } from "../ir/tensor/tensor.ts";
import { eachIndex, f32, keptRows, only, pickedRows, stridesOf } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

/** Rows shorter than this are copied faster in one block. */
const NARROW = 16;

/** The one axis that is cut, where it is faster to pick rows along it; undefined where it is not. */
function rowAxis(node: Node): number | undefined {
  const from = node.inputs[0]!.type.shape;
  const cut = from.map((_, axis) => axis).filter((axis) => from[axis] !== node.type.shape[axis]);
  const [axis] = cut;
  const wide = axis !== undefined && sizeOf(from.slice(axis + 1)) >= NARROW;
  return cut.length === 1 && wide && node.type.dtype === "f32" ? axis : undefined;
}

export const op: PrimitiveOp = {
  name: "slice",
  doc: "The block of the attribute size that starts at the attribute begin.",
  type(inputs, attributes) {
    const type = only("slice", inputs);
    const begin = integersOf(attributes, "begin");
    const size = integersOf(attributes, "size");
    const fits = type.shape.every(
      (extent, axis) => begin[axis]! >= 0 && size[axis]! >= 1 && begin[axis]! + size[axis]! <= extent,
    );
    if (begin.length !== type.shape.length || size.length !== type.shape.length || !fits) {
      throw new TypeError(`slice: [${begin.join(", ")}] and [${size.join(", ")}] do not fit ${formatType(type)}`);
    }
    return { ...type, shape: size };
  },
  samples: [
    { types: [f32([4, 3])], attributes: { begin: [1, 0], size: [2, 3] } },
    { types: [f32([4, 3, 2], false)], attributes: { begin: [0, 1, 1], size: [4, 2, 1] } },
    { types: [f32([3, 4, 20])], attributes: { begin: [0, 1, 0], size: [3, 2, 20] } },
    { types: [f32([4, 20], false)], attributes: { begin: [2, 0], size: [2, 20] } },
  ],
  eval([x], attributes, result) {
    const begin = integersOf(attributes, "begin");
    const strides = stridesOf(x!.shape);
    const data = new Float64Array(result.shape.reduce((a, b) => a * b, 1));
    eachIndex(result.shape, (index, flat) => {
      let from = 0;
      strides.forEach((stride, axis) => {
        from += (begin[axis]! + index[axis]!) * stride;
      });
      data[flat] = x!.data[from]!;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const begin = integersOf(node.attributes, "begin");
    const after = node.inputs[0]!.type.shape.map((extent, axis) => extent - begin[axis]! - node.type.shape[axis]!);
    return [build.pad(cotangent, begin, after)];
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read }) {
      const begin = integersOf(node.attributes, "begin");
      return read(
        0,
        coordinates().map((at, axis) =>
          begin[axis] === 0 ? at : at === "0u" ? `${begin[axis]}u` : `(${at} + ${begin[axis]}u)`,
        ),
      );
    },
  },
  tfjs(context) {
    const { inputs, node, shape } = context;
    const begin = integersOf(node.attributes, "begin");
    const axis = rowAxis(node);
    if (axis !== undefined) {
      const indices = Array.from({ length: node.type.shape[axis]! }, (_, i) => begin[axis]! + i);
      return pickedRows(context, indices, axis);
    }
    return `tf.slice(${inputs[0]}, ${JSON.stringify(node.type.batched ? [0, ...begin] : begin)}, ${shape(node.type)})`;
  },
  // tf.slice copies its whole operand on the device wasm.
  scratch: (node) => (rowAxis(node) === undefined ? [node.inputs[0]!.type] : []),
  kept(node) {
    const axis = rowAxis(node);
    if (axis === undefined) return [];
    return [keptRows(node.inputs[0]!.type.shape, node.type.shape[axis]!, axis, node.type.batched)];
  },
};
