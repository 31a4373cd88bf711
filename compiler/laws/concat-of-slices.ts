/** Neighbouring blocks of one tensor, put together again. */
import type { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, beginOf, fitted, leaf, resized } from "./helpers.ts";
import type { Law } from "./law.ts";

/** The one block that two neighbours make along an axis; undefined for others. */
function joined(a: Node, b: Node, axis: number, build: Builder): Node | undefined {
  if (a.op !== "slice" || b.op !== "slice" || a.inputs[0] !== b.inputs[0]) return undefined;
  const fits = beginOf(b).every((at, i) => at === beginOf(a)[i]! + (i === axis ? a.type.shape[i]! : 0));
  const size = a.type.shape[axis]! + b.type.shape[axis]!;
  return fits ? build.slice(a.inputs[0]!, beginOf(a), resized(a.type.shape, axis, size)) : undefined;
}

export const law: Law = {
  name: "concat-of-slices",
  says: "concat(slice(x), slice(x)) = slice(x), where the slices are neighbours",
  roots: ["concat"],
  example: (build) => {
    const a = leaf(build, "a", [4, 3]);
    return build.concat([build.slice(a, [0, 1], [2, 2]), build.slice(a, [2, 1], [1, 2])], 0);
  },
  apply(node, build) {
    const axis = axisOf(node);
    const parts: Node[] = [];
    for (const part of node.inputs) {
      const last = parts.at(-1);
      const both = last === undefined ? undefined : joined(last, part, axis, build);
      if (both === undefined) parts.push(part);
      else parts[parts.length - 1] = both;
    }
    return parts.length < node.inputs.length ? fitted(build.concat(parts, axis), node.type, build) : undefined;
  },
};
