/**
 * Typed arithmetic of kernel expressions: conversions, and operations that are computed at once where all operands are
 * constants.
 */
import type { BinaryOperator, Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import type { KernelBinary, KernelExpression, KernelUnary, ScalarType } from "../ir/kernel/kernel.ts";

export const zero: KernelExpression = { kind: "constant", value: 0, type: "i32" };

export function integer(value: number): KernelExpression {
  return { kind: "constant", value, type: "i32" };
}

/** A number known at compile time: an integer is i32, anything else f32. */
export function numberConstant(value: number): KernelExpression {
  return { kind: "constant", value, type: Number.isInteger(value) ? "i32" : "f32" };
}

export function toReal(value: KernelExpression): KernelExpression {
  if (value.type === "f32") return value;
  if (value.kind === "constant") return { ...value, type: "f32" };
  return { kind: "unary", operator: "to-f32", operand: value, type: "f32" };
}

/** Integer constants become reals and whole real constants integers; other conversions must be written. */
export function convert(value: KernelExpression, type: ScalarType, span: Span): KernelExpression {
  if (value.type === type) return value;
  if (type === "f32" && value.type === "i32" && value.kind === "constant") return toReal(value);
  const whole = value.kind === "constant" && value.type === "f32" && Number.isInteger(value.value);
  if (type === "i32" && whole) return { ...value, type };
  const help = type === "f32" ? "convert it with f32(…)" : type === "i32" ? "convert it with i32(…)" : "compare it";
  throw new Failure(span, "type-mismatch", `expected ${type} but this is ${value.type}`, { help });
}

const COMPARISONS: readonly KernelBinary[] = ["equal", "not-equal", "less", "less-equal", "greater", "greater-equal"];
/** What applies to truth values; `and` and `or` apply to nothing else. */
const LOGICAL: readonly KernelBinary[] = ["and", "or"];

/** `left operator right` with operands of one type; a division always gives a real. */
export function arithmetic(
  operator: KernelBinary,
  left: KernelExpression,
  right: KernelExpression,
  span: Span,
): KernelExpression {
  const truth = left.type === "bool" && right.type === "bool";
  const fits = LOGICAL.includes(operator) ? truth : !truth || operator === "equal" || operator === "not-equal";
  if (!fits) {
    const operands = `${left.type} and ${right.type}`;
    const written = [...Object.entries(OPERATORS)].find(([, each]) => each === operator)?.[0] ?? operator;
    throw new Failure(span, "type-mismatch", `'${written}' does not apply to ${operands}`, {
      help: truth ? "choose a number with if … then … else …" : "both sides must be true or false",
    });
  }
  const real = left.type === "f32" || right.type === "f32" || operator === "divide";
  const type: ScalarType = truth ? "bool" : real ? "f32" : "i32";
  const [a, b] = [convert(left, type, span), convert(right, type, span)];
  return fold(operator, a, b, COMPARISONS.includes(operator) ? "bool" : type);
}

/** Builds an operation, computing it at once where both operands are constants. */
export function fold(
  operator: KernelBinary,
  left: KernelExpression,
  right: KernelExpression,
  type: ScalarType,
): KernelExpression {
  const is = (e: KernelExpression, value: number) => e.kind === "constant" && e.value === value;
  if (left.kind === "constant" && right.kind === "constant") {
    const value = FOLD[operator]?.(left.value, right.value);
    if (value !== undefined) return { kind: "constant", value: Number(value), type };
  }
  if (operator === "add" && is(left, 0)) return right;
  if ((operator === "add" || operator === "subtract") && is(right, 0)) return left;
  if (operator === "multiply" && type === "i32" && (is(left, 0) || is(right, 0))) return integer(0);
  if (operator === "multiply" && is(left, 1)) return right;
  // A constant on the left decides, or has no say.
  if ((operator === "and" || operator === "or") && left.kind === "constant") {
    return (left.value !== 0) === (operator === "and") ? right : left;
  }
  if ((operator === "multiply" || operator === "divide") && is(right, 1)) return left;
  return { kind: "binary", operator, left, right, type };
}

const FOLD: Readonly<Partial<Record<KernelBinary, (a: number, b: number) => number | boolean>>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  min: Math.min,
  max: Math.max,
  equal: (a, b) => a === b,
  "not-equal": (a, b) => a !== b,
  less: (a, b) => a < b,
  "less-equal": (a, b) => a <= b,
  greater: (a, b) => a > b,
  "greater-equal": (a, b) => a >= b,
  and: (a, b) => a !== 0 && b !== 0,
  or: (a, b) => a !== 0 || b !== 0,
};

export const OPERATORS: Readonly<Partial<Record<BinaryOperator, KernelBinary>>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "remainder",
  "^": "power",
  "==": "equal",
  "!=": "not-equal",
  "<": "less",
  "<=": "less-equal",
  ">": "greater",
  ">=": "greater-equal",
  and: "and",
  or: "or",
};

/** Functions of one argument by their names in the language. */
export const UNARY: ReadonlyMap<string, KernelUnary> = new Map([
  ["exp", "exp"],
  ["log", "log"],
  ["log1p", "log1p"],
  ["expm1", "expm1"],
  ["sqrt", "sqrt"],
  ["abs", "abs"],
  ["floor", "floor"],
  ["f32", "to-f32"],
  ["i32", "to-i32"],
  ["constant", "detach"],
]);

/**
 * A function of one argument; undefined where the operand is not a constant or the function has no value at compile
 * time.
 */
export function foldUnary(operator: KernelUnary, operand: KernelExpression): KernelExpression | undefined {
  const compute = FOLD_UNARY[operator];
  if (operand.kind !== "constant" || compute === undefined) return undefined;
  const type = operator === "floor" || operator === "to-i32" ? "i32" : "f32";
  return { kind: "constant", value: compute(operand.value), type };
}

const FOLD_UNARY: Readonly<Partial<Record<KernelUnary, (x: number) => number>>> = {
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  abs: Math.abs,
  floor: Math.floor,
  "to-i32": Math.trunc,
  detach: (x) => x,
};

/** How many operations and operands an expression has, counted up to a little more than `most`. */
export function length(e: KernelExpression, most: number): number {
  if (most <= 0) return 1;
  switch (e.kind) {
    case "constant":
    case "variable":
      return 1;
    case "load":
      return 1 + length(e.index, most - 1);
    case "unary":
    case "within":
      return 1 + length(e.operand, most - 1);
    case "binary": {
      const left = length(e.left, most - 1);
      return 1 + left + length(e.right, most - 1 - left);
    }
    case "select": {
      const condition = length(e.condition, most - 1);
      const yes = length(e.consequent, most - 1 - condition);
      return 1 + condition + yes + length(e.alternative, most - 1 - condition - yes);
    }
  }
}
