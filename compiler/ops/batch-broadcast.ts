/** One value for all examples, repeated over the batch. The adjoint of `batch_sum`. */
import { f32, only } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "batch_broadcast",
  doc: "The unbatched input as the value of every example.",
  type(inputs) {
    const type = only("batch_broadcast", inputs);
    if (type.batched) throw new TypeError("batch_broadcast needs a value that is the same for all examples");
    return { ...type, batched: true };
  },
  samples: [{ types: [f32([2, 3], false)] }, { types: [f32([], false)] }],
  eval: ([x]) => x!,
  // The differentiator sums cotangents over the batch where the input has no batch axis.
  gradient: (_, cotangent) => [cotangent],
  wgsl: { form: "picked", element: ({ readFlat, flat }) => readFlat(0, flat()) },
  tfjs(context) {
    const { node } = context;
    const column = context.shape({ ...node.type, shape: node.type.shape.map(() => 1) });
    if (node.type.dtype === "bool") {
      return `tf.logicalOr(${context.inputs[0]}, ${context.temporary(`tf.zeros(${column}, "bool")`)})`;
    }
    const dtype = node.type.dtype === "f32" ? "float32" : "int32";
    return `tf.add(${context.inputs[0]}, ${context.temporary(`tf.zeros(${column}, "${dtype}")`)})`;
  },
  scratch: ({ type }) => [{ ...type, shape: [] }],
};
