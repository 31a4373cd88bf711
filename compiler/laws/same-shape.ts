/** Changes of shape that change nothing. */
import { sameShape } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "same-shape",
  says: "reshape(x) = broadcast(x) = pad(x) = x, where the shape stays",
  roots: ["reshape", "broadcast", "pad"],
  example: (build) => build.reshape(leaf(build, "a", [2, 6]), [2, 6]),
  more: (build) => [
    build.broadcast(leaf(build, "a", [2, 6]), [2, 6]),
    build.pad(leaf(build, "a", [2, 6]), [0, 0], [0, 0]),
  ],
  near: (build) => [
    build.reshape(leaf(build, "a", [2, 6]), [6, 2]),
    build.broadcast(leaf(build, "a", [6]), [1, 6]),
    build.pad(leaf(build, "a", [2, 6]), [0, 0], [1, 0]),
  ],
  apply: (node) => (sameShape(node.type.shape, node.inputs[0]!.type.shape) ? node.inputs[0] : undefined),
};
