/** Choice between two tensors, element by element. */

import { formatType, type Node, type TensorType } from "../ir/tensor/tensor.ts";
import { at, bool, elementwise, expectInputs, f32, repeated, unspread, values } from "./helpers.ts";
import type { PrimitiveOp, TfjsContext } from "./op.ts";

function isFull(operand: TensorType, result: TensorType): boolean {
  return operand.batched === result.batched && operand.shape.length === result.shape.length;
}

/**
 * An operand of the full shape: with the WASM backend, `where` on smaller operands is ten times slower than with equal
 * ones.
 */
function full(context: TfjsContext, index: number): string {
  const type = context.node.inputs[index]!.type;
  const result = context.node.type;
  const expression = context.aligned(index);
  if (isFull(type, result)) return expression;
  const shape = context.shape(result);
  const dtype = { f32: "float32", i32: "int32", bool: "bool" }[type.dtype];
  if (dtype === "bool") {
    const no = context.temporary(`tf.zeros(${shape}, "bool")`);
    return context.temporary(`tf.logicalOr(${expression}, ${no})`);
  }
  return context.temporary(`tf.add(${expression}, ${context.temporary(`tf.zeros(${shape}, "${dtype}")`)})`);
}

export const op: PrimitiveOp = {
  name: "select",
  doc: "Elements of the second input where the first (bool) is true, of the third elsewhere; equal shapes or rank 0.",
  type(inputs) {
    expectInputs("select", inputs, 3);
    const [condition, a, b] = inputs as readonly [TensorType, TensorType, TensorType];
    if (condition.dtype !== "bool" || a.dtype !== b.dtype) {
      throw new TypeError(`select does not take ${inputs.map(formatType).join(", ")}`);
    }
    return elementwise("select", inputs, a.dtype);
  },
  samples: [
    { types: [bool([2, 3]), f32([2, 3]), f32([2, 3])] },
    { types: [bool([2, 3]), f32([]), f32([2, 3])] },
    { types: [bool([2, 3], false), f32([2, 3]), f32([], false)] },
    { types: [bool([]), f32([2, 3]), f32([2, 3], false)] },
  ],
  elementwise: true,
  eval: ([condition, a, b], _, result) =>
    values(result.shape, (i) => (at(condition!, i) !== 0 ? at(a!, i) : at(b!, i))),
  gradient(node, cotangent, build) {
    const [condition, a, b] = node.inputs as readonly [Node, Node, Node];
    const zero = build.constant(0);
    return [
      undefined,
      unspread(build.select(condition, cotangent, zero), a, build),
      unspread(build.select(condition, zero, cotangent), b, build),
    ];
  },
  wgsl: { form: "elementwise", text: ([condition, a, b]) => `select(${b}, ${a}, ${condition})` },
  lanes: (write, [condition, a, b]) => write.instruction("v128.bitselect", a!, b!, condition!),
  tfjs: (context) => `tf.where(${full(context, 0)}, ${full(context, 1)}, ${full(context, 2)})`,
  // tf.where clones its operands, and on the device wasm a clone is a copy.
  scratch: ({ inputs, type }) =>
    inputs.flatMap((input) => [
      { ...type, dtype: input.type.dtype },
      ...(isFull(input.type, type) ? [] : repeated(input.type, type)),
    ]),
};
