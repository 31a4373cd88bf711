/** Small sums are added, not large ones: for biases that are used again and again. */
import type { Node } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

function isTree(node: Node): boolean {
  return node.op === "batch_sum" || (node.op === "add" && node.inputs.every(isTree));
}

export const law: Law = {
  name: "sum-of-added-batch-sums",
  says: "sum(batch_sum(x) + batch_sum(y)) = sum(batch_sum(x)) + sum(batch_sum(y))",
  roots: ["sum"],
  example: (build) =>
    build.sum(build.add(build.batchSum(leaf(build, "a", [2, 3])), build.batchSum(leaf(build, "b", [2, 3]))), [0]),
  apply(node, build) {
    const added = node.inputs[0]!;
    if (added.op !== "add" || !isTree(added) || added.inputs.some((input) => input.type.shape.length === 0))
      return undefined;
    const [a, b] = added.inputs.map((input) => build.node("sum", [input], node.attributes)) as [Node, Node];
    return build.add(a, b);
  },
};
