/** Matrix products. */
import { formatType, type Node, sameShape, sizeOf, type TensorType } from "../ir/tensor/tensor.ts";
import { expectInputs, f32, PACKED_ROWS, rowsShape } from "./helpers.ts";
import type { PrimitiveOp, TfjsContext, Values } from "./op.ts";

/** The result's shape; undefined when the shapes do not fit. */
function productShape(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const inner = a.at(-1);
  if (inner === undefined || inner !== b.at(-2)) return undefined;
  if (b.length === 2) return [...a.slice(0, -1), b[1]!];
  return a.length === b.length && sameShape(a.slice(0, -2), b.slice(0, -2))
    ? [...a.slice(0, -1), b.at(-1)!]
    : undefined;
}

function multiply(a: Values, b: Values, result: TensorType): Values {
  const inner = a.shape.at(-1)!;
  const columns = b.shape.at(-1)!;
  const rows = sizeOf(a.shape) / inner;
  // The rows that share one matrix b.
  const block = b.shape.length === 2 ? rows : a.shape.at(-2)!;
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const offset = Math.floor(i / block) * inner * columns;
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a.data[i * inner + k]! * b.data[offset + k * columns + j]!;
      data[i * columns + j] = sum;
    }
  }
  return { shape: result.shape, data };
}

/** The gradient with respect to a second operand of rank 2. */
function matrixGradient(a: Node, b: Node, cotangent: Node, build: TfjsBuilder): Node {
  if (!b.type.batched && a.type.batched) return build.contract(a, cotangent);
  const rows = sizeOf(a.type.shape.slice(0, -1));
  const left = build.reshape(a, [rows, a.type.shape.at(-1)!]);
  return build.matmul(build.transposeLast(left), build.reshape(cotangent, [rows, b.type.shape[1]!]));
}
type TfjsBuilder = Parameters<Extract<PrimitiveOp["gradient"], (...given: never[]) => unknown>>[2];

/**
 * A product of flat matrices, which the device `wasm` carries out itself (runtime/wasm-products.ts) at 40 GFLOP/s; what
 * is left to tfjs's WASM backend runs at 30, with transposed operands at 2.
 */
function flatProduct(context: TfjsContext, a: TensorType, b: TensorType): string {
  const inner = a.shape.at(-1)!;
  const rows = sizeOf(a.shape) / inner;
  const left = context.temporary(`tf.reshape(${context.inputs[0]}, ${rowsShape(rows, a.batched, [inner])})`);
  if (!b.batched) return `tf.matMul(${left}, ${context.rightOperand(1, context.shape(b))})`;
  const cube = `[${a.batched ? "batch" : "1"}, ${rows}, ${inner}]`;
  const stacked = context.temporary(`tf.reshape(${context.inputs[0]}, ${cube})`);
  return `tf.matMul(${stacked}, ${context.rightOperand(1, context.shape(b))})`;
}

/** What columns may lack to whole vectors. */
const MORE_COLUMNS = 3;

export const op: PrimitiveOp = {
  name: "matmul",
  doc: "[..., k] times [k, n] gives [..., n]; [...lead, m, k] times [...lead, k, n] gives [...lead, m, n].",
  type(inputs) {
    expectInputs("matmul", inputs, 2);
    const [a, b] = inputs as readonly [TensorType, TensorType];
    const shape = productShape(a.shape, b.shape);
    if (shape === undefined || a.dtype !== "f32" || b.dtype !== "f32") {
      throw new TypeError(`matmul does not take ${formatType(a)} and ${formatType(b)}`);
    }
    return { dtype: "f32", shape, batched: a.batched || b.batched };
  },
  samples: [
    { types: [f32([2, 3]), f32([3, 4], false)] },
    { types: [f32([3]), f32([3, 2], false)] },
    { types: [f32([2, 2, 3]), f32([3, 2], false)] },
    { types: [f32([2, 3], false), f32([3, 4], false)] },
    { types: [f32([2, 3]), f32([3, 4])] },
    { types: [f32([2, 3], false), f32([3, 4])] },
    { types: [f32([2, 2, 3]), f32([2, 3, 4])] },
    { types: [f32([2, 2, 3]), f32([2, 3, 4], false)] },
    { types: [f32([2, 2, 3], false), f32([2, 3, 4], false)] },
  ],
  eval: ([a, b], _, result) => multiply(a!, b!, result),
  gradient(node, cotangent, build) {
    const [a, b] = node.inputs as readonly [Node, Node];
    const da = build.matmul(cotangent, build.transposeLast(b));
    if (b.type.shape.length === 2) return [da, matrixGradient(a, b, cotangent, build)];
    return [da, build.matmul(build.transposeLast(a), cotangent)];
  },
  wgsl: {
    form: "product",
    product({ inputs, type }) {
      const [a, b] = inputs.map((input) => input.type) as [TensorType, TensorType];
      const [terms, columns] = b.shape.slice(-2) as [number, number];
      // Rows of one matrix for all: those of all examples are rows of one product.
      if (b.shape.length === 2) {
        const batch = b.batched ? "problems" : a.batched ? "rows" : "none";
        return { problems: 1, rows: sizeOf(a.shape) / terms, columns, terms, batch, transposedLeft: false };
      }
      const problems = sizeOf(a.shape.slice(0, -2));
      const batch = type.batched ? "problems" : "none";
      return { problems, rows: a.shape.at(-2)!, columns, terms, batch, transposedLeft: false };
    },
  },
  tfjs(context) {
    const [a, b] = context.node.inputs.map((input) => input.type) as [TensorType, TensorType];
    const shape = context.shape(context.node.type);
    if (b.shape.length === 2) {
      const product = flatProduct(context, a, b);
      return context.node.type.shape.length === 1 && !context.node.type.batched && !b.batched
        ? `tf.reshape(${context.temporary(product)}, ${shape})`
        : reshapedProduct(context, product, a, b, shape);
    }
    const lead = sizeOf(a.shape.slice(0, -2));
    const cube = (type: TensorType) => `[${[type.batched ? "batch" : 1, lead, ...type.shape.slice(-2)].join(", ")}]`;
    const left = context.temporary(`tf.reshape(${context.inputs[0]}, ${cube(a)})`);
    const product = `tf.matMul(${left}, ${context.rightOperand(1, cube(b))})`;
    return `tf.reshape(${context.temporary(product)}, ${shape})`;
  },
  scratch({ inputs }) {
    const [a, b] = inputs.map(({ type }) => type) as [TensorType, TensorType];
    const [inner, columns] = b.shape.slice(-2) as [number, number];
    const packed = f32([Math.min(inner, PACKED_ROWS), columns + MORE_COLUMNS], false);
    if (b.shape.length === 2 && !b.batched) return [packed];
    // Products one after the other are of copies with more columns.
    const rows = b.shape.length === 2 ? sizeOf(a.shape) / inner : a.shape.at(-2)!;
    return [packed, f32([inner + rows, columns + MORE_COLUMNS], false)];
  },
};

/** Only a product that already has the result's rank needs no reshape. */
function reshapedProduct(context: TfjsContext, product: string, a: TensorType, b: TensorType, shape: string): string {
  const rank = a.shape.length + (context.node.type.batched ? 1 : 0);
  const made = b.batched ? 3 : 2;
  return rank === made ? product : `tf.reshape(${context.temporary(product)}, ${shape})`;
}
