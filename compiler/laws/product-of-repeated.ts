/** What is the same for all rows, or for all examples, is multiplied once. */
import type { Node } from "../ir/tensor/tensor.ts";
import { fitted, leaf, shrinks } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "product-of-repeated",
  says: "matmul(broadcast(x), W) = broadcast(matmul(x, W)), and likewise over the batch",
  roots: ["matmul"],
  example: (build) => build.matmul(build.broadcast(leaf(build, "a", [1, 3]), [4, 3]), build.parameter("w", [3, 2])),
  apply(node, build) {
    const [repeated, w] = node.inputs as readonly [Node, Node];
    if (w.type.shape.length !== 2 || !shrinks(repeated)) return undefined;
    const product = () => build.matmul(repeated.inputs[0]!, w);
    if (repeated.op === "broadcast") return build.broadcast(product(), node.type.shape);
    return repeated.op === "batch_broadcast" ? fitted(product(), node.type, build) : undefined;
  },
};
