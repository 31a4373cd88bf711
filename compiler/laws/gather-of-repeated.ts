/** All rows of a repetition are the same, so picking some is repeating as often. */
import { axisOf, indicesOf, leaf, repeatedAlong } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "gather-of-repeated",
  says: "gather(broadcast(x), i) = broadcast(x), where x is repeated along the gathered axis",
  roots: ["gather"],
  example: (build) => build.gather(build.broadcast(leaf(build, "a", [1, 2]), [4, 2]), [1, 0, 1], 0),
  apply: (node, build) => repeatedAlong(node.inputs[0]!, axisOf(node), indicesOf(node).length, build),
};
