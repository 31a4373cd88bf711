/** Operands of one value need no shape: arithmetic takes rank 0. */
import type { Node } from "../ir/tensor/tensor.ts";
import { elementwiseOps, fillOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "filled-operand",
  says: "f(x, c repeated to the shape of x) = f(x, c) for elementwise f and a constant c",
  roots: elementwiseOps,
  example: (build) => build.add(leaf(build, "a", [2, 3]), build.constant(2, [2, 3])),
  apply(node, build) {
    const { shape } = node.type;
    if (shape.length === 0) return undefined;
    const spread = (input: Node) => input.type.shape.length > 0 && fillOf(input) !== undefined;
    const kept = node.inputs.filter((input) => !spread(input));
    const fits =
      kept.some((input) => input.type.shape.length > 0) &&
      node.type.batched === kept.some((input) => input.type.batched);
    if (kept.length === node.inputs.length || !fits) return undefined;
    const inputs = node.inputs.map((input) =>
      spread(input) ? build.constant(fillOf(input)!, [], input.type.dtype) : input,
    );
    return build.node(node.op, inputs, node.attributes);
  },
};
