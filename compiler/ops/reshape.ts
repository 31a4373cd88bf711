/** The same elements in another shape. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { formatType, sizeOf } from "../ir/tensor/tensor.ts";
import { f32, only } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "reshape",
  doc: "The input's elements, row-major, in the attribute shape.",
  type(inputs, attributes) {
    const type = only("reshape", inputs);
    const shape = integersOf(attributes, "shape");
    if (sizeOf(shape) !== sizeOf(type.shape)) {
      throw new TypeError(`reshape: ${formatType(type)} does not fit [${shape.join(", ")}]`);
    }
    return { ...type, shape };
  },
  samples: [
    { types: [f32([2, 3])], attributes: { shape: [3, 2] } },
    { types: [f32([2, 3], false)], attributes: { shape: [6] } },
    { types: [f32([1])], attributes: { shape: [] } },
  ],
  eval: ([x], _, result) => ({ shape: result.shape, data: x!.data }),
  gradient: (node, cotangent, build) => [build.reshape(cotangent, node.inputs[0]!.type.shape)],
  wgsl: { form: "picked", element: ({ readFlat, flat }) => readFlat(0, flat()) },
  tfjs: ({ inputs, node, shape }) => `tf.reshape(${inputs[0]}, ${shape(node.type)})`,
};
