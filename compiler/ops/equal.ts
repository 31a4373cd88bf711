/** Elementwise `equal`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "equal",
  doc: "True where two elements are equal.",
  result: "bool",
  apply: (a, b) => (a === b ? 1 : 0),
  noGradient: "truth values have no derivative",
  gradient: () => [undefined, undefined],
  wgsl: (a, b) => `${a} == ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.eq", a, b),
  tfjs: (a, b) => `tf.equal(${a}, ${b})`,
});
