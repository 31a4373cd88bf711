/** What op records share: building values, elementwise types and records, and the printing of shapes for tfjs. */
import { flagOf, integersOf } from "../ir/tensor/attributes.ts";
import type { Builder } from "../ir/tensor/builder.ts";
import {
  type Attributes,
  type ElementType,
  formatType,
  type Node,
  sameShape,
  sizeOf,
  type TensorType,
} from "../ir/tensor/tensor.ts";
import type { Lanes, LanesForm, LanesWriter, OpSample, PrimitiveOp, TfjsContext, Values } from "./op.ts";

export function values(shape: readonly number[], element: (index: number) => number): Values {
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = element(i);
  return { shape, data };
}

export function f32(shape: readonly number[], batched = true): TensorType {
  return { dtype: "f32", shape, batched };
}
export function i32(shape: readonly number[], batched = true): TensorType {
  return { dtype: "i32", shape, batched };
}
export function bool(shape: readonly number[], batched = true): TensorType {
  return { dtype: "bool", shape, batched };
}

export function expectInputs(name: string, inputs: readonly TensorType[], count: number): void {
  if (inputs.length !== count) throw new TypeError(`${name} takes ${count} inputs, not ${inputs.length}`);
}

export function only(name: string, inputs: readonly TensorType[]): TensorType {
  expectInputs(name, inputs, 1);
  return inputs[0]!;
}

export function expectAxes(name: string, axes: readonly number[], rank: number): void {
  for (const axis of axes) {
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
      throw new TypeError(`${name}: no axis ${axis} in rank ${rank}`);
  }
  if (new Set(axes).size !== axes.length) throw new TypeError(`${name}: an axis is named twice in ${axes.join(", ")}`);
}

/** The type of what is left when axes are reduced: away, or kept with size 1. */
export function reduced(name: string, inputs: readonly TensorType[], attributes: Attributes): TensorType {
  const type = only(name, inputs);
  const axes = integersOf(attributes, "axes");
  expectAxes(name, axes, type.shape.length);
  if (type.dtype !== "f32") throw new TypeError(`${name} needs f32`);
  const shape = flagOf(attributes, "keep")
    ? type.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : type.shape.filter((_, axis) => !axes.includes(axis));
  return { ...type, shape };
}

interface UnaryRecord {
  readonly name: string;
  readonly doc: string;
  readonly apply: (x: number) => number;
  readonly gradient: PrimitiveOp["gradient"];
  readonly wgsl: (x: string) => string;
  readonly tfjs: (x: string, context: TfjsContext) => string;
  readonly lanes?: (write: LanesWriter, x: Lanes) => Lanes;
  readonly dtype?: ElementType;
  readonly range?: readonly [number, number];
}

/** An elementwise op of one f32 tensor (or of `dtype`). */
export function unaryOp(record: UnaryRecord): PrimitiveOp {
  const wanted = record.dtype ?? "f32";
  const sample: OpSample = {
    types: [{ dtype: wanted, shape: [2, 3], batched: true }],
    ...(record.range === undefined ? {} : { range: record.range }),
  };
  return {
    name: record.name,
    doc: record.doc,
    type(inputs) {
      const type = only(record.name, inputs);
      if (type.dtype !== wanted) throw new TypeError(`${record.name} needs ${wanted}, not ${formatType(type)}`);
      return type;
    },
    samples: [sample, { ...sample, types: [{ dtype: wanted, shape: [], batched: false }] }],
    elementwise: true,
    eval: ([x]) => values(x!.shape, (i) => record.apply(x!.data[i]!)),
    gradient: record.gradient,
    wgsl: { form: "elementwise", text: ([x]) => record.wgsl(x!) },
    ...lanesForm(record.lanes && ((write, [x]) => record.lanes!(write, x!))),
    tfjs: (context) => record.tfjs(context.inputs[0]!, context),
  };
}

function lanesForm(lanes: LanesForm | undefined): Pick<PrimitiveOp, "lanes"> {
  return lanes === undefined ? {} : { lanes };
}

interface BinaryRecord {
  readonly name: string;
  readonly doc: string;
  readonly apply: (a: number, b: number) => number;
  readonly gradient: (
    a: Node,
    b: Node,
    cotangent: Node,
    build: Builder,
    node: Node,
  ) => readonly [Node | undefined, Node | undefined];
  readonly wgsl: (a: string, b: string) => string;
  readonly tfjs: (a: string, b: string, context: TfjsContext) => string;
  readonly lanes?: (write: LanesWriter, a: Lanes, b: Lanes) => Lanes;
  /** Dtype of the operands; default any but bool. */
  readonly operands?: ElementType;
  readonly result?: ElementType;
  readonly noGradient?: string;
  readonly scratch?: PrimitiveOp["scratch"];
  readonly range?: readonly [number, number];
}

/** The type of an elementwise op of several tensors: equal shapes, or rank 0. */
export function elementwise(name: string, inputs: readonly TensorType[], dtype: ElementType): TensorType {
  const shaped = inputs.find((type) => type.shape.length > 0);
  for (const type of inputs) {
    if (type.shape.length > 0 && !sameShape(type.shape, shaped!.shape)) {
      throw new TypeError(`${name}: shapes differ: ${inputs.map(formatType).join(" and ")}`);
    }
  }
  return { dtype, shape: shaped?.shape ?? [], batched: inputs.some((type) => type.batched) };
}

