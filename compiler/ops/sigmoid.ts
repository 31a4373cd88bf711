/** Elementwise `sigmoid`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "sigmoid",
  doc: "1 / (1 + exp(-x)) of each element.",
  apply: (x) => 1 / (1 + Math.exp(-x)),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.multiply(node, build.subtract(1, node)))],
  wgsl: (x) => `sigmoid(${x})`,
  tfjs: (x) => `tf.sigmoid(${x})`,
});
