/** Differences that are negatives. */
import type { Node } from "../ir/tensor/tensor.ts";
import { fillOf, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "subtracted-from-zero",
  says: "0 - x = -x",
  roots: ["subtract"],
  example: (build) => build.subtract(0, leaf(build, "a", [2, 3])),
  apply(node, build) {
    const [a, b] = node.inputs as readonly [Node, Node];
    return fillOf(a) === 0 && b.type.dtype === "f32" ? fitted(build.negate(b), node.type, build) : undefined;
  },
};
