/** Leaf `constant`: known values. One value fills the whole shape. */
import { dtypeOf, integersOf, numbersOf } from "../ir/tensor/attributes.ts";
import { sizeOf } from "../ir/tensor/tensor.ts";
import { values } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

const names = { f32: "float32", i32: "int32", bool: "bool" } as const;

export const op: PrimitiveOp = {
  name: "constant",
  doc: "The attribute data in the attribute shape, row-major; a single value fills it.",
  type(_, attributes) {
    const shape = integersOf(attributes, "shape");
    const count = numbersOf(attributes, "data").length;
    if (count !== 1 && count !== sizeOf(shape)) {
      throw new TypeError(`constant: ${count} values do not fill the shape [${shape.join(", ")}]`);
    }
    return { dtype: dtypeOf(attributes), shape, batched: false };
  },
  samples: [
    { types: [], attributes: { data: [1.5], shape: [], dtype: "f32" } },
    { types: [], attributes: { data: [1, 0, 1, 1], shape: [2, 2], dtype: "bool" } },
    { types: [], attributes: { data: [7], shape: [2, 3], dtype: "i32" } },
  ],
  eval(_, attributes, result) {
    const data = numbersOf(attributes, "data");
    return values(result.shape, (i) => data[data.length === 1 ? 0 : i]!);
  },
  gradient: () => [],
  wgsl: { form: "leaf" },
  tfjs: ({ node, constant }) => constant(numbersOf(node.attributes, "data"), node.type.shape, names[node.type.dtype]),
};
