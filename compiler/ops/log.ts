/** Elementwise `log`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "log",
  doc: "The natural logarithm of each element.",
  apply: (x) => Math.log(x),
  gradient: (node, cotangent, build) => [build.divide(cotangent, node.inputs[0]!)],
  wgsl: (x) => `log(${x})`,
  lanes: (write, x) => write.log(x),
  tfjs: (x) => `tf.log(${x})`,
  range: [0.2, 3],
});
