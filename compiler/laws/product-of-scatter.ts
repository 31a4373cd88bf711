/** Rows that are added up after a product are added up before it: fewer rows to multiply. */
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, indicesOf, leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "product-of-scatter",
  says: "scatter_add(matmul(x, W), i) = matmul(scatter_add(x, i), W), where the sum has fewer rows than x",
  roots: ["scatter_add"],
  example: (build) =>
    build.scatterAdd(build.matmul(leaf(build, "a", [4, 3]), build.parameter("w", [3, 5])), [0, 1, 1, 0], 0, 2),
  apply(node, build) {
    const product = node.inputs[0]!;
    const axis = axisOf(node);
    const { shape } = product.type;
    if (product.op !== "matmul" || product.inputs[1]!.type.shape.length !== 2) return undefined;
    if (axis === shape.length - 1 || node.type.shape[axis]! >= shape[axis]!) return undefined;
    const [x, w] = product.inputs as readonly [Node, Node];
    return build.matmul(build.scatterAdd(x, indicesOf(node), axis, node.type.shape[axis]!), w);
  },
};
