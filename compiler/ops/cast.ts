/** Conversion between element types. */
import { dtypeOf } from "../ir/tensor/attributes.ts";
import { bool, f32, i32, only, values } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

const names = { f32: "float32", i32: "int32", bool: "bool" } as const;

export const op: PrimitiveOp = {
  name: "cast",
  doc: "The input as the attribute dtype: to i32 by truncation, to bool by comparison with 0.",
  type: (inputs, attributes) => ({ ...only("cast", inputs), dtype: dtypeOf(attributes) }),
  samples: [
    { types: [f32([2, 3])], attributes: { dtype: "i32" } },
    { types: [f32([2, 3])], attributes: { dtype: "bool" } },
    { types: [i32([2, 3])], attributes: { dtype: "f32" } },
    { types: [bool([2, 3], false)], attributes: { dtype: "f32" } },
    { types: [i32([4])], attributes: { dtype: "bool" } },
  ],
  elementwise: true,
  eval([x], _, result) {
    const convert = { f32: (v: number) => v, i32: Math.trunc, bool: (v: number) => (v !== 0 ? 1 : 0) }[result.dtype];
    // Adding 0 turns -0 into 0.
    return values(x!.shape, (i) => convert(x!.data[i]!) + 0);
  },
  gradient: (node, cotangent) => [
    node.type.dtype === "f32" && node.inputs[0]!.type.dtype === "f32" ? cotangent : undefined,
  ],
  wgsl: {
    form: "elementwise",
    text: ([x], { type, inputs }) => {
      const from = inputs[0]!.type.dtype;
      if (type.dtype !== "bool") return `${type.dtype}(${x})`;
      return from === "bool" ? x! : `${x} != ${from}(0)`;
    },
  },
  lanes: (write, [x], { type, inputs }) => {
    const from = inputs[0]!.type.dtype;
    if (type.dtype === from) return x!;
    if (from === "i32") return write.instruction("f32x4.convert_i32x4_s", x!);
    if (type.dtype === "bool") return write.instruction("f32x4.ne", x!, write.number(0));
    return write.instruction("v128.and", x!, write.number(1));
  },
  tfjs(context) {
    const from = context.node.inputs[0]!.type.dtype;
    const to = context.node.type.dtype;
    const x = context.inputs[0]!;
    // Backends that keep truth values as numbers cast to bool only by comparison.
    if (to === "bool" && from !== "bool") {
      return `tf.notEqual(${x}, ${context.constant([0], [], names[from])})`;
    }
    return `tf.cast(${x}, "${names[to]}")`;
  },
};
