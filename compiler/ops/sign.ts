/** Elementwise `sign`. */
import { flat, unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "sign",
  doc: "-1, 0 or 1 with the sign of each element.",
  apply: (x) => Math.sign(x),
  gradient: flat,
  wgsl: (x) => `sign(${x})`,
  tfjs: (x) => `tf.sign(${x})`,
});
