/** Arithmetic repeats what is the same for all examples by itself. */
import type { Node } from "../ir/tensor/tensor.ts";
import { elementwiseOps, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "batch-repeated-operand",
  says: "f(batch_broadcast(x), y) = f(x, y) for elementwise f and batched y",
  roots: elementwiseOps,
  example: (build) => build.add(build.batchBroadcast(leaf(build, "a", [2, 3], false)), leaf(build, "b", [2, 3])),
  apply(node, build) {
    const repeated = (input: Node) => input.op === "batch_broadcast";
    const others = node.inputs.filter((input) => !repeated(input));
    if (others.length === node.inputs.length || !others.some((input) => input.type.batched)) return undefined;
    const inputs = node.inputs.map((input) => (repeated(input) ? input.inputs[0]! : input));
    return build.node(node.op, inputs, node.attributes);
  },
};
