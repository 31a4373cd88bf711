/**
 * Kernel IR: structured loops over scalars and arrays that solve one example of a structured problem. It is what the
 * kernel language lowers to; it is interpreted (interpret.ts), transformed (dual.ts) and printed (targets/).
 * Sizes are static: every array has a constant shape and every index is flat, row-major.
 */

export type ScalarType = "f32" | "i32" | "bool";

/** An array of one example: an input, an output, or scratch in workgroup memory. `f32` is float64 on host targets. */
export interface KernelArray {
  readonly name: string;
  readonly element: ScalarType;
  readonly shape: readonly number[];
}

/** A constant array, such as the end points of a graph's edges. */
export interface KernelTable {
  readonly name: string;
  readonly element: "f32" | "i32";
  readonly values: readonly number[];
}

export type KernelUnary =
  | "negate"
  | "not"
  | "exp"
  | "log"
  | "log1p"
  | "expm1"
  | "sqrt"
  | "abs"
  | "floor"
  | "to-f32"
  | "to-i32"
  /** The value, treated as a constant by differentiation. */
  | "detach";
export type KernelBinary =
  | "add"
  | "subtract"
  | "multiply"
  | "divide"
  | "remainder"
  | "power"
  | "min"
  | "max"
  | "equal"
  | "not-equal"
  | "less"
  | "less-equal"
  | "greater"
  | "greater-equal"
  | "and"
  | "or";

/**
 * Expressions are pure; `type` is the type of the value. `and`, `or` and `select` evaluate no more than they need, so a
 * condition keeps an index from being used.
 */
export type KernelExpression =
  | { readonly kind: "constant"; readonly value: number; readonly type: ScalarType }
  | { readonly kind: "variable"; readonly name: string; readonly type: ScalarType }
  | { readonly kind: "load"; readonly array: string; readonly index: KernelExpression; readonly type: ScalarType }
  | {
      readonly kind: "unary";
      readonly operator: KernelUnary;
      readonly operand: KernelExpression;
      readonly type: ScalarType;
    }
  | {
      readonly kind: "binary";
      readonly operator: KernelBinary;
      readonly left: KernelExpression;
      readonly right: KernelExpression;
      readonly type: ScalarType;
    }
  | {
      readonly kind: "select";
      readonly condition: KernelExpression;
      readonly consequent: KernelExpression;
      readonly alternative: KernelExpression;
      readonly type: ScalarType;
    }
  /**
   * An index that must be one of 0, …, `length` − 1; with any other the run ends in an error. `array` is what it picks
   * from, as written. Where bounds.ts finds that it always is, nothing is left of this but the operand.
   */
  | {
      readonly kind: "within";
      readonly operand: KernelExpression;
      readonly length: number;
      readonly array: string;
      readonly type: "i32";
    };

export type KernelStatement =
  /** Declares a scalar, visible to the end of the enclosing block. */
  | {
      readonly kind: "declare";
      readonly name: string;
      readonly type: ScalarType;
      readonly mutable: boolean;
      readonly value: KernelExpression;
    }
  | { readonly kind: "assign"; readonly name: string; readonly value: KernelExpression }
  /** The index is computed before the value. */
  | {
      readonly kind: "store";
      readonly array: string;
      readonly index: KernelExpression;
      readonly value: KernelExpression;
    }
  /** Every element of an array becomes `value`. */
  | { readonly kind: "fill"; readonly array: string; readonly value: KernelExpression }
  /**
   * `variable` runs from `from` up to, not including, `to` (or from `to - 1` down to `from` when `reversed`).
   * A parallel loop's iterations do not depend on one another; a barrier ends it.
   */
  | {
      readonly kind: "for";
      readonly variable: string;
      readonly from: KernelExpression;
      readonly to: KernelExpression;
      readonly reversed: boolean;
      readonly parallel: boolean;
      readonly body: readonly KernelStatement[];
      /** What one round costs, in statements, where the rounds must be counted: nothing else says that they end. */
      readonly steps?: number;
    }
  /**
   * Declares `name` as the reduction of `value` over the (parallel) range: `sum`, `min`, `max`; or `argmax`, `argmin`:
   * the first index of the extreme value (i32). `condition` leaves elements out. An empty range gives 0, ±1e300 or -1.
   */
  | {
      readonly kind: "reduce";
      readonly name: string;
      readonly operator: "sum" | "min" | "max" | "argmax" | "argmin";
      readonly variable: string;
      readonly from: KernelExpression;
      readonly to: KernelExpression;
      readonly condition?: KernelExpression;
      readonly value: KernelExpression;
      readonly type: ScalarType;
      /** As of a for. */
      readonly steps?: number;
    }
  | {
      readonly kind: "if";
      readonly condition: KernelExpression;
      readonly consequent: readonly KernelStatement[];
      readonly alternative: readonly KernelStatement[];
    }
  | {
      readonly kind: "while";
      readonly condition: KernelExpression;
      readonly body: readonly KernelStatement[];
      /** As of a for. */
      readonly steps?: number;
    }
  | { readonly kind: "break" }
  /**
   * Ends the run with an error unless `condition` holds: the kernel's fault, or, of a `requirement`, that of what it is
   * given. `size` is then how large the example is said to be.
   */
  | {
      readonly kind: "check";
      readonly condition: KernelExpression;
      readonly message: string;
      readonly requirement?: boolean;
      readonly size?: KernelExpression;
    };

/** Counted steps (of loops whose end is not known) that one example may take: seconds of work, and no real use. */
export const MOST_STEPS = 2e9;

/** A program for one example: reads its inputs, writes every element of its outputs. */
export interface Kernel {
  /** Unique within an artifact; letters, digits and underscores. */
  readonly name: string;
  /** What it is called in the text that it comes from, for messages. */
  readonly written?: string;
  readonly doc?: string;
  readonly inputs: readonly KernelArray[];
  readonly outputs: readonly KernelArray[];
  readonly scratch: readonly KernelArray[];
  readonly tables: readonly KernelTable[];
  readonly body: readonly KernelStatement[];
}
