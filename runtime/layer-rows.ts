/**
 * The forms in which a structured layer takes utilities and returns samples: tensors, typed arrays, lists of numbers.
 * Inside, all of them are rows of float64 laid one after the other, one for each example.
 */
import type * as core from "@tensorflow/tfjs-core";
import { sizeOf } from "./host-tensor.ts";
import { findNotFinite, writeValue } from "./not-finite.ts";
import { UserError, writeShape } from "./user-error.ts";

/**
 * One example or several. A typed array holds them one after the other; a tensor's last axes, or the inner lists, are
 * an example.
 */
export type LayerInput = core.Tensor | Float32Array | Float64Array | readonly number[] | readonly (readonly number[])[];

export type PlainInput = Exclude<LayerInput, core.Tensor>;

/** The same kind as utilities of type `U`; in the place of lists of examples `Lists`, and of one list `One`. */
type Form<U extends LayerInput, Lists, One> = U extends core.Tensor
  ? core.Tensor
  : U extends Float32Array
    ? Float32Array
    : U extends Float64Array
      ? Float64Array
      : U extends readonly (readonly number[])[]
        ? Lists
        : One;

/** What comes back for utilities of type `U`: the same kind and shape. */
export type SameForm<U extends LayerInput> =
  U extends core.Tensor<infer R> ? core.Tensor<R> : Form<U, number[][], number[]>;
/** One number for each example: the same kind, without the axis of the example. */
export type PerExample<U extends LayerInput> = Form<U, number[], number>;
/** Several members for each example: the same kind, with an axis for them before that of the example's numbers. */
export type Several<U extends LayerInput> = Form<U, number[][][], number[][]>;
/** Several numbers for each example: the same kind, with an axis for them in the place of the example's numbers. */
export type SeveralValues<U extends LayerInput> = Form<U, number[][], number[]>;

/** The most valuable members of each example. */
export interface KBest<U extends LayerInput> {
  readonly members: Several<U>;
  /** uᵀx of each. */
  readonly values: SeveralValues<U>;
  /** How many there are. */
  readonly found: PerExample<U>;
}

/** What is read, for messages: `the utilities of SpanningTree(complete(4))`. */
export interface Reading {
  readonly what: string;
  /** `SpanningTree(complete(4))` */
  readonly structure: string;
  /** Numbers of one example. */
  readonly size: number;
}

/** tfjs tensors of any copy of tfjs. */
export function isTensor(value: unknown): value is core.Tensor {
  return typeof value === "object" && value !== null && "dataSync" in value && "shape" in value;
}

/** Throws a UserError that names the example and position of what is no finite number, or tells the sizes apart. */
export function readRows(input: LayerInput, reading: Reading): Float64Array {
  if (!isTensor(input)) return readArray(input, reading);
  exampleAxes(input.shape, reading);
  return readValues(input, reading);
}

/** The numbers of a tensor, whatever its shape; throws a UserError where one is not finite. */
export function readValues(tensor: core.Tensor, reading: Reading): Float64Array {
  if (tensor.dtype === "complex64" || tensor.dtype === "string") {
    throw new UserError(`${reading.what} are a tensor of ${tensor.dtype}`, { help: "give real numbers" });
  }
  return finite(Float64Array.from(tensor.dataSync()), reading);
}

/** Rounded to float32; throws a UserError where that has no such number. */
export function toFloat32(values: Float64Array, { structure }: Reading): Float32Array {
  const rounded = Float32Array.from(values);
  const i = findNotFinite(rounded);
  if (i < 0) return rounded;
  throw new UserError(`what ${structure} makes of these numbers is ${values[i]}, beyond the range of float32`, {
    help: "scale the numbers down, or pass a Float64Array or lists",
  });
}

/** Rows in the form of `like`. */
export function writeRows(values: Float64Array, like: PlainInput, reading: Reading) {
  if (like instanceof Float64Array) return values;
  if (like instanceof Float32Array) return toFloat32(values, reading);
  if (!isMatrix(like)) return [...values];
  const size = values.length / like.length;
  return like.map((_, i) => [...values.subarray(i * size, (i + 1) * size)]);
}

