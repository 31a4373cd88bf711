/** Leaf `input`: data from outside. */
import { dtypeOf, flagOf, integersOf, stringOf } from "../ir/tensor/attributes.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "input",
  doc: "Data of the attributes dtype and shape, batched or not.",
  type: (_, attributes) => ({
    dtype: dtypeOf(attributes),
    shape: integersOf(attributes, "shape"),
    batched: flagOf(attributes, "batched"),
  }),
  samples: [],
  eval() {
    throw new TypeError("input is a leaf: its value comes from outside");
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: ({ node }) => `inputs[${JSON.stringify(stringOf(node.attributes, "name"))}]`,
};
