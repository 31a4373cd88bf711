/** A scatter of so many rows in a row to each place is a sum over an axis. */
import { axisOf, indicesOf, leaf, runLength } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "scatter-of-runs",
  says: "scatter_add(x, [0, 0, …, 1, 1, …]) = sum of each run, once gradients are taken",
  roots: ["scatter_add"],
  final: true,
  example: (build) => build.scatterAdd(leaf(build, "a", [6, 2]), [0, 0, 1, 1, 2, 2], 0, 3),
  near: (build) => [build.scatterAdd(leaf(build, "a", [6, 2]), [0, 0, 1, 1, 1, 2], 0, 3)],
  apply(node, build) {
    const x = node.inputs[0]!;
    const axis = axisOf(node);
    const size = node.type.shape[axis]!;
    const run = runLength(indicesOf(node), size);
    const { shape } = x.type;
    if (run === undefined || shape.length === 5) return undefined;
    const apart = build.reshape(x, [...shape.slice(0, axis), size, run, ...shape.slice(axis + 1)]);
    return build.sum(apart, [axis + 1]);
  },
};
