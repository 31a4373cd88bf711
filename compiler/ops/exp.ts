/** Elementwise `exp`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "exp",
  doc: "E to the power of each element.",
  apply: (x) => Math.exp(x),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, node)],
  wgsl: (x) => `exp(${x})`,
  lanes: (write, x) => write.exp(x),
  tfjs: (x) => `tf.exp(${x})`,
});
