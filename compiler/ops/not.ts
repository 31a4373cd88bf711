/** Elementwise logical `not`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "not",
  doc: "True where an element is false.",
  dtype: "bool",
  apply: (x) => 1 - x,
  gradient: { none: "truth values have no derivative" },
  wgsl: (x) => `!${x}`,
  lanes: (write, x) => write.instruction("v128.not", x),
  tfjs: (x) => `tf.logicalNot(${x})`,
});
