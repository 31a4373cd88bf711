/** Elementwise `softplus`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "softplus",
  doc: "Log(1 + exp(x)) of each element, without overflow.",
  apply: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.unary("sigmoid", node.inputs[0]!))],
  wgsl: (x) => `softplus(${x})`,
  lanes: (write, x) => {
    const magnitude = write.instruction("f32x4.abs", x);
    const rest = write.log1p(write.exp(write.instruction("f32x4.neg", magnitude)));
    return write.instruction("f32x4.add", write.instruction("f32x4.max", x, write.number(0)), rest);
  },
  tfjs: (x) => `tf.softplus(${x})`,
});
