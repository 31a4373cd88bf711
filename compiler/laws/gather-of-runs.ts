/** A gather that takes each row so often in a row: arithmetic broadcasts that by itself, and nothing is copied. */
import { axisOf, indicesOf, leaf, runLength } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "gather-of-runs",
  says: "gather(x, [0, 0, …, 1, 1, …]) = reshape(broadcast(x)), once gradients are taken",
  roots: ["gather"],
  final: true,
  example: (build) => build.gather(leaf(build, "a", [3, 2]), [0, 0, 1, 1, 2, 2], 0),
  near: (build) => [build.gather(leaf(build, "a", [3, 2]), [0, 0, 1, 1, 1, 2], 0)],
  apply(node, build) {
    const x = node.inputs[0]!;
    const axis = axisOf(node);
    const { shape } = x.type;
    const run = runLength(indicesOf(node), shape[axis]!);
    if (run === undefined || shape.length === 5 || x.type.dtype === "bool") return undefined;
    const [before, size, after] = [shape.slice(0, axis), shape[axis]!, shape.slice(axis + 1)];
    const apart = build.reshape(x, [...before, size, 1, ...after]);
    return build.reshape(build.broadcast(apart, [...before, size, run, ...after]), node.type.shape);
  },
};
