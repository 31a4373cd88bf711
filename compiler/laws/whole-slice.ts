/** A block that is the whole. */
import { sameShape } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "whole-slice",
  says: "slice(x, 0, size of x) = x",
  roots: ["slice"],
  example: (build) => build.slice(leaf(build, "a", [4, 3]), [0, 0], [4, 3]),
  apply: (node) => (sameShape(node.type.shape, node.inputs[0]!.type.shape) ? node.inputs[0] : undefined),
};
