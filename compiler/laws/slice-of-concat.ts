/** A block that lies within some of the parts needs no others. */
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, beginOf, fitted, leaf, resized } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "slice-of-concat",
  says: "slice(concat(a, b, c)) = slice(concat(a, b)), where it reads nothing of c",
  roots: ["slice"],
  example: (build) =>
    build.slice(build.concat([leaf(build, "a", [2, 2]), leaf(build, "b", [2, 3])], 1), [0, 2], [2, 2]),
  apply(node, build) {
    const concat = node.inputs[0]!;
    if (concat.op !== "concat") return undefined;
    const axis = axisOf(concat);
    const from = beginOf(node)[axis]!;
    const to = from + node.type.shape[axis]!;
    let at = 0;
    let skipped = 0;
    const read: Node[] = [];
    for (const part of concat.inputs) {
      const end = at + part.type.shape[axis]!;
      if (end <= from) skipped = end;
      else if (at < to) read.push(part);
      at = end;
    }
    if (read.length === concat.inputs.length) return undefined;
    const rest = read.length === 1 ? read[0]! : build.concat(read, axis);
    const block = build.slice(rest, resized(beginOf(node), axis, from - skipped), node.type.shape);
    return fitted(block, node.type, build);
  },
};
