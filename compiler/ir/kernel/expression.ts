/** Expressions of kernel IR built, taken apart and rewritten: what the transformations of kernels share. */
import type {
  KernelExpression as Expression,
  KernelArray,
  KernelBinary,
  KernelStatement as Statement,
} from "./kernel.ts";

export const zero: Expression = { kind: "constant", value: 0, type: "f32" };
export const isZero = (e: Expression) => e.kind === "constant" && e.value === 0;
export const isOne = (e: Expression) => e.kind === "constant" && e.value === 1;

export function real(value: number): Expression {
  return { kind: "constant", value, type: "f32" };
}

export function integer(value: number): Expression {
  return { kind: "constant", value, type: "i32" };
}

export function binary(operator: KernelBinary, left: Expression, right: Expression, type = left.type): Expression {
  return { kind: "binary", operator, left, right, type };
}

export function load(array: KernelArray, index: Expression): Expression {
  return { kind: "load", array: array.name, index, type: array.element };
}

export function compare(operator: KernelBinary, left: Expression, right: Expression): Expression {
  return binary(operator, left, right, "bool");
}

export const negate = (e: Expression): Expression =>
  e.kind === "unary" && e.operator === "negate"
    ? e.operand
    : { kind: "unary", operator: "negate", operand: e, type: e.type };
export const add = (a: Expression, b: Expression): Expression => (isZero(a) ? b : isZero(b) ? a : binary("add", a, b));
export const subtract = (a: Expression, b: Expression): Expression =>
  isZero(b) ? a : isZero(a) ? negate(b) : binary("subtract", a, b);
/** A factor of zero counts as no derivative at all, whatever the other is. */
export const multiply = (a: Expression, b: Expression): Expression => {
  if (isZero(a) || isZero(b)) return { ...zero, type: a.type };
  return isOne(a) ? b : isOne(b) ? a : binary("multiply", a, b);
};
export const divide = (a: Expression, b: Expression): Expression => (isZero(a) ? zero : binary("divide", a, b));

/** The expressions that `e` is made of. */
export function partsOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case "constant":
    case "variable":
      return [];
    case "load":
      return [e.index];
    case "unary":
    case "within":
      return [e.operand];
    case "binary":
      return [e.left, e.right];
    case "select":
      return [e.condition, e.consequent, e.alternative];
  }
}

/** `e` with each of its parts replaced by what `rewrite` makes of it. */
export function mapParts(e: Expression, rewrite: (part: Expression) => Expression): Expression {
  switch (e.kind) {
    case "constant":
    case "variable":
      return e;
    case "load":
      return { ...e, index: rewrite(e.index) };
    case "unary":
    case "within":
      return { ...e, operand: rewrite(e.operand) };
    case "binary":
      return { ...e, left: rewrite(e.left), right: rewrite(e.right) };
    case "select": {
      const [condition, consequent, alternative] = [e.condition, e.consequent, e.alternative].map(rewrite);
      return { ...e, condition: condition!, consequent: consequent!, alternative: alternative! };
    }
  }
}

/** Puts `by` in the place of the variable `name`. */
export function substitute(e: Expression, name: string, by: Expression): Expression {
  if (e.kind === "variable") return e.name === name ? by : e;
  return mapParts(e, (part) => substitute(part, name, by));
}

/** The expression without guards of its indices. */
export function withoutGuards(e: Expression): Expression {
  return e.kind === "within" ? withoutGuards(e.operand) : mapParts(e, withoutGuards);
}

/** Every scalar and array that an expression reads. */
export function readBy(e: Expression, names = new Set<string>()): Set<string> {
  if (e.kind === "variable") names.add(e.name);
  if (e.kind === "load") names.add(e.array);
  for (const part of partsOf(e)) readBy(part, names);
  return names;
}

/** The expressions of a statement itself, not of statements inside of it. */
export function expressionsOf(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case "declare":
    case "assign":
    case "fill":
      return [s.value];
    case "store":
      return [s.index, s.value];
    case "for":
      return [s.from, s.to];
    case "reduce":
      return s.condition === undefined ? [s.from, s.to, s.value] : [s.from, s.to, s.condition, s.value];
    case "if":
    case "while":
    case "check":
      return [s.condition];
    case "break":
      return [];
  }
}

/** The blocks of statements inside of a statement. */
export function blocksOf(s: Statement): readonly (readonly Statement[])[] {
  if (s.kind === "if") return [s.consequent, s.alternative];
  return s.kind === "for" || s.kind === "while" ? [s.body] : [];
}

/** Every scalar and array that statements read, those that they declare themselves left out. */
export function readIn(statements: readonly Statement[]): Set<string> {
  const names = new Set<string>();
  const own = new Set<string>();
  const visit = (body: readonly Statement[]): void => {
    for (const s of body) {
      if (s.kind === "declare" || s.kind === "reduce") own.add(s.name);
      if (s.kind === "for" || s.kind === "reduce") own.add(s.variable);
      for (const e of expressionsOf(s)) readBy(e, names);
      blocksOf(s).forEach(visit);
    }
  };
  visit(statements);
  for (const name of own) names.delete(name);
  return names;
}
