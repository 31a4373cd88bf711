/** Exponentials and logarithms that undo one another; without them there is no overflow either. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "inverse-function",
  says: "log(exp(x)) = x and exp(log(x)) = x in programs whose values are finite: exp(x) is, and x has a logarithm",
  roots: ["log", "exp"],
  example: (build) => build.log(build.exp(leaf(build, "a", [2, 3]))),
  more: (build) => [build.exp(build.log(build.unary("abs", leaf(build, "a", [2, 3]))))],
  near: (build) => [build.exp(build.exp(leaf(build, "a", [2, 3]))), build.log(build.log(leaf(build, "a", [2, 3])))],
  apply(node) {
    const inner = node.inputs[0]!;
    return inner.op === (node.op === "log" ? "exp" : "log") ? inner.inputs[0] : undefined;
  },
};
