/** Elementwise `log1p`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "log1p",
  doc: "Log(1 + x), accurate near 0.",
  apply: (x) => Math.log1p(x),
  gradient: (node, cotangent, build) => [build.divide(cotangent, build.add(node.inputs[0]!, 1))],
  wgsl: (x) => `log1p(${x})`,
  lanes: (write, x) => write.log1p(x),
  tfjs: (x) => `tf.log1p(${x})`,
  range: [-0.7, 3],
});
