/** A block of the inside of a padded tensor. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { beginOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "slice-of-pad",
  says: "slice(pad(x)) = slice(x), where it reads none of the zeros",
  roots: ["slice"],
  example: (build) => build.slice(build.pad(leaf(build, "a", [2, 3]), [1, 0], [0, 2]), [1, 1], [1, 2]),
  apply(node, build) {
    const pad = node.inputs[0]!;
    if (pad.op !== "pad") return undefined;
    const x = pad.inputs[0]!;
    const before = integersOf(pad.attributes, "before");
    const begin = beginOf(node).map((at, axis) => at - before[axis]!);
    const inside = begin.every((at, axis) => at >= 0 && at + node.type.shape[axis]! <= x.type.shape[axis]!);
    return inside ? build.slice(x, begin, node.type.shape) : undefined;
  },
};
