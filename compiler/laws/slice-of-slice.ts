/** A block of a block. */
import { beginOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "slice-of-slice",
  says: "slice(slice(x, begin), begin') = slice(x, begin + begin')",
  roots: ["slice"],
  example: (build) => build.slice(build.slice(leaf(build, "a", [4, 3]), [1, 0], [3, 2]), [1, 1], [2, 1]),
  apply(node, build) {
    const inner = node.inputs[0]!;
    if (inner.op !== "slice") return undefined;
    const begin = beginOf(node).map((at, axis) => at + beginOf(inner)[axis]!);
    return build.slice(inner.inputs[0]!, begin, node.type.shape);
  },
};
