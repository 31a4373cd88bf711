/** Elementwise `power`. */
import { binaryOp } from "./helpers.ts";

export const op = binaryOp({
  name: "power",
  doc: "The first tensor to the power of the second; a base may be negative where the exponent is a constant integer.",
  apply: (a, b) => a ** b,
  gradient: (a, b, cotangent, build, node) => [
    build.multiply(cotangent, build.multiply(b, build.power(a, build.subtract(b, 1)))),
    // 0^b is flat in b for the exponents where it is defined at all.
    build.multiply(cotangent, build.multiply(node, build.log(build.select(build.less(0, a), a, 1)))),
  ],
  wgsl: (a, b) => `power(${a}, ${b})`,
  tfjs: (a, b) => `tf.pow(${a}, ${b})`,
  operands: "f32",
  range: [0.5, 2],
});
