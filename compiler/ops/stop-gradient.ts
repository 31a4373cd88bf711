/** The input, which differentiation takes for a constant. */
import { f32, only } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "stop_gradient",
  doc: "The input; no cotangent passes.",
  type: (inputs) => only("stop_gradient", inputs),
  samples: [{ types: [f32([2, 3])] }],
  eval: ([x]) => x!,
  gradient: { none: "it stops the gradient on purpose" },
  wgsl: { form: "elementwise", text: ([x]) => x! },
  lanes: (_, [x]) => x!,
  tfjs: ({ inputs }) => `tf.clone(${inputs[0]})`,
};
