/** Elementwise `expm1`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "expm1",
  doc: "Exp(x) - 1, accurate near 0.",
  apply: (x) => Math.expm1(x),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.add(node, 1))],
  wgsl: (x) => `expm1(${x})`,
  lanes: (write, x) => write.expm1(x),
  tfjs: (x) => `tf.expm1(${x})`,
});
