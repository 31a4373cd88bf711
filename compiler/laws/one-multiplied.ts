/** Factors and divisors of one. */
import type { Node } from "../ir/tensor/tensor.ts";
import { fillOf, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "one-multiplied",
  says: "1 x = x 1 = x / 1 = x",
  roots: ["multiply", "divide"],
  example: (build) => build.multiply(leaf(build, "a", [2, 3]), 1),
  more: (build) => [build.multiply(1, leaf(build, "a", [2, 3])), build.divide(leaf(build, "a", [2, 3]), 1)],
  near: (build) => [build.divide(1, leaf(build, "a", [2, 3])), build.multiply(leaf(build, "a", [2, 3]), -1)],
  apply(node, build) {
    const [a, b] = node.inputs as readonly [Node, Node];
    if (fillOf(b) === 1) return fitted(a, node.type, build);
    return node.op === "multiply" && fillOf(a) === 1 ? fitted(b, node.type, build) : undefined;
  },
};
