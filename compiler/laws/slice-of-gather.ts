/** Picking only the rows that are read. */
import { axisOf, beginOf, cutAxis, indicesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "slice-of-gather",
  says: "slice(gather(x, i)) = gather(x, some of i), where the slice cuts the gathered axis only",
  roots: ["slice"],
  example: (build) => build.slice(build.gather(leaf(build, "a", [2, 3]), [0, 1, 1, 0], 0), [1, 0], [2, 3]),
  apply(node, build) {
    const gather = node.inputs[0]!;
    if (gather.op !== "gather") return undefined;
    const axis = axisOf(gather);
    if (cutAxis(gather.type.shape, node.type.shape) !== axis) return undefined;
    const from = beginOf(node)[axis]!;
    return build.gather(gather.inputs[0]!, indicesOf(gather).slice(from, from + node.type.shape[axis]!), axis);
  },
};
