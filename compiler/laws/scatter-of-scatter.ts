/** Two scatters along one axis are one. */
import { axisOf, indicesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "scatter-of-scatter",
  says: "scatter_add(scatter_add(x, i), j) = scatter_add(x, j[i])",
  roots: ["scatter_add"],
  example: (build) => build.scatterAdd(build.scatterAdd(leaf(build, "a", [4, 2]), [2, 0, 1, 1], 0, 3), [1, 0, 1], 0, 2),
  apply(node, build) {
    const inner = node.inputs[0]!;
    if (inner.op !== "scatter_add" || axisOf(inner) !== axisOf(node)) return undefined;
    const indices = indicesOf(inner).map((index) => indicesOf(node)[index]!);
    return build.scatterAdd(inner.inputs[0]!, indices, axisOf(node), node.type.shape[axisOf(node)]!);
  },
};
