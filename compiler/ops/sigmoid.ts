/** Elementwise `sigmoid`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "sigmoid",
  doc: "1 / (1 + exp(-x)) of each element.",
  apply: (x) => 1 / (1 + Math.exp(-x)),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.multiply(node, build.subtract(1, node)))],
  wgsl: (x) => `sigmoid(${x})`,
  lanes: (write, x) => {
    // e / (1 + e) or 1 / (1 + e) for e = exp(−|x|), which is small, not infinite, where x is far from 0.
    const one = write.number(1);
    const decay = write.exp(write.instruction("f32x4.neg", write.instruction("f32x4.abs", x)));
    const negative = write.instruction("f32x4.lt", x, write.number(0));
    const numerator = write.instruction("v128.bitselect", decay, one, negative);
    return write.instruction("f32x4.div", numerator, write.instruction("f32x4.add", one, decay));
  },
  tfjs: (x) => `tf.sigmoid(${x})`,
});
