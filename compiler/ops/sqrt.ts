/** Elementwise `sqrt`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "sqrt",
  doc: "The square root of each element.",
  apply: (x) => Math.sqrt(x),
  gradient: (node, cotangent, build) => [build.divide(build.multiply(cotangent, 0.5), node)],
  wgsl: (x) => `sqrt(${x})`,
  lanes: (write, x) => write.instruction("f32x4.sqrt", x),
  tfjs: (x) => `tf.sqrt(${x})`,
  range: [0.2, 3],
});
