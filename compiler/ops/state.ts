/** Leaf `state`: a tensor that training carries along, such as a running mean. */
import { integersOf, stringOf } from "../ir/tensor/attributes.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "state",
  doc: "A tensor kept between steps without gradient: f32 of the attribute shape.",
  type: (_, attributes) => ({ dtype: "f32", shape: integersOf(attributes, "shape"), batched: false }),
  samples: [],
  eval() {
    throw new TypeError("state is a leaf: its value comes from outside");
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: ({ node }) => `states[${JSON.stringify(stringOf(node.attributes, "name"))}]`,
};
