/** Operations that undo themselves. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "involution",
  says: "-(-x) = x and not(not(x)) = x",
  roots: ["negate", "not"],
  example: (build) => build.negate(build.negate(leaf(build, "a", [2, 3]))),
  more: (build) => [build.not(build.not(build.less(leaf(build, "a", [2, 3]), 0)))],
  near: (build) => [build.negate(build.unary("abs", build.negate(leaf(build, "a", [2, 3]))))],
  apply(node) {
    const inner = node.inputs[0]!;
    return inner.op === node.op ? inner.inputs[0] : undefined;
  },
};
