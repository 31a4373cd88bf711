/** Factors that are numbers become one. */
import type { Node } from "../ir/tensor/tensor.ts";
import { fillOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

/** x times `factor`, or x over `divisor`. */
interface Scaled {
  readonly x: Node;
  readonly factor: number;
  readonly divisor: number;
}

function scaled(node: Node): Scaled | undefined {
  if (node.op !== "multiply" && node.op !== "divide") return undefined;
  const [a, b] = node.inputs as readonly [Node, Node];
  const number = (x: Node) => (x.op === "constant" && x.type.shape.length === 0 ? fillOf(x) : undefined);
  const right = number(b);
  if (right !== undefined)
    return node.op === "multiply" ? { x: a, factor: right, divisor: 1 } : { x: a, factor: 1, divisor: right };
  const left = node.op === "multiply" ? number(a) : undefined;
  return left === undefined ? undefined : { x: b, factor: left, divisor: 1 };
}

export const law: Law = {
  name: "constant-factors",
  says: "(x c) d = x (c d), (x c) / d = x (c / d), (x / c) d = x (d / c), (x / c) / d = x / (c d)",
  roots: ["multiply", "divide"],
  example: (build) => build.divide(build.multiply(leaf(build, "a", [2, 3]), 3), 4),
  more: (build) => [build.multiply(2, build.divide(leaf(build, "a", [2, 3]), 4))],
  near: (build) => [
    build.divide(4, build.multiply(leaf(build, "a", [2, 3]), 3)),
    build.multiply(build.multiply(leaf(build, "a", [2, 3]), 1e-20), 1e-20),
    build.multiply(build.divide(3, leaf(build, "a", [2, 3])), 2),
  ],
  apply(node, build) {
    const outer = scaled(node);
    const inner = outer === undefined ? undefined : scaled(outer.x);
    if (outer === undefined || inner === undefined || node.type.dtype !== "f32") return undefined;
    const factor = inner.factor * outer.factor;
    const divisor = inner.divisor * outer.divisor;
    const result = inner.divisor !== 1 && outer.divisor !== 1 ? divisor : factor / divisor;
    if (!(Math.abs(result) > 1e-30 && Math.abs(result) < 1e30)) return undefined;
    return inner.divisor !== 1 && outer.divisor !== 1
      ? build.divide(inner.x, divisor)
      : build.multiply(inner.x, factor / divisor);
  },
};
