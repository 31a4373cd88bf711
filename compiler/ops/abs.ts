/** Elementwise `abs`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "abs",
  doc: "The magnitude of each element.",
  apply: (x) => Math.abs(x),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.unary("sign", node.inputs[0]!))],
  wgsl: (x) => `abs(${x})`,
  lanes: (write, x) => write.instruction("f32x4.abs", x),
  tfjs: (x) => `tf.abs(${x})`,
});
