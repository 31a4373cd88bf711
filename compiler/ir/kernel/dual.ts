/**
 * The dual-number transformation: from a kernel to one that computes the directional derivative of its outputs. For a
 * symmetric relaxation the Jacobian is symmetric, so this is the vector–Jacobian product: an exact backward for the
 * price of a forward.
 */
import { removeDead } from "./dead.ts";
import { add, divide, isZero, multiply, substitute, subtract, zero } from "./expression.ts";
import type { KernelExpression as Expression, Kernel, KernelArray, KernelStatement as Statement } from "./kernel.ts";
import { namesOf } from "./rename.ts";

/**
 * Inputs: those of `kernel`, then the tangent of `active` (named `cotangent`, as it is used). Outputs: the tangents of
 * the outputs. Values that do not depend on `active` carry no tangent.
 */
export function dual(kernel: Kernel, active: string): Kernel {
  const input = kernel.inputs.find((array) => array.name === active);
  if (input === undefined) throw new Error(`kernel ${kernel.name} has no input ${active}`);
  const dependent = findDependent(kernel, active);
  const names = new TangentNames(kernel, active);
  const body = new Transform(dependent, names).block(kernel.body);
  const rename = (array: KernelArray): KernelArray => ({ ...array, name: names.tangent(array.name) });
  const scratch = [
    ...kernel.scratch,
    ...kernel.scratch.filter((array) => dependent.has(array.name)).map(rename),
    ...kernel.outputs,
  ];
  const clear = (array: KernelArray): Statement => ({ kind: "fill", array: array.name, value: zero });
  // What was an output starts at zero; as scratch it must be told to. An output that does not depend on `active` has
  // tangent zero.
  const cleared = [...kernel.outputs, ...kernel.outputs.filter((array) => !dependent.has(array.name)).map(rename)].map(
    clear,
  );
  return removeDead({
    ...kernel,
    name: `${kernel.name}_dual`,
    inputs: [...kernel.inputs, rename(input)],
    outputs: kernel.outputs.map(rename),
    scratch,
    body: [...cleared, ...body],
  });
}

/**
 * Names for tangents that the kernel has not taken; the tangent of the active input is called cotangent, as it is used.
 */
class TangentNames {
  private readonly taken: Set<string>;
  private readonly chosen = new Map<string, string>();

  constructor(kernel: Kernel, active: string) {
    this.taken = namesOf(kernel).add("cotangent");
    this.chosen.set(active, "cotangent");
  }

  tangent(name: string): string {
    return this.derived(name, "tangent");
  }

  /** A new name made of `name`, the same for the same suffix. */
  derived(name: string, suffix: string): string {
    const key = suffix === "tangent" ? name : `${name} ${suffix}`;
    const known = this.chosen.get(key);
    if (known !== undefined) return known;
    let candidate = `${name}_${suffix}`;
    while (this.taken.has(candidate)) candidate = `${candidate}_`;
    this.taken.add(candidate);
    this.chosen.set(key, candidate);
    return candidate;
  }
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
      case "within":
        return false;
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
  private readonly names: TangentNames;

  constructor(dependent: ReadonlySet<string>, names: TangentNames) {
    this.dependent = dependent;
    this.names = names;
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
        return [s, { ...s, name: this.names.tangent(s.name), value: this.tangent(s.value, own) }];
      }
      case "assign":
        return this.dependent.has(s.name)
          ? [{ ...s, name: this.names.tangent(s.name), value: this.tangent(s.value) }, s]
          : [s];
      case "store":
        return this.dependent.has(s.array)
          ? [{ ...s, array: this.names.tangent(s.array), value: this.tangent(s.value) }, s]
          : [s];
      case "fill":
        return this.dependent.has(s.array)
          ? [{ ...s, array: this.names.tangent(s.array), value: this.tangent(s.value) }, s]
          : [s];
      case "for":
      case "while":
        return [{ ...s, body: this.block(s.body) }];
      case "if":
        return [{ ...s, consequent: this.block(s.consequent), alternative: this.block(s.alternative) }];
      case "reduce":
        return this.reduce(s);
      case "break":
      case "check":
        return [s];
    }
  }

  /** The tangent of a sum is the sum of tangents; that of a maximum is the tangent at the (first) maximal index. */
  private reduce(s: Extract<Statement, { kind: "reduce" }>): Statement[] {
    if (!this.dependent.has(s.name)) return [s];
    const name = this.names.tangent(s.name);
    if (s.operator === "sum") return [s, { ...s, name, value: this.tangent(s.value) }];
    const at = this.names.derived(s.name, "at");
    const operator = s.operator === "max" ? "argmax" : "argmin";
    const index: Expression = { kind: "variable", name: at, type: "i32" };
    const none: Expression = { kind: "constant", value: 0, type: "i32" };
    const found: Expression = { kind: "binary", operator: "greater-equal", left: index, right: none, type: "bool" };
    const value = substitute(this.tangent(s.value), s.variable, index);
    return [
      s,
      { ...s, name: at, operator, type: "i32" },
      { kind: "declare", name, type: "f32", mutable: true, value: zero },
      // Of an empty range there is no maximal index.
      { kind: "if", condition: found, consequent: [{ kind: "assign", name, value }], alternative: [] },
    ];
  }

  /** `own` is the value of `e` itself where it already has a name. */
  private tangent(e: Expression, own?: Expression): Expression {
    if (e.type !== "f32") return zero;
    switch (e.kind) {
      case "constant":
        return zero;
      case "variable":
        return this.dependent.has(e.name) ? { ...e, name: this.names.tangent(e.name) } : zero;
      case "load":
        return this.dependent.has(e.array) ? { ...e, array: this.names.tangent(e.array) } : zero;
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
        return {
          kind: "select",
          condition: { kind: "binary", operator: "less", left: e.operand, right: zero, type: "bool" },
          consequent: { kind: "unary", operator: "negate", operand: inner, type: "f32" },
          alternative: inner,
          type: "f32",
        };
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
        return {
          kind: "select",
          condition: {
            kind: "binary",
            operator: e.operator === "max" ? "greater-equal" : "less-equal",
            left,
            right,
            type: "bool",
          },
          consequent: a,
          alternative: b,
          type: "f32",
        };
      case "power":
        return this.power(left, right, a, b, value);
      case "remainder": {
        // a % b = a − b · floor(a / b)
        const quotient: Expression = { kind: "unary", operator: "floor", operand: divide(left, right), type: "i32" };
        const whole: Expression = { kind: "unary", operator: "to-f32", operand: quotient, type: "f32" };
        return subtract(a, multiply(whole, b));
      }
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

  /** (x^y)' = y x^(y − 1) x' + x^y log(x) y' */
  private power(x: Expression, y: Expression, a: Expression, b: Expression, value: Expression): Expression {
    const one: Expression = { kind: "constant", value: 1, type: "f32" };
    const lower: Expression = { kind: "binary", operator: "power", left: x, right: subtract(y, one), type: "f32" };
    const logarithm: Expression = { kind: "unary", operator: "log", operand: x, type: "f32" };
    return add(multiply(multiply(y, lower), a), multiply(multiply(value, logarithm), b));
  }
}
