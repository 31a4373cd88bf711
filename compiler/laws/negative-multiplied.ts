/** Signs go into constants, or cancel. */
import type { Node } from "../ir/tensor/tensor.ts";
import { fillOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "negative-multiplied",
  says: "(-x) c = x (-c) for a constant c, and (-x) (-y) = x y",
  roots: ["multiply"],
  example: (build) => build.multiply(build.negate(leaf(build, "a", [2, 3])), 2.5),
  more: (build) => [
    build.multiply(2.5, build.negate(leaf(build, "a", [2, 3]))),
    build.multiply(build.negate(leaf(build, "a", [2, 3])), build.negate(leaf(build, "b", [2, 3]))),
  ],
  near: (build) => [build.multiply(build.negate(leaf(build, "a", [2, 3])), leaf(build, "b", [2, 3]))],
  apply(node, build) {
    const [a, b] = node.inputs as readonly [Node, Node];
    if (a.op === "negate" && b.op === "negate") return build.multiply(a.inputs[0]!, b.inputs[0]!);
    if (a.op === "negate" && isNumber(b)) return build.multiply(a.inputs[0]!, -fillOf(b)!);
    return b.op === "negate" && isNumber(a) ? build.multiply(b.inputs[0]!, -fillOf(a)!) : undefined;
  },
};

function isNumber(node: Node): boolean {
  return node.op === "constant" && node.type.shape.length === 0;
}
