/** Expressions of kernel IR as WGSL, in float32 and without numbers that are not finite. */
import type { KernelExpression as Expression, KernelBinary, ScalarType } from "../../../ir/kernel/kernel.ts";
import { literalText } from "../values.ts";

/** What expressions refer to. */
export interface ExpressionContext {
  scalar(name: string): string;
  /** The element of an array as a value, at an index of type i32. */
  element(array: string, index: string): string;
  /** The number of a fault: an index outside of what it picks from. */
  outside(array: string, length: number): number;
}

const INFIX: Readonly<Partial<Record<KernelBinary, string>>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  equal: "==",
  "not-equal": "!=",
  less: "<",
  "less-equal": "<=",
  greater: ">",
  "greater-equal": ">=",
  and: "&&",
  or: "||",
};
const CALLS: Readonly<Record<string, string>> = {
  exp: "exponential",
  log: "logarithm",
  log1p: "log1p",
  expm1: "bounded_expm1",
  sqrt: "sqrt",
  abs: "abs",
  floor: "floor",
  "to-i32": "i32",
  "to-f32": "f32",
};

const SMALLEST_NORMAL = 1.1754943508222875e-38;

/** A number of a kernel: what is too small for float32, but not zero, stays different from zero. */
export function numberText(value: number, type: ScalarType): string {
  const tiny = type === "f32" && value !== 0 && Math.abs(value) < SMALLEST_NORMAL;
  return literalText(tiny ? Math.sign(value) * SMALLEST_NORMAL : value, type);
}

/**
 * `asked` is the condition under which the value is needed, where there is one: WGSL computes both branches of a
 * select.
 */
export function expressionText(e: Expression, context: ExpressionContext, asked = ""): string {
  const text = (part: Expression, under = asked) => expressionText(part, context, under);
  switch (e.kind) {
    case "constant":
      return numberText(e.value, e.type);
    case "variable":
      return context.scalar(e.name);
    case "load":
      return context.element(e.array, text(e.index));
    case "unary":
      if (e.operator === "negate") return `(-${text(e.operand)})`;
      if (e.operator === "not") return `(!${text(e.operand)})`;
      if (e.operator === "detach") return text(e.operand);
      return `${CALLS[e.operator]}(${text(e.operand)})`;
    case "binary": {
      const [left, right] = [text(e.left), text(e.right)];
      if (e.operator === "min" || e.operator === "max") return `${e.operator}(${left}, ${right})`;
      if (e.operator === "power") return `power(${left}, ${right})`;
      if (e.operator === "remainder") return `${e.type === "f32" ? "remainder" : "whole_remainder"}(${left}, ${right})`;
      return `(${left} ${INFIX[e.operator]} ${right})`;
    }
    case "select": {
      const condition = text(e.condition);
      const also = (side: string) => (asked === "" ? side : `${asked} && ${side}`);
      const [yes, no] = [text(e.consequent, also(condition)), text(e.alternative, also(`!${condition}`))];
      return `select(${no}, ${yes}, ${condition})`;
    }
    case "within": {
      const number = context.outside(e.array, e.length);
      return `within(${text(e.operand)}, ${e.length}, ${number}u, row, ${asked === "" ? "true" : asked})`;
    }
  }
}
