/** Elementwise `minimum`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "minimum",
  doc: "The smaller of two elements.",
  apply: (a, b) => Math.min(a, b),
  gradient: (a, b, cotangent, build) => {
    const first = build.cast(build.lessEqual(a, b), "f32");
    return [build.multiply(cotangent, first), build.multiply(cotangent, build.subtract(1, first))];
  },
  wgsl: (a, b) => `min(${a}, ${b})`,
  lanes: (write, a, b) => write.instruction("f32x4.min", a, b),
  tfjs: (a, b) => `tf.minimum(${a}, ${b})`,
});
