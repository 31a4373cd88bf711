/** Sums with a negative are differences. */
import type { Node } from "../ir/tensor/tensor.ts";
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "negative-added",
  says: "x + (-y) = (-y) + x = x - y and x - (-y) = x + y",
  roots: ["add", "subtract"],
  example: (build) => build.add(leaf(build, "a", [2, 3]), build.negate(leaf(build, "b", [2, 3]))),
  more: (build) => [
    build.add(build.negate(leaf(build, "a", [2, 3])), leaf(build, "b", [2, 3])),
    build.subtract(leaf(build, "a", [2, 3]), build.negate(leaf(build, "b", [2, 3]))),
  ],
  near: (build) => [build.subtract(build.negate(leaf(build, "a", [2, 3])), leaf(build, "b", [2, 3]))],
  apply(node, build) {
    const [a, b] = node.inputs as readonly [Node, Node];
    if (b.op === "negate") return build.binary(node.op === "add" ? "subtract" : "add", a, b.inputs[0]!);
    return node.op === "add" && a.op === "negate" ? build.subtract(b, a.inputs[0]!) : undefined;
  },
};
