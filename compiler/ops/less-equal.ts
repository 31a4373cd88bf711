/** Elementwise `less_equal`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "less_equal",
  doc: "True where the first element is not larger.",
  result: "bool",
  apply: (a, b) => (a <= b ? 1 : 0),
  noGradient: "truth values have no derivative",
  gradient: () => [undefined, undefined],
  wgsl: (a, b) => `${a} <= ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.le", a, b),
  tfjs: (a, b) => `tf.lessEqual(${a}, ${b})`,
});
