/**
 * What an operation is: one record with everything about it. The interpreter runs `eval`, the differentiator
 * `gradient`, the tfjs target prints `tfjs`, and the conformance suite tries `samples`. An op with `expand` is a name
 * for an expression of other ops; everything else follows from the expansion.
 */

import type { Builder } from "../ir/tensor/builder.ts";
import type { Attributes, Node, TensorType } from "../ir/tensor/tensor.ts";

/** A dense value of one example (or, for ops over the batch, of all): float64, row-major; booleans are 0 and 1. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Runs the kernel of a name on one example: its inputs in order, and its outputs in order. */
export type KernelRunner = (kernel: string, inputs: readonly Float64Array[]) => readonly Float64Array[];

/**
 * Functions of printed programs. `$sumRows(x, outer, rows, columns)`: of `outer` blocks of rows, the sums of each
 * column, `[outer, columns]`.
 */
export type HelperName = "$sumRows";

/**
 * What printing to tfjs may use: `inputs` are JavaScript expressions for tensors (with a leading batch axis when
 * batched).
 */
export interface TfjsContext {
  readonly inputs: readonly string[];
  readonly node: Node;
  /** JavaScript text of a shape, with the batch size variable in front when `batched`. */
  shape(type: TensorType): string;
  /** JavaScript expression of a constant tensor hoisted out of the step: created once, never disposed in it. */
  constant(values: readonly number[], shape: readonly number[], dtype: "float32" | "int32" | "bool"): string;
  /** An operand of an elementwise op in a form that tfjs broadcasts to the result's shape by itself. */
  aligned(index: number): string;
  /** The name of a function, which is then part of the program. */
  helper(name: HelperName): string;
  /** Declares a tensor that is disposed after this node; returns its name. */
  temporary(expression: string): string;
  /**
   * JavaScript expression of an int32 tensor `[blocks · indices.length, 1]`: the row numbers of `indices` in each of
   * `blocks` blocks of `stride` rows, where there are `perExample` blocks an example. Kept between steps; never
   * disposed.
   */
  rows(indices: readonly number[], stride: number, perExample: number, batched: boolean): string;
  /**
   * The input of an index as the right operand of `tf.matMul`, in a shape given as JavaScript text. The WASM backend
   * keeps the packed matrix for a tensor's memory whatever its shape, so memory that serves in two shapes is copied for
   * the second.
   */
  rightOperand(index: number, shape: string): string;
}

/**
 * What an op that picks elements of its operands may use to say which. Numbers are WGSL expressions of type u32; values
 * are those of one example, of the one that is being computed.
 */
export interface WgslContext {
  readonly node: Node;
  /** Where the element that is being computed stands: a number for each axis of the node. */
  coordinates(): readonly string[];
  /** The same as its row-major number. */
  flat(): string;
  /** The element of an input at so many coordinates. */
  read(input: number, coordinates: readonly string[]): string;
  /** The element of an input with this row-major number. */
  readFlat(input: number, flat: string): string;
  /** The first of the values whose condition holds; the last has none. Only that one is computed. */
  choose(cases: readonly { readonly condition?: string; value(): string }[]): string;
  /** A value of type i32 that is not negative, as a place. */
  whole(value: string): string;
  /** A whole number of a list, by its place in the list. */
  entry(list: readonly number[], place: string): string;
  /** The sum of values for the whole numbers from `from` up to, not including, `to`. */
  sum(from: string, to: string, value: (counter: string) => string): string;
}

/** A product of matrices, one for each problem: c[i, j] = Σ_k a[i, k] b[k, j]. */
export interface WgslProduct {
  /** Problems and extents of one example; where `overBatch`, the terms are summed over all examples too. */
  readonly problems: number;
  readonly rows: number;
  readonly columns: number;
  readonly terms: number;
  /** Whether each example has its own problems, or only more rows of one. */
  readonly batch: "none" | "problems" | "rows" | "terms";
  /**
   * Row-major numbers of the elements within an example: of a at (problem, row, term), of b at (problem, term, column).
   */
  readonly transposedLeft: boolean;
}

