/** Two transpositions are one. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "transpose-of-transpose",
  says: "transpose(transpose(x, p), q) = transpose(x, p[q])",
  roots: ["transpose"],
  example: (build) => build.transpose(build.transpose(leaf(build, "a", [2, 3, 4]), [1, 2, 0]), [1, 0, 2]),
  apply(node, build) {
    const inner = node.inputs[0]!;
    if (inner.op !== "transpose") return undefined;
    const first = integersOf(inner.attributes, "permutation");
    return build.transpose(
      inner.inputs[0]!,
      integersOf(node.attributes, "permutation").map((axis) => first[axis]!),
    );
  },
};