/** An elementwise op of two tensors of one dtype and shape, or where one has rank 0. */
export function binaryOp(record: BinaryRecord): PrimitiveOp {
  const dtype = record.operands ?? "f32";
  const of = (shape: readonly number[], batched: boolean): TensorType => ({ dtype, shape, batched });
  const range = record.range === undefined ? {} : { range: record.range };
  return {
    name: record.name,
    doc: record.doc,
    type(inputs) {
      expectInputs(record.name, inputs, 2);
      const [a, b] = inputs as readonly [TensorType, TensorType];
      const refused = record.operands === undefined ? a.dtype === "bool" : a.dtype !== record.operands;
      if (a.dtype !== b.dtype || refused) {
        throw new TypeError(`${record.name} does not take ${formatType(a)} and ${formatType(b)}`);
      }
      return elementwise(record.name, inputs, record.result ?? a.dtype);
    },
    samples: [
      { types: [of([2, 3], true), of([2, 3], true)], ...range },
      { types: [of([2, 3], true), of([], false)], ...range },
      { types: [of([], true), of([2, 3], true)], ...range },
      { types: [of([2, 3], false), of([2, 3], true)], ...range },
      { types: [of([], true), of([2, 3], false)], ...range },
    ],
    elementwise: true,
    eval: ([a, b], _, result) => values(result.shape, (i) => record.apply(at(a!, i), at(b!, i))),
    gradient:
      record.noGradient !== undefined
        ? { none: record.noGradient }
        : (node, cotangent, build) => {
            const [a, b] = node.inputs as readonly [Node, Node];
            const [da, db] = record.gradient(a, b, cotangent, build, node);
            return [unspread(da, a, build), unspread(db, b, build)];
          },
    wgsl: { form: "elementwise", text: ([a, b]) => record.wgsl(a!, b!) },
    ...lanesForm(record.lanes && ((write, [a, b]) => record.lanes!(write, a!, b!))),
    tfjs: (context) => record.tfjs(context.aligned(0), context.aligned(1), context),
    ...(record.scratch === undefined ? {} : { scratch: record.scratch }),
  };
}

/** An element of an elementwise operand: rank 0 stands for every element. */
export function at(x: Values, index: number): number {
  return x.data[x.shape.length === 0 ? 0 : index]!;
}

/** The cotangent of an operand that was spread from rank 0: its sum. */
export function unspread(cotangent: Node | undefined, operand: Node, build: Builder): Node | undefined {
  if (cotangent === undefined || operand.type.shape.length > 0 || cotangent.type.shape.length === 0) return cotangent;
  return build.sum(cotangent);
}

/** Strides of a row-major shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Calls `visit` with every index of a shape, in row-major order. */
export function eachIndex(shape: readonly number[], visit: (index: readonly number[], flat: number) => void): void {
  const index = new Array<number>(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** Sizes before, at and after an axis. */
export function around(shape: readonly number[], axis: number): { before: number; size: number; after: number } {
  return { before: sizeOf(shape.slice(0, axis)), size: shape[axis]!, after: sizeOf(shape.slice(axis + 1)) };
}

/** JavaScript text of axes as tfjs counts them. */
export function axesText(axes: readonly number[], batched: boolean): string {
  return JSON.stringify(axes.map((axis) => axis + (batched ? 1 : 0)));
}

/** Whether axes are the last ones of so many. */
export function isTrailing(rank: number, axes: readonly number[]): boolean {
  return axes.every((axis) => axis >= rank - axes.length);
}

/** JavaScript text of a number of rows, of which there are `perExample` an example. */
export function rowsText(perExample: number, batched: boolean): string {
  if (!batched) return String(perExample);
  return perExample === 1 ? "batch" : `batch * ${perExample}`;
}

/** JavaScript text of a shape `[rows, ...rest]`, where there are `perExample` rows an example. */
export function rowsShape(perExample: number, batched: boolean, rest: readonly number[]): string {
  return `[${[rowsText(perExample, batched), ...rest].join(", ")}]`;
}

/**
 * Entries along an axis of the first input. gatherND copies whole rows: with the WASM backend tf.gather is a hundred
 * times slower (190 ms against 1.7 for 11520 × 256), and tf.slice copies its whole operand first.
 */
export function pickedRows(context: TfjsContext, indices: readonly number[], axis: number): string {
  const { node } = context;
  const { before, size, after } = around(node.inputs[0]!.type.shape, axis);
  const { batched } = node.type;
  const rows = context.temporary(`tf.reshape(${context.inputs[0]}, ${rowsShape(before * size, batched, [after])})`);
  const picked = context.temporary(`tf.gatherND(${rows}, ${context.rows(indices, size, before, batched)})`);
  return `tf.reshape(${picked}, ${context.shape(node.type)})`;
}

/** The row numbers that `pickedRows` and the like keep: one for each entry along an axis, in each block before it. */
export function keptRows(shape: readonly number[], count: number, axis: number, batched: boolean): TensorType {
  return i32([around(shape, axis).before * count], batched);
}

/** What repeating an operand to a type by adding it to zeros holds: the zeros and the sum. */
export function repeated(operand: TensorType, to: TensorType): readonly TensorType[] {
  const made = { ...to, dtype: operand.dtype };
  return [made, made];
}

/** Columns times this many is what a product packs at a time, at most: `DEPTH` in runtime/wasm-products.ts. */
export const PACKED_ROWS = 256;

/** Gradient of an op that is constant almost everywhere. */
export const flat = { none: "it is piecewise constant" } as const;
