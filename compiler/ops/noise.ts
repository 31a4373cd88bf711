/** Leaf `noise`: random numbers. */
import { flagOf, integersOf, stringOf } from "../ir/tensor/attributes.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "noise",
  doc: "Independent draws, uniform on (0, 1) or standard normal (attribute base), from the stream of the attribute stream.",
  type: (_, attributes) => ({
    dtype: "f32",
    shape: integersOf(attributes, "shape"),
    batched: flagOf(attributes, "batched"),
  }),
  samples: [],
  eval() {
    throw new TypeError("noise is a leaf: its value comes from outside");
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: ({ node }) => `noise[${JSON.stringify(stringOf(node.attributes, "name"))}]`,
};
