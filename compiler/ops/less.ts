/** Elementwise `less`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "less",
  doc: "True where the first element is smaller.",
  result: "bool",
  apply: (a, b) => (a < b ? 1 : 0),
  noGradient: "truth values have no derivative",
  gradient: () => [undefined, undefined],
  wgsl: (a, b) => `${a} < ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.lt", a, b),
  tfjs: (a, b) => `tf.less(${a}, ${b})`,
});
