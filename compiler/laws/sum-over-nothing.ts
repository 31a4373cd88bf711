/** Sums of one addend each. */
import { axesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "sum-over-nothing",
  says: "sum(x) = maximum(x) = reshape(x), where all axes that are reduced have size 1",
  roots: ["sum", "maximum_reduce"],
  example: (build) => build.sum(leaf(build, "a", [2, 1, 3]), [1]),
  more: (build) => [build.maximumReduce(leaf(build, "a", [1, 3]), [0])],
  near: (build) => [build.sum(leaf(build, "a", [2, 1, 3]), [0, 1]), build.maximumReduce(leaf(build, "a", [1, 3]), [1])],
  apply(node, build) {
    const x = node.inputs[0]!;
    return axesOf(node).every((axis) => x.type.shape[axis] === 1) ? build.reshape(x, node.type.shape) : undefined;
  },
};
