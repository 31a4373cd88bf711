/** Leaf `parameter`: a trained tensor. */
import { integersOf, stringOf } from "../ir/tensor/attributes.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "parameter",
  doc: "A trained tensor: f32 of the attribute shape, the same for all examples.",
  type: (_, attributes) => ({ dtype: "f32", shape: integersOf(attributes, "shape"), batched: false }),
  samples: [],
  eval() {
    throw new TypeError("parameter is a leaf: its value comes from outside");
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: ({ node }) => `parameters[${JSON.stringify(stringOf(node.attributes, "name"))}]`,
};
