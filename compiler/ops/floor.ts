/** Elementwise `floor`. */
import { flat, unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "floor",
  doc: "The largest integer not above each element.",
  apply: (x) => Math.floor(x),
  gradient: flat,
  wgsl: (x) => `floor(${x})`,
  lanes: (write, x) => write.instruction("f32x4.floor", x),
  tfjs: (x) => `tf.floor(${x})`,
});
