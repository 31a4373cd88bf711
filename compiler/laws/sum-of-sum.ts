/** Sums of sums are one sum. */
import { flagOf } from "../ir/tensor/attributes.ts";
import { axesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "sum-of-sum",
  says: "sum(sum(x, axes), more axes) = reshape(sum(x, all of them))",
  roots: ["sum"],
  example: (build) => build.sum(build.sum(leaf(build, "a", [2, 4, 3]), [1]), [1]),
  apply(node, build) {
    const inner = node.inputs[0]!;
    if (inner.op !== "sum") return undefined;
    const x = inner.inputs[0]!;
    const kept = flagOf(inner.attributes, "keep");
    const left = x.type.shape.map((_, axis) => axis).filter((axis) => kept || !axesOf(inner).includes(axis));
    const axes = new Set([...axesOf(inner), ...axesOf(node).map((axis) => left[axis]!)]);
    return build.reshape(
      build.sum(
        x,
        [...axes].sort((a, b) => a - b),
      ),
      node.type.shape,
    );
  },
};