/** How the target webgpu computes an op. */
export type WgslForm =
  /** It comes from outside. */
  | { readonly form: "leaf" }
  /** An expression over the elements of the operands in the same place. */
  | { readonly form: "elementwise"; readonly text: (operands: readonly string[], node: Node) => string }
  /** Elements of the operands in other places. */
  | { readonly form: "picked"; readonly element: (context: WgslContext) => string }
  /** Over axes of the operand, and over the batch where `overBatch`. */
  | {
      readonly form: "reduction";
      readonly operator: "sum" | "max";
      readonly axes: (node: Node) => readonly number[];
      readonly overBatch: boolean;
    }
  | { readonly form: "product"; readonly product: (node: Node) => WgslProduct }
  /** A run of a kernel of the program. */
  | { readonly form: "kernel" }
  /** By other ops, which take its place before anything is fused. */
  | { readonly form: "restated"; readonly as: (node: Node, inputs: readonly Node[], build: Builder) => Node };

/** A value of four neighbouring elements in a loop: numbers, or truth values as all bits of each element or none. */
export type Lanes = number;

/** Operations on four elements at once, by the names of WebAssembly's instructions. */
export type LanesInstruction =
  | `f32x4.${"abs" | "neg" | "sqrt" | "floor" | "add" | "sub" | "mul" | "div" | "min" | "max" | "pmin" | "pmax"}`
  | `f32x4.${"eq" | "ne" | "lt" | "le"}`
  | `v128.${"not" | "and" | "or" | "bitselect"}`
  | "f32x4.convert_i32x4_s";

/** Writes the body of a loop. `bitselect` takes the first of two values where the third is true. */
export interface LanesWriter {
  number(value: number): Lanes;
  instruction(name: LanesInstruction, ...operands: readonly Lanes[]): Lanes;
  /** Within two units in the last place each. */
  exp(x: Lanes): Lanes;
  expm1(x: Lanes): Lanes;
  log(x: Lanes): Lanes;
  log1p(x: Lanes): Lanes;
}

/** What an elementwise op is in a loop: its operands are f32 or bool, and so is the result. */
export type LanesForm = (write: LanesWriter, operands: readonly Lanes[], node: Node) => Lanes;

/** A node's inputs and attributes for one random test of the op. */
export interface OpSample {
  readonly types: readonly TensorType[];
  readonly attributes?: Attributes;
  /** Range that input values are drawn from; default [-2, 2]. For i32 inputs, integers in it. */
  readonly range?: readonly [number, number];
}

interface OpBase {
  readonly name: string;
  /** One sentence: what it computes, with shapes. */
  readonly doc: string;
  /** The result's type; throws a `TypeError` with a precise message when the inputs do not fit. */
  type(inputs: readonly TensorType[], attributes: Attributes): TensorType;
  readonly samples: readonly OpSample[];
}

export interface PrimitiveOp extends OpBase {
  /** The meaning, in float64. Inputs and output without batch axis, except when `wholeBatch`. */
  eval(inputs: readonly Values[], attributes: Attributes, result: TensorType, runKernel: KernelRunner): Values;
  /**
   * True when an element of the result depends on nothing but the elements of the operands in its place (or of rank 0).
   */
  readonly elementwise?: true;
  /** True for the few ops that reduce over the batch: `eval` sees batched inputs with their leading batch axis. */
  readonly wholeBatch?: true;
  /** Cotangents of the inputs (undefined: no gradient flows there), or why there are none. */
  readonly gradient:
    | ((node: Node, cotangent: Node, build: Builder) => readonly (Node | undefined)[])
    | { readonly none: string };
  readonly wgsl: WgslForm;
  /** Of an elementwise op that can be part of a loop on the device wasm. */
  readonly lanes?: LanesForm;
  /** A JavaScript expression over `tf` for a new tensor (never one of the inputs themselves: use tf.clone). */
  tfjs(context: TfjsContext): string;
  /** What the devices hold at most while that is carried out, besides operands and result. */
  scratch?(node: Node): readonly TensorType[];
  /** What its printed form makes at the first call and keeps: the rows of gathers. */
  kept?(node: Node): readonly TensorType[];
}

export interface DerivedOp extends OpBase {
  expand(inputs: readonly Node[], attributes: Attributes, build: Builder): Node;
}

export type Op = PrimitiveOp | DerivedOp;
