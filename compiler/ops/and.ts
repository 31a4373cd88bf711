/** Elementwise `and`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "and",
  doc: "True where both are.",
  result: "bool",
  operands: "bool",
  apply: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  noGradient: "truth values have no derivative",
  gradient: () => [undefined, undefined],
  wgsl: (a, b) => `${a} && ${b}`,
  lanes: (write, a, b) => write.instruction("v128.and", a, b),
  tfjs: (a, b) => `tf.logicalAnd(${a}, ${b})`,
});
