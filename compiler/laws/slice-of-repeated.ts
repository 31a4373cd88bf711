/** A block of a repetition is a shorter repetition. */
import { cutAxis, leaf, repeatedAlong } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "slice-of-repeated",
  says: "slice(broadcast(x)) = broadcast(x), where the slice cuts along one axis and x is repeated along it",
  roots: ["slice"],
  example: (build) => build.slice(build.broadcast(leaf(build, "a", [3]), [4, 3]), [1, 0], [2, 3]),
  apply(node, build) {
    const axis = cutAxis(node.inputs[0]!.type.shape, node.type.shape);
    return axis === undefined ? undefined : repeatedAlong(node.inputs[0]!, axis, node.type.shape[axis]!, build);
  },
};
