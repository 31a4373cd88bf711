/** The law that pays on graphs, second half: rows that repeat are multiplied once. */
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, indicesOf, leaf, shrinks } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "product-of-gather",
  says: "matmul(gather(x, i), W) = gather(matmul(x, W), i), where the gather has so many more rows than x that it pays",
  roots: ["matmul"],
  example: (build) =>
    build.matmul(build.gather(leaf(build, "a", [2, 3]), [0, 1, 1, 0, 1], 0), build.parameter("w", [3, 4])),
  apply(node, build) {
    const [gather, w] = node.inputs as readonly [Node, Node];
    if (gather.op !== "gather" || w.type.shape.length !== 2 || !shrinks(gather)) return undefined;
    return build.gather(build.matmul(gather.inputs[0]!, w), indicesOf(gather), axisOf(gather));
  },
};
