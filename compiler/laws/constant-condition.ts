/** Choices that are made already. */
import { fillOf, fitted, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "constant-condition",
  says: "select(true, a, b) = a and select(false, a, b) = b",
  roots: ["select"],
  example: (build) => build.select(build.constant(1, [], "bool"), leaf(build, "a", [2, 3]), leaf(build, "b", [2, 3])),
  apply(node, build) {
    const chosen = fillOf(node.inputs[0]!);
    return chosen === undefined ? undefined : fitted(node.inputs[chosen !== 0 ? 1 : 2]!, node.type, build);
  },
};
