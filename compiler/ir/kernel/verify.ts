/**
 * Checks that kernel IR is well formed: every name declared before its use and once, types that agree, indices that are
 * integers and in range where they are constant, outputs written, inputs left alone. Transformations are tested with
 * it.
 */
import type {
  KernelExpression as Expression,
  Kernel,
  KernelArray,
  KernelBinary,
  KernelUnary,
  ScalarType,
  KernelStatement as Statement,
} from "./kernel.ts";
import { printKernelExpression } from "./print.ts";

/** What is wrong with `kernel`, a sentence each; nothing for a well-formed one. */
export function verifyKernel(kernel: Kernel): readonly string[] {
  const verifier = new Verifier(kernel);
  verifier.kernel();
  return verifier.problems;
}

interface Scalar {
  readonly type: ScalarType;
  readonly mutable: boolean;
}

class Verifier {
  readonly problems: string[] = [];
  private readonly subject: Kernel;
  private readonly arrays = new Map<string, { readonly element: ScalarType; readonly length: number }>();
  private readonly readOnly = new Set<string>();
  private readonly written = new Set<string>();
  /** Every scalar that was ever declared: none is declared twice, even in different blocks. */
  private readonly declared = new Set<string>();
  private visible = new Map<string, Scalar>();
  private loops = 0;

  constructor(kernel: Kernel) {
    this.subject = kernel;
  }

  kernel(): void {
    const { inputs, outputs, scratch, tables, body } = this.subject;
    if (!/^\w+$/.test(this.subject.name)) this.report(`the name ${this.subject.name} is not letters, digits and _`);
    for (const array of [...inputs, ...outputs, ...scratch]) this.declareArray(array);
    for (const table of tables) {
      this.declareArray({ name: table.name, element: table.element, shape: [table.values.length] });
      const whole = table.values.every((value) => Number.isInteger(value));
      if (table.element === "i32" && !whole) this.report(`the table ${table.name} holds a value that is no integer`);
    }
    for (const array of [...inputs, ...tables]) this.readOnly.add(array.name);
    if (outputs.length === 0) this.report("there is no output");
    this.block(body);
    for (const array of outputs) if (!this.written.has(array.name)) this.report(`${array.name} is never written`);
  }

  private report(problem: string): void {
    this.problems.push(`${this.subject.name}: ${problem}`);
  }

  private declareArray(array: KernelArray): void {
    const sizes = array.shape.every((size) => Number.isInteger(size) && size >= 0);
    if (!sizes) this.report(`the shape [${array.shape.join(", ")}] of ${array.name} is not made of constant sizes`);
    if (this.arrays.has(array.name)) this.report(`the array ${array.name} is declared twice`);
    this.arrays.set(array.name, { element: array.element, length: array.shape.reduce((a, b) => a * b, 1) });
  }

  private declare(name: string, type: ScalarType, mutable: boolean): void {
    if (this.declared.has(name) || this.arrays.has(name)) this.report(`${name} is declared twice`);
    this.declared.add(name);
    this.visible.set(name, { type, mutable });
  }

  /** A block's names end with it. */
  private block(body: readonly Statement[], before?: () => void): void {
    const outer = this.visible;
    this.visible = new Map(outer);
    before?.();
    for (const statement of body) this.statement(statement);
    this.visible = outer;
  }

  private statement(s: Statement): void {
    switch (s.kind) {
      case "declare":
        this.expect(s.value, s.type, `the value of ${s.name}`);
        return this.declare(s.name, s.type, s.mutable);
      case "assign": {
        const known = this.visible.get(s.name);
        if (known === undefined) return this.report(`${s.name} is assigned before it is declared`);
        if (!known.mutable) this.report(`${s.name} is assigned, but it never changes`);
        return this.expect(s.value, known.type, `what is assigned to ${s.name}`);
      }
      case "store":
        this.index(s.array, s.index);
        return this.write(s.array, s.value);
      case "fill":
        return this.write(s.array, s.value);
      case "for":
        this.expect(s.from, "i32", "the start of a loop");
        this.expect(s.to, "i32", "the end of a loop");
        return this.loop(s.body, () => this.declare(s.variable, "i32", false));
      case "while":
        this.expect(s.condition, "bool", "the condition of while");
        return this.loop(s.body);
      case "if":
        this.expect(s.condition, "bool", "the condition of if");
        this.block(s.consequent);
        return this.block(s.alternative);
      case "reduce":
        return this.reduce(s);
      case "check":
        if (s.size !== undefined) this.expect(s.size, "i32", "the size of an example");
        return this.expect(s.condition, "bool", "what is checked");
      case "break":
        if (this.loops === 0) this.report("break stands outside of any loop");
    }
  }

  private loop(body: readonly Statement[], before?: () => void): void {
    this.loops++;
    this.block(body, before);
    this.loops--;
  }

