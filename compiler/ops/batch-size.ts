/** Leaf `batch_size`: how many examples there are. */
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "batch_size",
  doc: "The number of examples in the batch: f32 of rank 0.",
  type: () => ({ dtype: "f32", shape: [], batched: false }),
  samples: [],
  eval() {
    throw new TypeError("batch_size is a leaf: its value comes from outside");
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: () => "tf.scalar(batch)",
};
