/** Choices the other way round. */
import type { Node } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "negated-condition",
  says: "select(not(c), a, b) = select(c, b, a)",
  roots: ["select"],
  example: (build) =>
    build.select(
      build.not(build.less(leaf(build, "a", [2, 3]), 0)),
      leaf(build, "a", [2, 3]),
      leaf(build, "b", [2, 3]),
    ),
  apply(node, build) {
    const [condition, a, b] = node.inputs as readonly [Node, Node, Node];
    return condition.op === "not" ? build.select(condition.inputs[0]!, b, a) : undefined;
  },
};
