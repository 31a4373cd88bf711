/** Elementwise `add`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "add",
  doc: "Sum of two tensors, element by element.",
  apply: (a, b) => a + b,
  gradient: (_a, _b, cotangent) => [cotangent, cotangent],
  wgsl: (a, b) => `${a} + ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.add", a, b),
  tfjs: (a, b) => `tf.add(${a}, ${b})`,
});
