/** Elementwise `cos`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "cos",
  doc: "The cosine of each element.",
  apply: (x) => Math.cos(x),
  gradient: (node, cotangent, build) => [build.negate(build.multiply(cotangent, build.unary("sin", node.inputs[0]!)))],
  wgsl: (x) => `cosine(${x})`,
  tfjs: (x) => `tf.cos(${x})`,
});
