/** Arithmetic before a gather that enlarges: fewer elements. */
import { type Node, sameShape } from "../ir/tensor/tensor.ts";
import { axisOf, elementwiseOps, enlarges, indicesOf, leaf, repeatedAlong } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "elementwise-of-gather",
  says: "f(gather(x, i), gather(y, i), c) = gather(f(x, y, c), i) where c is the same for all rows, i enlarges",
  roots: elementwiseOps,
  example: (build) =>
    build.add(build.gather(leaf(build, "a", [2, 3]), [0, 1, 1], 0), build.broadcast(leaf(build, "b", [3]), [3, 3])),
  apply(node, build) {
    const first = node.inputs.find((input) => input.op === "gather" && enlarges(input));
    if (first === undefined) return undefined;
    const axis = axisOf(first);
    const size = first.inputs[0]!.type.shape[axis]!;
    const indices = indicesOf(first);
    const sources = node.inputs.map((input) => {
      const same = input.op === "gather" && axisOf(input) === axis && sameShape(indicesOf(input), indices);
      if (!same) return repeatedAlong(input, axis, size, build);
      return input.inputs[0]!.type.shape[axis] === size ? input.inputs[0] : undefined;
    });
    if (sources.some((source) => source === undefined)) return undefined;
    return build.gather(build.node(node.op, sources as Node[], node.attributes), indices, axis);
  },
};
