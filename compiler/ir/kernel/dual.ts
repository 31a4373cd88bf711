/**
 * The dual-number transformation: from a kernel to one that computes the directional derivative of its outputs. For a symmetric
 * relaxation the Jacobian is symmetric, so this is the vector–Jacobian product: an exact backward for the price of a forward.
 */
import type { Kernel, KernelArray, KernelExpression as Expression, KernelStatement as Statement } from "./kernel.ts";
import { removeDead } from "./dead.ts";

const zero: Expression = { kind: "constant", value: 0, type: "f32" };
const isZero = (e: Expression) => e.kind === "constant" && e.value === 0;
const add = (a: Expression, b: Expression): Expression => (isZero(a) ? b : isZero(b) ? a : binary("add", a, b));
const subtract = (a: Expression, b: Expression): Expression => (isZero(b) ? a : isZero(a) ? { kind: "unary", operator: "negate", operand: b, type: "f32" } : binary("subtract", a, b));
const multiply = (a: Expression, b: Expression): Expression => (isZero(a) || isZero(b) ? zero : binary("multiply", a, b));
const divide = (a: Expression, b: Expression): Expression => (isZero(a) ? zero : binary("divide", a, b));
function binary(operator: "add" | "subtract" | "multiply" | "divide", left: Expression, right: Expression): Expression {
  return { kind: "binary", operator, left, right, type: "f32" };
}
const tangentName = (name: string) => `${name}_tangent`;

/**
 * Inputs: those of `kernel`, then the tangent of `active` (named `cotangent`, as it is used). Outputs: the tangents of the
 * outputs. Values that do not depend on `active` carry no tangent.
 */
export function dual(kernel: Kernel, active: string): Kernel {
  const dependent = findDependent(kernel, active);
  const rename = (array: KernelArray): KernelArray => ({ ...array, name: array.name === active ? "cotangent" : tangentName(array.name) });
  const input = kernel.inputs.find((array) => array.name === active);
  if (input === undefined) throw new Error(`kernel ${kernel.name} has no input ${active}`);
  const transform = new Transform(dependent, active);
  const body = transform.block(kernel.body);
  const scratch = [...kernel.scratch, ...kernel.scratch.filter((array) => dependent.has(array.name)).map(rename), ...kernel.outputs];
  const outputs = kernel.outputs.map(rename);
  const missing = kernel.outputs.filter((array) => !dependent.has(array.name)).map((array): Statement => ({ kind: "fill", array: tangentName(array.name), value: zero }));
  return removeDead({ ...kernel, name: `${kernel.name}_dual`, inputs: [...kernel.inputs, rename(input)], outputs, scratch, body: [...missing, ...body] });
}

/** Names of scalars and arrays whose values depend on the active input, to a fixed point. */
function findDependent(kernel: Kernel, active: string): Set<string> {
  const dependent = new Set([active]);
  const uses = (e: Expression): boolean => {
    switch (e.kind) {
      case "constant":
        return false;
      case "variable":
        return e.type === "f32" && dependent.has(e.name);
      case "load":
        return e.type === "f32" && dependent.has(e.array);
      case "unary":
        return e.operator !== "detach" && e.type === "f32" && uses(e.operand);
      case "binary":
        return e.type === "f32" && (uses(e.left) || uses(e.right));
      case "select":
        return e.type === "f32" && (uses(e.consequent) || uses(e.alternative));
    }
  };
  const visit = (statements: readonly Statement[]): void => {
    for (const s of statements) {
      if ((s.kind === "declare" || s.kind === "assign") && uses(s.value)) dependent.add(s.name);
      else if ((s.kind === "store" || s.kind === "fill") && uses(s.value)) dependent.add(s.array);
      else if (s.kind === "reduce" && s.type === "f32" && uses(s.value)) dependent.add(s.name);
      else if (s.kind === "for" || s.kind === "while") visit(s.body);
      else if (s.kind === "if") {
        visit(s.consequent);
        visit(s.alternative);
      }
    }
  };
  for (let before = -1; before !== dependent.size; ) {
    before = dependent.size;
    visit(kernel.body);
  }
  return dependent;
}

class Transform {
  private readonly dependent: ReadonlySet<string>;
  private readonly active: string;
  constructor(dependent: ReadonlySet<string>, active: string) {
    this.dependent = dependent;
    this.active = active;
  }

  block(statements: readonly Statement[]): Statement[] {
    return statements.flatMap((statement) => this.statement(statement));
  }

