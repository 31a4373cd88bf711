/** The sum of what is the same for all examples. */
import { numberOf } from "../ir/tensor/attributes.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "batch-sum-of-repeated",
  says: "batch_sum(batch_broadcast(x)) = x batch_size",
  roots: ["batch_sum"],
  example: (build) => build.batchSum(build.batchBroadcast(leaf(build, "a", [2, 3], false)), 1),
  apply(node, build) {
    const repeated = node.inputs[0]!;
    if (repeated.op !== "batch_broadcast") return undefined;
    const axes = [...Array(numberOf(node.attributes, "leading")).keys()];
    return build.multiply(build.sum(repeated.inputs[0]!, axes), build.batchSize());
  },
};
