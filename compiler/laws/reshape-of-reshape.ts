/** Only the last shape matters. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "reshape-of-reshape",
  says: "reshape(reshape(x)) = reshape(x)",
  roots: ["reshape"],
  example: (build) => build.reshape(build.reshape(leaf(build, "a", [2, 6]), [3, 4]), [12]),
  apply(node, build) {
    const inner = node.inputs[0]!;
    return inner.op === "reshape" ? build.reshape(inner.inputs[0]!, node.type.shape) : undefined;
  },
};
