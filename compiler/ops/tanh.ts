/** Elementwise `tanh`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "tanh",
  doc: "The hyperbolic tangent of each element.",
  apply: (x) => Math.tanh(x),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.subtract(1, build.multiply(node, node)))],
  wgsl: (x) => `hyperbolic_tangent(${x})`,
  tfjs: (x) => `tf.tanh(${x})`,
});
