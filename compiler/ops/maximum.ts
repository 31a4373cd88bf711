/** Elementwise `maximum`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "maximum",
  doc: "The larger of two elements.",
  apply: (a, b) => Math.max(a, b),
  gradient: (a, b, cotangent, build) => {
    const first = build.cast(build.lessEqual(b, a), "f32");
    return [build.multiply(cotangent, first), build.multiply(cotangent, build.subtract(1, first))];
  },
  wgsl: (a, b) => `max(${a}, ${b})`,
  lanes: (write, a, b) => write.instruction("f32x4.max", a, b),
  tfjs: (a, b) => `tf.maximum(${a}, ${b})`,
});
