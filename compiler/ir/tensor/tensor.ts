/**
 * Tensor IR: an immutable, interned graph of typed nodes. A node is written for one example; `batched` says that its
 * value differs between examples, so that at run time it carries one more, leading axis. Node identity is structure:
 * the builder returns the same object for the same operation on the same inputs.
 */

export type ElementType = "f32" | "i32" | "bool";

/** Type of a node. `shape` is that of one example: the batch axis is implicit. */
export interface TensorType {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly batched: boolean;
}

export type AttributeValue =
  | string
  | number
  | boolean
  | readonly number[]
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };
/** Plain data, compared by its JSON form. */
export type Attributes = { readonly [name: string]: AttributeValue };

export interface Node {
  /** Unique within a builder, increasing from inputs to users. */
  readonly id: number;
  /** The name of a record in compiler/ops. */
  readonly op: string;
  readonly inputs: readonly Node[];
  readonly attributes: Attributes;
  readonly type: TensorType;
}

/**
 * One entry point of a compiled model: what it returns, as a function of its inputs (the leaf nodes `input`,
 * `parameter`, `state`, `hyper`, `noise`). Outputs are named; `gradient:NAME` and `state:NAME` mark gradients and new
 * states.
 */
export interface TensorProgram {
  readonly name: string;
  readonly outputs: ReadonlyMap<string, Node>;
  /** Names from the source for readable output: the model's `let`s and the ops' origins. */
  readonly labels: ReadonlyMap<Node, string>;
}

/** Axes of one example at most: XNNPACK, in tfjs's WASM backend, takes six, and gives garbage, not an error, beyond. */
export const MOST_AXES = 5;

/** Product of a shape: the number of elements of one example. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** `f32[B, 10, 2]`, with B for the batch axis. */
export function formatType(type: TensorType): string {
  return `${type.dtype}[${[...(type.batched ? ["B"] : []), ...type.shape].join(", ")}]`;
}
