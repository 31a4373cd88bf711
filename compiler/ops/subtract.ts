/** Elementwise `subtract`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "subtract",
  doc: "Difference of two tensors, element by element.",
  apply: (a, b) => a - b,
  gradient: (_a, _b, cotangent, build) => [cotangent, build.negate(cotangent)],
  wgsl: (a, b) => `${a} - ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.sub", a, b),
  tfjs: (a, b) => `tf.sub(${a}, ${b})`,
});
