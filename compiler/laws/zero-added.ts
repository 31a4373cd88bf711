/** Nothing added. */
import type { Node } from "../ir/tensor/tensor.ts";
import { fillOf, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "zero-added",
  says: "x + 0 = 0 + x = x - 0 = x",
  roots: ["add", "subtract"],
  example: (build) => build.add(leaf(build, "a", [2, 3]), 0),
  more: (build) => [build.add(0, leaf(build, "a", [2, 3])), build.subtract(leaf(build, "a", [2, 3]), 0)],
  near: (build) => [build.subtract(0, leaf(build, "a", [2, 3])), build.add(leaf(build, "a", [2, 3]), 1)],
  apply(node, build) {
    const [a, b] = node.inputs as readonly [Node, Node];
    if (fillOf(b) === 0) return fitted(a, node.type, build);
    return node.op === "add" && fillOf(a) === 0 ? fitted(b, node.type, build) : undefined;
  },
};
