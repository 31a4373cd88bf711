/** A sum of equal addends is a multiple. */
import type { Node } from "../ir/tensor/tensor.ts";
import { axesOf, leaf, repeatedAlong } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "sum-of-repeated",
  says: "sum(broadcast(x), axis) = n x, where x is repeated n times along the axis",
  roots: ["sum"],
  example: (build) => build.sum(build.broadcast(leaf(build, "a", [3]), [4, 3]), [0]),
  apply(node, build) {
    const x = node.inputs[0]!;
    let once: Node | undefined = x;
    let count = 1;
    for (const axis of axesOf(node)) {
      count *= x.type.shape[axis]!;
      once = once === undefined || once.type.shape.length === 0 ? undefined : repeatedAlong(once, axis, 1, build);
    }
    if (once === undefined || once === x || count === 1) return undefined;
    return build.multiply(build.reshape(once, node.type.shape), count);
  },
};
