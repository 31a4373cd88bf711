/** Tensors one after another along an axis. */
import { numberOf } from "../ir/tensor/attributes.ts";
import { formatType } from "../ir/tensor/tensor.ts";
import { around, expectAxes, f32, repeated } from "./helpers.ts";
import type { PrimitiveOp, TfjsContext } from "./op.ts";

/** An operand with the batch axis that the result has. */
function batchedOperand(context: TfjsContext, index: number): string {
  const { type } = context.node.inputs[index]!;
  if (type.batched === context.node.type.batched) return context.inputs[index]!;
  const dtype = { f32: "float32", i32: "int32", bool: "bool" }[type.dtype];
  const zeros = context.temporary(`tf.zeros(${context.shape({ ...type, batched: true })}, "${dtype}")`);
  return context.temporary(`${dtype === "bool" ? "tf.logicalOr" : "tf.add"}(${context.inputs[index]}, ${zeros})`);
}

export const op: PrimitiveOp = {
  name: "concat",
  doc: "The inputs one after another along the attribute axis; all other sizes are equal.",
  type(inputs, attributes) {
    const axis = numberOf(attributes, "axis");
    const first = inputs[0];
    if (first === undefined) throw new TypeError("concat takes at least one input");
    expectAxes("concat", [axis], first.shape.length);
    for (const type of inputs) {
      const fits =
        type.shape.length === first.shape.length &&
        type.shape.every((size, i) => i === axis || size === first.shape[i]);
      if (!fits || type.dtype !== first.dtype) {
        throw new TypeError(`concat along axis ${axis} does not take ${inputs.map(formatType).join(", ")}`);
      }
    }
    const total = inputs.reduce((sum, type) => sum + type.shape[axis]!, 0);
    const shape = first.shape.map((size, i) => (i === axis ? total : size));
    return { dtype: first.dtype, shape, batched: inputs.some((type) => type.batched) };
  },
  samples: [
    { types: [f32([2, 3]), f32([2, 1]), f32([2, 2])], attributes: { axis: 1 } },
    { types: [f32([2, 3], false), f32([1, 3])], attributes: { axis: 0 } },
    { types: [f32([2], false), f32([3], false)], attributes: { axis: 0 } },
    { types: [f32([2, 3])], attributes: { axis: 1 } },
  ],
  eval(inputs, attributes, result) {
    const axis = numberOf(attributes, "axis");
    const { before, size, after } = around(result.shape, axis);
    const data = new Float64Array(before * size * after);
    let offset = 0;
    for (const x of inputs) {
      const block = x.shape[axis]! * after;
      for (let i = 0; i < before; i++) data.set(x.data.subarray(i * block, (i + 1) * block), i * size * after + offset);
      offset += block;
    }
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const axis = numberOf(node.attributes, "axis");
    let offset = 0;
    return node.inputs.map((input) => {
      const begin = input.type.shape.map((_, i) => (i === axis ? offset : 0));
      offset += input.type.shape[axis]!;
      return build.slice(cotangent, begin, input.type.shape);
    });
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read, choose }) {
      const axis = numberOf(node.attributes, "axis");
      const at = coordinates();
      let begin = 0;
      const cases = node.inputs.map((input, i) => {
        const before = begin;
        begin += input.type.shape[axis]!;
        const from = at.map((each, k) => (k === axis && before > 0 ? `(${each} - ${before}u)` : each));
        return { condition: `${at[axis]} < ${begin}u`, value: () => read(i, from) };
      });
      return choose(cases.map((each, i) => (i === cases.length - 1 ? { value: each.value } : each)));
    },
  },
  tfjs(context) {
    const axis = numberOf(context.node.attributes, "axis") + (context.node.type.batched ? 1 : 0);
    if (context.inputs.length === 1) return `tf.clone(${context.inputs[0]})`;
    return `tf.concat([${context.inputs.map((_, i) => batchedOperand(context, i)).join(", ")}], ${axis})`;
  },
  scratch: ({ inputs, type }) =>
    inputs.flatMap((input) =>
      input.type.batched === type.batched ? [] : repeated(input.type, { ...input.type, batched: true }),
    ),
};
