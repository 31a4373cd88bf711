/** Operations on twice the same. */
import type { Node } from "../ir/tensor/tensor.ts";
import { filled, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "same-operands",
  says: "x - x = 0 for finite x, and min(x, x) = max(x, x) = (x and x) = (x or x) = select(c, x, x) = x",
  roots: ["subtract", "minimum", "maximum", "and", "or", "select"],
  example: (build) => build.minimum(leaf(build, "a", [2, 3]), leaf(build, "a", [2, 3])),
  more(build) {
    const x = leaf(build, "a", [2, 3]);
    const condition = build.less(x, 0);
    return [
      build.subtract(x, x),
      build.maximum(x, x),
      build.and(condition, condition),
      build.or(condition, condition),
      build.select(condition, x, x),
    ];
  },
  near: (build) => [
    build.subtract(leaf(build, "a", [2, 3]), leaf(build, "b", [2, 3])),
    build.select(build.less(leaf(build, "a", [2, 3]), 0), leaf(build, "a", [2, 3]), leaf(build, "b", [2, 3])),
  ],
  apply(node, build) {
    const [a, b] = node.inputs.slice(-2) as [Node, Node];
    if (a !== b) return undefined;
    return node.op === "subtract" ? filled(0, node.type, build) : fitted(a, node.type, build);
  },
};
