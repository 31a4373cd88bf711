/** Elementwise `sin`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "sin",
  doc: "The sine of each element.",
  apply: (x) => Math.sin(x),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.unary("cos", node.inputs[0]!))],
  wgsl: (x) => `sine(${x})`,
  tfjs: (x) => `tf.sin(${x})`,
});
