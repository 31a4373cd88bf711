/** A scatter of all rows to where they are. */
import { axisOf, indicesOf, isRange, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "whole-scatter",
  says: "scatter_add(x, [0, 1, …]) = x",
  roots: ["scatter_add"],
  example: (build) => build.scatterAdd(leaf(build, "a", [3, 2]), [0, 1, 2], 0, 3),
  apply: (node) => (isRange(indicesOf(node), node.type.shape[axisOf(node)]!) ? node.inputs[0] : undefined),
};
