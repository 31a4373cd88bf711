/** A row that is added to a sum goes to the addend that takes it at the lowest price: a gather that enlarges. */
import type { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, enlarges, leaf, repeatedAlong } from "./helpers.ts";
import type { Law } from "./law.ts";

/** Sums of more addends than this are not searched to their end: they may be as long as a loop that was unrolled. */
const MOST_ADDENDS = 32;

/** Whether a sum has a gather among its addends that enlarges along an axis along which the row is the same. */
function takes(sum: Node, row: Node, build: Builder): boolean {
  const seen = new Set<Node>();
  const waiting = [sum];
  for (let addend = waiting.pop(); addend !== undefined && seen.size < MOST_ADDENDS; addend = waiting.pop()) {
    if (seen.has(addend)) continue;
    seen.add(addend);
    if (addend.op === "add") waiting.push(...addend.inputs);
    else if (takesItself(addend, row, build)) return true;
  }
  return false;
}

function takesItself(sum: Node, row: Node, build: Builder): boolean {
  if (sum.op !== "gather" || !enlarges(sum) || sum.type.shape.length !== row.type.shape.length) return false;
  return repeatedAlong(row, axisOf(sum), sum.inputs[0]!.type.shape[axisOf(sum)]!, build) !== undefined;
}

export const law: Law = {
  name: "row-added-to-gather",
  says: "(gather(x, i) + y) + b = (gather(x, i) + b) + y where b is the same for all rows and the gather enlarges",
  roots: ["add"],
  example: (build) =>
    build.add(
      build.add(leaf(build, "a", [3, 3]), build.gather(leaf(build, "b", [2, 3]), [0, 1, 1], 0)),
      build.broadcast(leaf(build, "c", [3]), [3, 3]),
    ),
  apply(node, build) {
    for (const [sum, row] of [node.inputs, [...node.inputs].reverse()] as [Node, Node][]) {
      if (sum.op !== "add" || !takes(sum, row, build)) continue;
      const [a, b] = sum.inputs as readonly [Node, Node];
      return takes(a, row, build) ? build.add(build.add(a, row), b) : build.add(a, build.add(b, row));
    }
    return undefined;
  },
};
