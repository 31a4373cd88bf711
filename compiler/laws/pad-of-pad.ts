/** Zeros around zeros. */
import { integersOf } from "../ir/tensor/attributes.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "pad-of-pad",
  says: "pad(pad(x)) = pad(x)",
  roots: ["pad"],
  example: (build) => build.pad(build.pad(leaf(build, "a", [2, 3]), [1, 0], [0, 0]), [0, 1], [2, 0]),
  apply(node, build) {
    const inner = node.inputs[0]!;
    if (inner.op !== "pad") return undefined;
    const total = (name: string) => {
      const own = integersOf(node.attributes, name);
      return integersOf(inner.attributes, name).map((size, axis) => size + own[axis]!);
    };
    return build.pad(inner.inputs[0]!, total("before"), total("after"));
  },
};
