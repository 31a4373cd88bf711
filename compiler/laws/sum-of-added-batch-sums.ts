/** Small sums are added, not large ones: for biases that are used again and again. */
import type { Node } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

/** The sums of batches that a tree of additions adds, and the additions, inputs first; undefined for other nodes. */
function treeOf(root: Node): readonly Node[] | undefined {
  const seen = new Set<Node>();
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    if (node.op !== "batch_sum" && node.op !== "add") return undefined;
    if (node.op === "add" && node.inputs.some((input) => input.type.shape.length === 0)) return undefined;
    seen.add(node);
    if (node.op === "add") waiting.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

export const law: Law = {
  name: "sum-of-added-batch-sums",
  says: "sum(batch_sum(x) + batch_sum(y)) = sum(batch_sum(x)) + sum(batch_sum(y))",
  roots: ["sum"],
  example: (build) =>
    build.sum(build.add(build.batchSum(leaf(build, "a", [2, 3])), build.batchSum(leaf(build, "b", [2, 3]))), [0]),
  near: (build) => [
    build.sum(build.add(build.batchSum(leaf(build, "a", [2, 3])), build.parameter("w", [2, 3])), [0]),
    build.sum(build.add(build.batchSum(leaf(build, "a", [2, 3])), build.batchSum(leaf(build, "b", []))), [0]),
  ],
  apply(node, build) {
    const added = node.inputs[0]!;
    const tree = added.op === "add" ? treeOf(added) : undefined;
    if (tree === undefined) return undefined;
    const sums = new Map<Node, Node>();
    for (const each of tree) {
      const parts = each.inputs.map((input) => sums.get(input));
      sums.set(each, each.op === "add" ? build.add(parts[0]!, parts[1]!) : build.node("sum", [each], node.attributes));
    }
    return sums.get(added);
  },
};
