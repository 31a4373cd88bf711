/** Means over the batch. */
import { f32, only } from "./helpers.ts";
import type { DerivedOp } from "./op.ts";

export const op: DerivedOp = {
  name: "batch_mean",
  doc: "The mean over the batch: an unbatched tensor of the input's shape.",
  type: (inputs) => ({ ...only("batch_mean", inputs), batched: false }),
  samples: [{ types: [f32([2, 3])] }],
  // A value that is the same for all examples is its own mean.
  expand: ([x], _, build) => (x!.type.batched ? build.divide(build.batchSum(x!), build.batchSize()) : x!),
};
