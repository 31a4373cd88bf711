/** Products are computed only as far as they are read; blocks of columns are cut from the matrix, which is smaller. */
import type { Node } from "../ir/tensor/tensor.ts";
import { beginOf, cutAxis, leaf, resized } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "slice-of-product",
  says: "slice(matmul(x, W)) = matmul(slice(x), W) for rows, and = matmul(x, slice(W)) for columns",
  roots: ["slice"],
  final: true,
  example: (build) => build.slice(build.matmul(leaf(build, "a", [2, 3]), build.parameter("w", [3, 5])), [0, 1], [2, 2]),
  apply(node, build) {
    const product = node.inputs[0]!;
    const { shape } = product.type;
    const axis = cutAxis(shape, node.type.shape);
    if (product.op !== "matmul" || axis === undefined || product.inputs[1]!.type.shape.length !== 2) return undefined;
    const [x, w] = product.inputs as readonly [Node, Node];
    const block = (whole: Node, along: number, begin: number, size: number) =>
      build.slice(
        whole,
        whole.type.shape.map((_, i) => (i === along ? begin : 0)),
        resized(whole.type.shape, along, size),
      );
    const begin = beginOf(node)[axis]!;
    const size = node.type.shape[axis]!;
    if (axis < shape.length - 1) return build.matmul(block(x, axis, begin, size), w);
    return build.matmul(x, block(w, 1, begin, size));
  },
};
