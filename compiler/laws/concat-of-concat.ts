/** Concatenations along one axis are one. */
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "concat-of-concat",
  says: "concat(concat(a, b), c) = concat(a, b, c)",
  roots: ["concat"],
  example: (build) =>
    build.concat([build.concat([leaf(build, "a", [2, 1]), leaf(build, "b", [2, 2])], 1), leaf(build, "c", [2, 3])], 1),
  apply(node, build) {
    const axis = axisOf(node);
    const nested = (part: Node) => part.op === "concat" && axisOf(part) === axis;
    if (!node.inputs.some(nested)) return undefined;
    return fitted(
      build.concat(
        node.inputs.flatMap((part) => (nested(part) ? part.inputs : [part])),
        axis,
      ),
      node.type,
      build,
    );
  },
};
