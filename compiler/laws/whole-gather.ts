/** A gather of all rows in their order. */
import { axisOf, indicesOf, isRange, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "whole-gather",
  says: "gather(x, [0, 1, …]) = x",
  roots: ["gather"],
  example: (build) => build.gather(leaf(build, "a", [3, 2]), [0, 1, 2], 0),
  apply(node) {
    const x = node.inputs[0]!;
    return isRange(indicesOf(node), x.type.shape[axisOf(node)]!) ? x : undefined;
  },
};
