/** Elementwise `negate`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "negate",
  doc: "The negative of each element.",
  apply: (x) => -x,
  gradient: (_, cotangent, build) => [build.negate(cotangent)],
  wgsl: (x) => `-${x}`,
  lanes: (write, x) => write.instruction("f32x4.neg", x),
  tfjs: (x) => `tf.neg(${x})`,
});
