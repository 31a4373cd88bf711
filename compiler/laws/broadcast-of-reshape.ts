/** A reshape that only adds axes of size 1 in front is part of the repetition. */
import { sameShape } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "broadcast-of-reshape",
  says: "broadcast(reshape(x)) = broadcast(x), where the reshape only adds leading axes of size 1",
  roots: ["broadcast"],
  example: (build) => build.broadcast(build.reshape(leaf(build, "a", [3]), [1, 3]), [2, 3]),
  apply(node, build) {
    const reshape = node.inputs[0]!;
    if (reshape.op !== "reshape") return undefined;
    const from = reshape.inputs[0]!.type.shape;
    const to = reshape.type.shape;
    const added = to.length - from.length;
    const leading = added > 0 && to.slice(0, added).every((size) => size === 1) && sameShape(to.slice(added), from);
    return leading ? build.broadcast(reshape.inputs[0]!, node.type.shape) : undefined;
  },
};
