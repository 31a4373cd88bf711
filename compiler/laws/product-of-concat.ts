/**
 * The law that pays on graphs, first half: messages read [h_source, h_target, e] times W, most of whose rows repeat. As
 * a sum of products with slices of W, the repeated parts can be multiplied before they are repeated
 * (product-of-gather).
 */
import type { Node } from "../ir/tensor/tensor.ts";
import { axisOf, fitted, leaf, shrinks } from "./helpers.ts";
import type { Law } from "./law.ts";

/** Parts that stay together: neighbours that no law shrinks. */
function groups(concat: Node): Node[][] {
  const result: Node[][] = [];
  let open: Node[] | undefined;
  for (const part of concat.inputs) {
    if (shrinks(part)) {
      result.push([part]);
      open = undefined;
    } else if (open === undefined) {
      open = [part];
      result.push(open);
    } else open.push(part);
  }
  return result;
}

export const law: Law = {
  name: "product-of-concat",
  says: "matmul(concat(a, b), W) = matmul(a, rows of W) + matmul(b, rows of W), where a or b repeats rows",
  roots: ["matmul"],
  example: (build) =>
    build.matmul(
      build.concat([build.gather(leaf(build, "a", [2, 3]), [0, 1, 1, 0, 1], 0), leaf(build, "b", [5, 2])], 1),
      build.parameter("w", [5, 4]),
    ),
  apply(node, build) {
    const [concat, w] = node.inputs as readonly [Node, Node];
    const columns = node.type.shape.at(-1)!;
    if (concat.op !== "concat" || axisOf(concat) !== concat.type.shape.length - 1 || w.type.shape.length !== 2)
      return undefined;
    if (concat.inputs.length < 2 || !concat.inputs.some((part) => shrinks(part))) return undefined;
    let row = 0;
    const products = groups(concat).map((parts) => {
      const part = parts.length === 1 ? parts[0]! : build.concat(parts, axisOf(concat));
      const rows = part.type.shape.at(-1)!;
      const product = build.matmul(part, build.slice(w, [row, 0], [rows, columns]));
      row += rows;
      return product;
    });
    return fitted(
      products.reduce((sum, product) => build.add(sum, product)),
      node.type,
      build,
    );
  },
};
