/** Sums of rows by indices that data hold, over all examples: the gradient of a table, and the adjoint of `lookup`. */
import { numberOf } from "../ir/tensor/attributes.ts";
import { formatType, sameShape, sizeOf, type TensorType } from "../ir/tensor/tensor.ts";
import { expectInputs, f32, i32 } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "lookup_sum",
  doc: "From i32 indices [...places] and rows [...places, ...row] the unbatched [rows, ...row]: sums of the rows of each index.",
  wholeBatch: true,
  type(inputs, attributes) {
    expectInputs("lookup_sum", inputs, 2);
    const [indices, values] = inputs as readonly [TensorType, TensorType];
    const places = indices.shape.length;
    const fits = sameShape(values.shape.slice(0, places), indices.shape) && values.batched === indices.batched;
    if (!fits || values.dtype !== "f32" || indices.dtype !== "i32") {
      throw new TypeError(`lookup_sum does not take ${formatType(indices)} and ${formatType(values)}`);
    }
    return { dtype: "f32", shape: [numberOf(attributes, "rows"), ...values.shape.slice(places)], batched: false };
  },
  samples: [
    { types: [i32([3]), f32([3, 2])], attributes: { rows: 4 }, range: [0, 3] },
    { types: [i32([2, 3]), f32([2, 3])], attributes: { rows: 4 }, range: [0, 3] },
    { types: [i32([]), f32([2, 3])], attributes: { rows: 4 }, range: [0, 3] },
    { types: [i32([3], false), f32([3, 2], false)], attributes: { rows: 4 }, range: [0, 3] },
  ],
  eval([indices, values], _, result) {
    const width = sizeOf(result.shape.slice(1));
    const data = new Float64Array(sizeOf(result.shape));
    indices!.data.forEach((row, place) => {
      for (let k = 0; k < width; k++) data[row * width + k]! += values!.data[place * width + k]!;
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    return [undefined, build.node("lookup", [cotangent, node.inputs[0]!])];
  },
  // Without atomic sums of floats each row would have to look through all indices: that is a product with one-hot rows.
  wgsl: {
    form: "restated",
    as(node, [indices, values], build) {
      const rows = numberOf(node.attributes, "rows");
      const width = sizeOf(node.type.shape.slice(1));
      const places = sizeOf(indices!.type.shape);
      const spread = build.broadcast(build.reshape(indices!, [places, 1]), [places, rows]);
      const numbers = build.broadcast(build.constant([...Array(rows).keys()], [rows], "i32"), [places, rows]);
      const chosen = build.cast(build.equal(spread, numbers), "f32");
      const flat = build.reshape(values!, [places, width]);
      const sums = values!.type.batched
        ? build.contract(chosen, flat)
        : build.matmul(build.transposeLast(chosen), flat);
      return build.reshape(sums, node.type.shape);
    },
  },
  // scatterND adds rows that meet; the WASM backend has no UnsortedSegmentSum.
  tfjs({ inputs: [indices, values], node, shape, temporary }) {
    const rows = numberOf(node.attributes, "rows");
    const width = sizeOf(node.type.shape.slice(1));
    const places = temporary(`tf.reshape(${indices}, [-1, 1])`);
    const flat = temporary(`tf.reshape(${values}, [-1, ${width}])`);
    return `tf.reshape(${temporary(`tf.scatterND(${places}, ${flat}, [${rows}, ${width}])`)}, ${shape(node.type)})`;
  },
};
