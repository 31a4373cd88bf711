/** Rows of a table by indices that data hold: how words become vectors. */
import { formatType, sizeOf } from "../ir/tensor/tensor.ts";
import { expectInputs, f32, i32 } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

export const op: PrimitiveOp = {
  name: "lookup",
  doc: "The rows of an unbatched table [n, ...row] that i32 indices [...places] name: [...places, ...row].",
  type(inputs) {
    expectInputs("lookup", inputs, 2);
    const [table, indices] = inputs as readonly [(typeof inputs)[number], (typeof inputs)[number]];
    if (table.dtype !== "f32" || table.batched || table.shape.length === 0 || indices.dtype !== "i32") {
      throw new TypeError(`lookup does not take ${formatType(table)} and ${formatType(indices)}`);
    }
    return { dtype: "f32", shape: [...indices.shape, ...table.shape.slice(1)], batched: indices.batched };
  },
  samples: [
    { types: [f32([4, 2], false), i32([3])], range: [0, 3] },
    { types: [f32([4], false), i32([2, 3])], range: [0, 3] },
    { types: [f32([4, 2, 3], false), i32([])], range: [0, 3] },
    { types: [f32([4, 2], false), i32([3], false)], range: [0, 3] },
  ],
  eval([table, indices], _, result) {
    const width = sizeOf(table!.shape.slice(1));
    const data = new Float64Array(indices!.data.length * width);
    indices!.data.forEach((row, place) => {
      data.set(table!.data.subarray(row * width, (row + 1) * width), place * width);
    });
    return { shape: result.shape, data };
  },
  gradient(node, cotangent, build) {
    const [table, indices] = node.inputs as readonly [typeof node, typeof node];
    return [build.node("lookup_sum", [indices, cotangent], { rows: table.type.shape[0]! }), undefined];
  },
  wgsl: {
    form: "picked",
    element({ node, coordinates, read, whole }) {
      const places = node.inputs[1]!.type.shape.length;
      const at = coordinates();
      return read(0, [whole(read(1, at.slice(0, places))), ...at.slice(places)]);
    },
  },
  // tf.gatherND copies whole rows; tf.gather is a hundred times slower with the WASM backend.
  tfjs({ inputs: [table, indices], node, shape, temporary }) {
    const width = sizeOf(node.inputs[0]!.type.shape.slice(1));
    const rows = temporary(`tf.reshape(${table}, [${node.inputs[0]!.type.shape[0]}, ${width}])`);
    const places = temporary(`tf.reshape(${indices}, [-1, 1])`);
    return `tf.reshape(${temporary(`tf.gatherND(${rows}, ${places})`)}, ${shape(node.type)})`;
  },
};