  private statement(s: Statement): Statement[] {
    switch (s.kind) {
      case "declare": {
        if (!this.dependent.has(s.name)) return [s];
        // A declared value is known before its tangent, which may then use it: exp' = exp, (a / b)' = (a' − q b') / b.
        const own: Expression = { kind: "variable", name: s.name, type: "f32" };
        return [s, { ...s, name: tangentName(s.name), value: this.tangent(s.value, own) }];
      }
      case "assign":
        return this.dependent.has(s.name) ? [{ ...s, name: tangentName(s.name), value: this.tangent(s.value) }, s] : [s];
      case "store":
        return this.dependent.has(s.array) ? [{ ...s, array: this.arrayTangent(s.array), value: this.tangent(s.value) }, s] : [s];
      case "fill":
        return this.dependent.has(s.array) ? [s, { ...s, array: this.arrayTangent(s.array), value: this.tangent(s.value) }] : [s];
      case "for":
      case "while":
        return [{ ...s, body: this.block(s.body) }];
      case "if":
        return [{ ...s, consequent: this.block(s.consequent), alternative: this.block(s.alternative) }];
      case "reduce":
        return this.reduce(s);
      case "break":
        return [s];
    }
  }

  /** The tangent of a sum is the sum of tangents; that of a maximum is the tangent at the (first) maximal index. */
  private reduce(s: Extract<Statement, { kind: "reduce" }>): Statement[] {
    if (!this.dependent.has(s.name)) return [s];
    const name = tangentName(s.name);
    if (s.operator === "sum") return [s, { ...s, name, value: this.tangent(s.value) }];
    const at = `${s.name}_at`;
    const operator = s.operator === "max" ? "argmax" : "argmin";
    const index: Expression = { kind: "variable", name: at, type: "i32" };
    return [s, { ...s, name: at, operator, type: "i32" }, { kind: "declare", name, type: "f32", mutable: false, value: substitute(this.tangent(s.value), s.variable, index) }];
  }

  private arrayTangent(name: string): string {
    return name === this.active ? "cotangent" : tangentName(name);
  }

  /** `own` is the value of `e` itself where it already has a name. */
  private tangent(e: Expression, own?: Expression): Expression {
    if (e.type !== "f32") return zero;
    switch (e.kind) {
      case "constant":
        return zero;
      case "variable":
        return this.dependent.has(e.name) ? { ...e, name: tangentName(e.name) } : zero;
      case "load":
        return this.dependent.has(e.array) ? { ...e, array: this.arrayTangent(e.array) } : zero;
      case "unary":
        return this.unary(e, own ?? e);
      case "binary":
        return this.binary(e, own ?? e);
      case "select": {
        const [a, b] = [this.tangent(e.consequent), this.tangent(e.alternative)];
        return isZero(a) && isZero(b) ? zero : { ...e, consequent: a, alternative: b };
      }
    }
  }

  private unary(e: Extract<Expression, { kind: "unary" }>, value: Expression): Expression {
    const inner = this.tangent(e.operand);
    if (isZero(inner)) return zero;
    const one: Expression = { kind: "constant", value: 1, type: "f32" };
    switch (e.operator) {
      case "negate":
        return { ...e, operand: inner };
      case "exp":
        return multiply(value, inner);
      case "expm1":
        return multiply(add(value, one), inner);
      case "log":
        return divide(inner, e.operand);
      case "log1p":
        return divide(inner, add(e.operand, one));
      case "sqrt":
        return divide(inner, add(value, value));
      case "abs":
        return { kind: "select", condition: { kind: "binary", operator: "less", left: e.operand, right: zero, type: "bool" }, consequent: { kind: "unary", operator: "negate", operand: inner, type: "f32" }, alternative: inner, type: "f32" };
      case "floor":
      case "not":
      case "to-f32":
      case "to-i32":
      case "detach":
        return zero;
    }
  }

  private binary(e: Extract<Expression, { kind: "binary" }>, value: Expression): Expression {
    const { left, right } = e;
    const [a, b] = [this.tangent(left), this.tangent(right)];
    if (isZero(a) && isZero(b)) return zero;
    switch (e.operator) {
      case "add":
        return add(a, b);
      case "subtract":
        return subtract(a, b);
      case "multiply":
        return add(multiply(a, right), multiply(left, b));
      case "divide":
        return divide(subtract(a, multiply(value, b)), right);
      case "min":
      case "max":
        return { kind: "select", condition: { kind: "binary", operator: e.operator === "max" ? "greater-equal" : "less-equal", left, right, type: "bool" }, consequent: a, alternative: b, type: "f32" };
      case "power":
      case "remainder":
      case "equal":
      case "not-equal":
      case "less":
      case "less-equal":
      case "greater":
      case "greater-equal":
      case "and":
      case "or":
        return zero;
    }
  }
}

function substitute(e: Expression, name: string, by: Expression): Expression {
  switch (e.kind) {
    case "constant":
      return e;
    case "variable":
      return e.name === name ? by : e;
    case "load":
      return { ...e, index: substitute(e.index, name, by) };
    case "unary":
      return { ...e, operand: substitute(e.operand, name, by) };
    case "binary":
      return { ...e, left: substitute(e.left, name, by), right: substitute(e.right, name, by) };
    case "select":
      return { ...e, condition: substitute(e.condition, name, by), consequent: substitute(e.consequent, name, by), alternative: substitute(e.alternative, name, by) };
  }
}
