/** A gather picks from the whole as well as from a block. */
import { axisOf, beginOf, cutAxis, indicesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "gather-of-slice",
  says: "gather(slice(x), i) = gather(x, i + begin), where the slice cuts the gathered axis only",
  roots: ["gather"],
  example: (build) => build.gather(build.slice(leaf(build, "a", [4, 2]), [1, 0], [2, 2]), [1, 0, 1], 0),
  apply(node, build) {
    const slice = node.inputs[0]!;
    const axis = axisOf(node);
    if (slice.op !== "slice" || cutAxis(slice.inputs[0]!.type.shape, slice.type.shape) !== axis) return undefined;
    return build.gather(
      slice.inputs[0]!,
      indicesOf(node).map((index) => index + beginOf(slice)[axis]!),
      axis,
    );
  },
};
