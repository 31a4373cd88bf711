/** Two gathers along one axis are one. */
import { axisOf, indicesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "gather-of-gather",
  says: "gather(gather(x, i), j) = gather(x, i[j])",
  roots: ["gather"],
  example: (build) => build.gather(build.gather(leaf(build, "a", [3, 2]), [2, 0, 1, 1], 0), [3, 0], 0),
  apply(node, build) {
    const inner = node.inputs[0]!;
    if (inner.op !== "gather" || axisOf(inner) !== axisOf(node)) return undefined;
    const indices = indicesOf(node).map((index) => indicesOf(inner)[index]!);
    return build.gather(inner.inputs[0]!, indices, axisOf(node));
  },
};