/** One number for each example of `like`. */
export function writePerExample(values: Float64Array, like: PlainInput, reading: Reading) {
  if (like instanceof Float64Array) return values;
  if (like instanceof Float32Array) return toFloat32(values, reading);
  return isMatrix(like) ? [...values] : values[0]!;
}

/** The axes of a tensor before those of one example; throws a UserError where it holds no examples. */
export function exampleAxes(shape: readonly number[], reading: Reading): readonly number[] {
  for (let own = 1; own <= shape.length; own++) {
    const axes = shape.slice(-own);
    if (sizeOf(axes) === reading.size) return shape.slice(0, -own);
  }
  const { what, structure, size } = reading;
  throw new UserError(`${what} have shape ${writeShape(shape)}, but an example of ${structure} has ${size} numbers`, {
    help: `give a tensor of shape [${size}] for one example, or [batch, ${size}] for several`,
  });
}

/** Several numbers, or rows of them, for each example of `like`; in lists, as many of each as `counts` says. */
export function writeSeveral(
  values: Float64Array,
  like: PlainInput,
  { width, counts }: { readonly width: number | undefined; readonly counts: ArrayLike<number> },
  reading: Reading,
) {
  if (like instanceof Float64Array) return values;
  if (like instanceof Float32Array) return toFloat32(values, reading);
  const each = counts.length === 0 ? 0 : values.length / counts.length;
  const lists = Array.from(counts, (count, example) => {
    const own = values.subarray(example * each, (example + 1) * each);
    if (width === undefined) return [...own.subarray(0, count)];
    return Array.from({ length: count }, (_, i) => [...own.subarray(i * width, (i + 1) * width)]);
  });
  return isMatrix(like) ? lists : lists[0]!;
}

function readArray(input: PlainInput, reading: Reading): Float64Array {
  const { what, structure, size } = reading;
  if (input instanceof Float64Array || input instanceof Float32Array) {
    if (input.length % size === 0) return finite(Float64Array.from(input), reading);
    const given = `${what} are ${input.length} numbers`;
    throw new UserError(`${given}, but an example of ${structure} has ${size}`, {
      help: `give ${size} numbers for each example, one example after the other`,
    });
  }
  if (!Array.isArray(input)) {
    throw new UserError(`${what} are neither a tensor, nor a Float32Array or Float64Array, nor lists of numbers`);
  }
  const rows = isMatrix(input) ? input : [input as readonly number[]];
  const values = new Float64Array(rows.length * size);
  rows.forEach((row, i) => {
    if (!Array.isArray(row)) throw new UserError(`example ${i} of ${what} is no list of numbers`);
    if (row.length !== size) {
      const help = "each example is a list of its own, and all are equally long";
      const given = `example ${i} of ${what} has ${count(row.length)}`;
      throw new UserError(`${given}, but an example of ${structure} has ${size}`, { help });
    }
    row.forEach((value: unknown, j) => {
      if (typeof value !== "number") throw notFinite(value, i, j, reading);
      values[i * size + j] = value;
    });
  });
  return finite(values, reading);
}

function isMatrix(input: readonly number[] | readonly (readonly number[])[]): input is readonly (readonly number[])[] {
  return Array.isArray(input[0]);
}

function finite(values: Float64Array, reading: Reading): Float64Array {
  const i = findNotFinite(values);
  if (i < 0) return values;
  throw notFinite(values[i]!, Math.floor(i / reading.size), i % reading.size, reading);
}

function notFinite(value: unknown, example: number, position: number, { what }: Reading): UserError {
  const written = typeof value === "number" ? writeValue(value) : JSON.stringify(value);
  return new UserError(`${what} hold ${written} at example ${example}, position ${position}`, {
    why: "a solver needs finite numbers",
  });
}

function count(numbers: number): string {
  return numbers === 1 ? "1 number" : `${numbers} numbers`;
}
