/** One reduction over batch and rows: what the gradient of a bias comes to. */
import { flagOf, numberOf } from "../ir/tensor/attributes.ts";
import { axesOf, isRange, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "sum-of-batch-sum",
  says: "sum(batch_sum(x), leading axes) = batch_sum(sum(x, leading axes)) = batch_sum(x) over these axes too",
  roots: ["sum", "batch_sum"],
  example: (build) => build.sum(build.batchSum(leaf(build, "a", [2, 4, 3])), [0, 1]),
  more: (build) => [
    build.sum(build.batchSum(leaf(build, "a", [2, 4, 3]), 1), [0], true),
    build.batchSum(build.sum(leaf(build, "a", [2, 4, 3]), [0])),
    build.batchSum(build.sum(leaf(build, "a", [2, 4, 3]), [0], true)),
    build.batchSum(build.sum(leaf(build, "a", [2, 4, 3]), [1, 0]), 1),
  ],
  near: (build) => [
    build.sum(build.batchSum(leaf(build, "a", [2, 4, 3])), [1]),
    build.batchSum(build.sum(leaf(build, "a", [2, 4, 3]), [2])),
    build.batchSum(build.sum(leaf(build, "a", [2, 4, 3]), [0], true), 1),
  ],
  apply(node, build) {
    const inner = node.inputs[0]!;
    const [sum, batch] = node.op === "sum" ? [node, inner] : [inner, node];
    if (sum.op !== "sum" || batch.op !== "batch_sum") return undefined;
    const axes = [...axesOf(sum)].sort((a, b) => a - b);
    if (!isRange(axes, axes.length)) return undefined;
    const leading = numberOf(batch.attributes, "leading");
    // Axes that a sum keeps are not among those that batch_sum may drop.
    if (node.op === "batch_sum" && flagOf(sum.attributes, "keep") && leading > 0) return undefined;
    return build.reshape(build.batchSum(inner.inputs[0]!, axes.length + leading), node.type.shape);
  },
};
