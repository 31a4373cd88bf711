/** Leaf `hyper`: a number from outside, such as a temperature. */
import { stringOf } from "../ir/tensor/attributes.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "hyper",
  doc: "A number from outside, by the attribute name: f32 of rank 0.",
  type: () => ({ dtype: "f32", shape: [], batched: false }),
  samples: [],
  eval() {
    throw new TypeError("hyper is a leaf: its value comes from outside");
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: ({ node }) => `tf.scalar(hypers[${JSON.stringify(stringOf(node.attributes, "name"))}])`,
};
