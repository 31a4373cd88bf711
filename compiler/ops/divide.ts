/** Elementwise `divide`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "divide",
  doc: "Quotient of two f32 tensors, element by element.",
  apply: (a, b) => a / b,
  gradient: (_a, b, cotangent, build, node) => {
    const da = build.divide(cotangent, b);
    return [da, build.negate(build.multiply(da, node))];
  },
  wgsl: (a, b) => `${a} / ${b}`,
  lanes: (write, a, b) => write.instruction("f32x4.div", a, b),
  tfjs: (a, b) => `tf.div(${a}, ${b})`,
  operands: "f32",
  range: [0.5, 2],
});
