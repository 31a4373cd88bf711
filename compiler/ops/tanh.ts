/** Elementwise `tanh`. */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "tanh",
  doc: "The hyperbolic tangent of each element.",
  apply: (x) => Math.tanh(x),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.subtract(1, build.multiply(node, node)))],
  wgsl: (x) => `hyperbolic_tangent(${x})`,
  lanes: (write, x) => {
    // e / (e + 2) for e = exp(2x) − 1; where |x| is larger than 10, it is ±1. NaN stays.
    const bounded = write.instruction(
      "f32x4.pmax",
      write.instruction("f32x4.pmin", x, write.number(10)),
      write.number(-10),
    );
    const growth = write.expm1(write.instruction("f32x4.add", bounded, bounded));
    return write.instruction("f32x4.div", growth, write.instruction("f32x4.add", growth, write.number(2)));
  },
  tfjs: (x) => `tf.tanh(${x})`,
});
