/** Transpositions that move no element. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "trivial-transpose",
  says: "transpose(x, p) = reshape(x), where p keeps the order of all axes that are longer than 1",
  roots: ["transpose"],
  example: (build) => build.transpose(leaf(build, "a", [2, 1, 3]), [1, 0, 2]),
  apply(node, build) {
    const x = node.inputs[0]!;
    const long = integersOf(node.attributes, "permutation").filter((axis) => x.type.shape[axis]! > 1);
    const ordered = long.every((axis, i) => i === 0 || axis > long[i - 1]!);
    return ordered ? build.reshape(x, node.type.shape) : undefined;
  },
};
