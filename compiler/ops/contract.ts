/**
 * The gradient of a weight matrix: products of two batched tensors, summed over the batch and all axes but the last.
 */
import { formatType, type Node, sameShape, sizeOf, type TensorType } from "../ir/tensor/tensor.ts";
import { expectInputs, f32, PACKED_ROWS, rowsShape } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "contract",
  doc: "[...rows, k] and [...rows, n], both batched, give the unbatched [k, n]: the sum over batch and rows of outer products.",
  wholeBatch: true,
  type(inputs) {
    expectInputs("contract", inputs, 2);
    const [a, g] = inputs as readonly [TensorType, TensorType];
    const fits =
      a.shape.length > 0 && sameShape(a.shape.slice(0, -1), g.shape.slice(0, -1)) && a.shape.length === g.shape.length;
    if (!fits || !a.batched || !g.batched || a.dtype !== "f32" || g.dtype !== "f32") {
      throw new TypeError(`contract does not take ${formatType(a)} and ${formatType(g)}`);
    }
    return { dtype: "f32", shape: [a.shape.at(-1)!, g.shape.at(-1)!], batched: false };
  },
  samples: [
    { types: [f32([2, 3]), f32([2, 4])] },
    { types: [f32([3]), f32([2])] },
    { types: [f32([2, 2, 3]), f32([2, 2, 2])] },
  ],
  eval([a, g], _, result) {
    const [k, n] = result.shape as readonly [number, number];
    const rows = a!.data.length / k;
    const data = new Float64Array(k * n);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < k; i++) {
        for (let j = 0; j < n; j++) data[i * n + j]! += a!.data[row * k + i]! * g!.data[row * n + j]!;
      }
    }
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const [a, g] = node.inputs as readonly [Node, Node];
    return [build.matmul(g, build.transposeLast(cotangent)), build.matmul(a, cotangent)];
  },
  wgsl: {
    form: "product",
    product({ inputs, type }) {
      const [rows, columns] = type.shape as readonly [number, number];
      const terms = sizeOf(inputs[0]!.type.shape) / rows;
      return { problems: 1, rows, columns, terms, batch: "terms", transposedLeft: true };
    },
  },
  /** The device `wasm` has a product of its own for this (runtime/wasm-products.ts): tfjs's takes 15 times as long. */
  tfjs(context) {
    const [k, n] = context.node.type.shape as readonly [number, number];
    const perExample = sizeOf(context.node.inputs[0]!.type.shape) / k;
    const left = context.temporary(`tf.reshape(${context.inputs[0]}, ${rowsShape(perExample, true, [k])})`);
    return `tf.matMul(${left}, ${context.rightOperand(1, rowsShape(perExample, true, [n]))}, true)`;
  },
  // Without a product of our own, the left operand or the product is transposed.
  scratch({ inputs, type }) {
    const [k, n] = type.shape as readonly [number, number];
    return [inputs[0]!.type, type, f32([PACKED_ROWS, k + n], false)];
  },
};