  private reduce(s: Extract<Statement, { kind: "reduce" }>): void {
    this.expect(s.from, "i32", "the start of a reduction");
    this.expect(s.to, "i32", "the end of a reduction");
    const indexed = s.operator === "argmax" || s.operator === "argmin";
    this.block([], () => {
      this.declare(s.variable, "i32", false);
      if (s.condition !== undefined) this.expect(s.condition, "bool", `the condition of ${s.name}`);
      const type = this.expression(s.value);
      if (type === "bool") this.report(`${s.name} reduces truth values`);
      if (!indexed && type !== s.type) this.report(`${s.name} is ${s.type}, but its terms are ${type}`);
    });
    if (indexed && s.type !== "i32") this.report(`${s.name} is an index, so it is i32`);
    this.declare(s.name, s.type, false);
  }

  private write(array: string, value: Expression): void {
    const known = this.arrays.get(array);
    if (known === undefined) return this.report(`there is no array ${array}`);
    if (this.readOnly.has(array)) this.report(`${array} is written, but it is an input or a table`);
    this.written.add(array);
    this.expect(value, known.element, `what is stored in ${array}`);
  }

  /** Indices are flat: one integer, within the array where it is known. */
  private index(array: string, index: Expression): void {
    this.expect(index, "i32", `the index of ${array}`);
    const length = this.arrays.get(array)?.length;
    if (length === undefined || index.kind !== "constant") return;
    if (index.value < 0 || index.value >= length) {
      this.report(`position ${index.value} of ${array}, which has ${length} elements`);
    }
  }

  private expect(e: Expression, type: ScalarType, what: string): void {
    const actual = this.expression(e);
    if (actual !== type) this.report(`${what} must be ${type}, but ${printKernelExpression(e)} is ${actual}`);
  }

  /** The type that the parts of an expression give it; where it says otherwise, that is reported. */
  private expression(e: Expression): ScalarType {
    const actual = this.typeOf(e);
    if (actual !== e.type) this.report(`${printKernelExpression(e)} says it is ${e.type}, but it is ${actual}`);
    return e.type;
  }

  private typeOf(e: Expression): ScalarType {
    switch (e.kind) {
      case "constant":
        if (e.type === "i32" && !Number.isInteger(e.value)) this.report(`the constant ${e.value} is no integer`);
        if (Number.isNaN(e.value)) this.report("a constant is not a number");
        return e.type;
      case "variable": {
        const known = this.visible.get(e.name);
        if (known === undefined) this.report(`${e.name} is used before it is declared`);
        return known?.type ?? e.type;
      }
      case "load": {
        const known = this.arrays.get(e.array);
        if (known === undefined) this.report(`there is no array ${e.array}`);
        this.index(e.array, e.index);
        return known?.element ?? e.type;
      }
      case "unary":
        return this.unary(e.operator, this.expression(e.operand));
      case "binary":
        return this.binary(e.operator, this.expression(e.left), this.expression(e.right));
      case "select": {
        this.expect(e.condition, "bool", "the condition of a choice");
        const [yes, no] = [this.expression(e.consequent), this.expression(e.alternative)];
        if (yes !== no) this.report(`a choice is between ${yes} and ${no}`);
        return yes;
      }
      case "within":
        if (!(Number.isInteger(e.length) && e.length >= 0)) this.report(`the length ${e.length} of ${e.array}`);
        return this.accept("an index", this.expression(e.operand), ["i32"]);
    }
  }

  private unary(operator: KernelUnary, operand: ScalarType): ScalarType {
    switch (operator) {
      case "not":
        return this.accept(operator, operand, ["bool"]);
      case "negate":
      case "abs":
        return this.accept(operator, operand, ["f32", "i32"]);
      case "to-f32":
        this.accept(operator, operand, ["i32", "f32"]);
        return "f32";
      case "to-i32":
        this.accept(operator, operand, ["f32"]);
        return "i32";
      case "exp":
      case "log":
      case "log1p":
      case "expm1":
      case "sqrt":
      case "floor":
      case "detach":
        return this.accept(operator, operand, ["f32"]);
    }
  }

  private accept(operator: string, type: ScalarType, allowed: readonly ScalarType[]): ScalarType {
    if (!allowed.includes(type)) this.report(`${operator} does not apply to ${type}`);
    return type;
  }

  private binary(operator: KernelBinary, left: ScalarType, right: ScalarType): ScalarType {
    if (left !== right) this.report(`${operator} of ${left} and ${right}`);
    switch (operator) {
      case "add":
      case "subtract":
      case "multiply":
      case "remainder":
      case "min":
      case "max":
        return this.accept(operator, left, ["f32", "i32"]);
      case "divide":
      case "power":
        return this.accept(operator, left, ["f32"]);
      case "equal":
      case "not-equal":
        return "bool";
      case "less":
      case "less-equal":
      case "greater":
      case "greater-equal":
        this.accept(operator, left, ["f32", "i32"]);
        return "bool";
      case "and":
      case "or":
        return this.accept(operator, left, ["bool"]);
    }
  }
}
