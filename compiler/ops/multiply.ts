/** Elementwise `multiply`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "multiply",
  doc: "Product of two tensors, element by element.",
  apply: (a, b) => a * b,
  gradient: (a, b, cotangent, build) => [build.multiply(cotangent, b), build.multiply(cotangent, a)],
  wgsl: (a, b) => `${a} * ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.mul", a, b),
  tfjs: (a, b) => `tf.mul(${a}, ${b})`,
});
