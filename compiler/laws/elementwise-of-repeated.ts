/** Repetition comes last: arithmetic is done once. */
import type { Node } from "../ir/tensor/tensor.ts";
import { elementwiseOps, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

/** The value that a repetition repeats, and which repetition it is; undefined for other nodes. */
function repetition(node: Node): { readonly source: Node; readonly kind: string } | undefined {
  if (node.op === "batch_broadcast") return { source: node.inputs[0]!, kind: "batch" };
  if (node.op !== "broadcast") return undefined;
  return { source: node.inputs[0]!, kind: JSON.stringify(node.inputs[0]!.type.shape) };
}

export const law: Law = {
  name: "elementwise-of-repeated",
  says: "f(broadcast(x), broadcast(y)) = broadcast(f(x, y)) for elementwise f, and likewise over the batch",
  roots: elementwiseOps,
  example: (build) =>
    build.multiply(build.broadcast(leaf(build, "a", [3]), [2, 3]), build.broadcast(leaf(build, "b", [3]), [2, 3])),
  apply(node, build) {
    const shaped = node.inputs.map(repetition);
    const first = shaped.find((each) => each !== undefined);
    if (first === undefined) return undefined;
    const batch = first.kind === "batch";
    const fits = node.inputs.every((input, i) =>
      shaped[i] === undefined
        ? input.type.shape.length === 0 && !(batch && input.type.batched)
        : shaped[i].kind === first.kind,
    );
    if (!fits) return undefined;
    const inner = build.node(
      node.op,
      node.inputs.map((input, i) => shaped[i]?.source ?? input),
      node.attributes,
    );
    return batch ? build.batchBroadcast(inner) : build.broadcast(inner, node.type.shape);
  },
};
