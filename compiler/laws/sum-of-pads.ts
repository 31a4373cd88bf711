/** Blocks that are added side by side: what the gradients of slices come to. */
import { integersOf } from "../ir/tensor/attributes.ts";
import type { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { fitted, leaf, resized } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "sum-of-pads",
  says: "pad(a) + pad(b) = pad(concat(a, b)), where a ends where b begins",
  roots: ["add"],
  example: (build) =>
    build.add(build.pad(leaf(build, "a", [2, 3]), [3, 0], [0, 0]), build.pad(leaf(build, "b", [3, 3]), [0, 0], [2, 0])),
  near: (build) => [
    // A row between them, a row in both, another width, another place on the second axis.
    build.add(build.pad(leaf(build, "a", [2, 3]), [4, 0], [0, 0]), build.pad(leaf(build, "b", [3, 3]), [0, 0], [3, 0])),
    build.add(build.pad(leaf(build, "a", [2, 3]), [2, 0], [1, 0]), build.pad(leaf(build, "b", [3, 3]), [0, 0], [2, 0])),
    build.add(build.pad(leaf(build, "a", [2, 3]), [3, 0], [0, 0]), build.pad(leaf(build, "b", [3, 2]), [0, 0], [2, 1])),
    build.add(build.pad(leaf(build, "a", [2, 2]), [3, 1], [0, 0]), build.pad(leaf(build, "b", [3, 2]), [0, 0], [2, 1])),
  ],
  apply(node, build) {
    const [left, right] = node.inputs as readonly [Node, Node];
    if (left.op !== "pad" || right.op !== "pad") return undefined;
    return sideBySide(left, right, node, build) ?? sideBySide(right, left, node, build);
  },
};

function sideBySide(first: Node, second: Node, sum: Node, build: Builder): Node | undefined {
  const [a, b] = [first.inputs[0]!, second.inputs[0]!];
  const [before, later] = [integersOf(first.attributes, "before"), integersOf(second.attributes, "before")];
  const moved = before.map((_, axis) => axis).filter((axis) => before[axis] !== later[axis]);
  const axis = moved[0];
  if (axis === undefined || moved.length > 1 || before[axis]! + a.type.shape[axis]! !== later[axis]) return undefined;
  if (!a.type.shape.every((size, i) => i === axis || size === b.type.shape[i])) return undefined;
  const both = fitted(
    build.concat([a, b], axis),
    { ...sum.type, shape: resized(a.type.shape, axis, a.type.shape[axis]! + b.type.shape[axis]!) },
    build,
  );
  const after = sum.type.shape.map((size, i) => size - before[i]! - both.type.shape[i]!);
  return build.pad(both, before, after);
}
