/** Sums over the batch: how per-example values become one, in objectives and in the gradients of parameters. */
import { numberOf } from "../ir/tensor/attributes.ts";
import { sizeOf } from "../ir/tensor/tensor.ts";
import { f32, only, rowsText } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "batch_sum",
  doc: "The sum over the batch, and over the first `leading` axes of each example.",
  wholeBatch: true,
  type(inputs, attributes) {
    const type = only("batch_sum", inputs);
    const leading = numberOf(attributes, "leading");
    if (type.dtype !== "f32" || !type.batched) throw new TypeError("batch_sum needs a batched f32");
    if (leading < 0 || leading > type.shape.length) throw new TypeError(`batch_sum: no ${leading} leading axes`);
    return { dtype: "f32", shape: type.shape.slice(leading), batched: false };
  },
  samples: [
    { types: [f32([2, 3])], attributes: { leading: 0 } },
    { types: [f32([2, 3])], attributes: { leading: 1 } },
    { types: [f32([])], attributes: { leading: 0 } },
  ],
  eval([x], _, result) {
    const data = new Float64Array(sizeOf(result.shape));
    x!.data.forEach((value, i) => {
      data[i % data.length]! += value;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const spread = build.broadcast(cotangent, node.inputs[0]!.type.shape);
    return [build.batchBroadcast(spread)];
  },
  wgsl: {
    form: "reduction",
    operator: "sum",
    axes: (node) => Array.from({ length: numberOf(node.attributes, "leading") }, (_, axis) => axis),
    overBatch: true,
  },
  tfjs(context) {
    const { node } = context;
    const x = node.inputs[0]!.type;
    const rows = sizeOf(x.shape.slice(0, numberOf(node.attributes, "leading")));
    const columns = sizeOf(node.type.shape);
    const sums = `${context.helper("$sumRows")}(${context.inputs[0]}, 1, ${rowsText(rows, true)}, ${columns})`;
    return `tf.reshape(${context.temporary(sums)}, ${context.shape(node.type)})`;
  },
  scratch: ({ inputs, type }) => [inputs[0]!.type, type],
};
