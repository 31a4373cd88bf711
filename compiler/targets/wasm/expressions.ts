/** Expressions of kernel IR as WebAssembly: the value is left on the stack. */
import type { WasmFailure } from "../../artifact.ts";
import type { KernelExpression as Expression, KernelBinary, KernelUnary, ScalarType } from "../../ir/kernel/kernel.ts";
import { type Code, I32, type Plain } from "./instructions.ts";
import { bytesOf, type Layout } from "./layout.ts";
import { type Locals, valueType } from "./locals.ts";

/** Functions that a module has besides the kernel, by their numbers. */
export interface Functions {
  /** `fail(failure, value)` ends the run. */
  readonly fail: number;
  readonly log: number;
  readonly log1p: number;
  readonly expm1: number;
  readonly power: number;
  readonly exp: number;
  readonly expOfTwo: number;
}
/** What a failed run is told with: words before the value, and after it; without the second there is no value. */
export type Failure = readonly [before: string, after?: string];

const COMPARISONS: Readonly<Partial<Record<KernelBinary, string>>> = {
  equal: "eq",
  "not-equal": "ne",
  less: "lt",
  "less-equal": "le",
  greater: "gt",
  "greater-equal": "ge",
};
const ARITHMETIC: Readonly<Partial<Record<KernelBinary, string>>> = {
  add: "add",
  subtract: "sub",
  multiply: "mul",
  divide: "div",
};

/** The instruction that compares two numbers. */
export function comparison(operator: KernelBinary, type: ScalarType): Plain | undefined {
  const name = COMPARISONS[operator];
  if (name === undefined) return undefined;
  if (type === "f32") return `f64.${name}` as Plain;
  return (name === "eq" || name === "ne" ? `i32.${name}` : `i32.${name}_s`) as Plain;
}

export class Expressions {
  readonly failures: WasmFailure[] = [];
  private readonly kernel: string;
  private readonly layout: Layout;
  private readonly locals: Locals;
  private readonly functions: Functions;

  /** `kernel` is what messages call it. */
  constructor(kernel: string, layout: Layout, locals: Locals, functions: Functions) {
    this.kernel = kernel;
    this.layout = layout;
    this.locals = locals;
    this.functions = functions;
  }

  emit(code: Code, e: Expression): void {
    switch (e.kind) {
      case "constant":
        if (e.type === "f32") code.double(e.value);
        else code.integer(e.value);
        return;
      case "variable":
        code.get(this.locals.named(e.name));
        return;
      case "load":
        this.address(code, e.array, e.index);
        code.memory(e.type === "f32" ? "f64.load" : "i32.load", this.place(e.array).offset);
        return;
      case "unary":
        return this.unary(code, e);
      case "binary":
        return this.binary(code, e);
      case "select":
        this.emit(code, e.condition);
        code.choose(
          valueType(e.type),
          () => this.emit(code, e.consequent),
          () => this.emit(code, e.alternative),
        );
        return;
      case "within": {
        const index = this.locals.fresh(I32);
        this.emit(code, e.operand);
        code.tee(index).integer(e.length).plain("i32.ge_u");
        code.choose(undefined, () =>
          this.fail(code, ["used index", `of ${e.array}, which has ${e.length}`], () => code.get(index)),
        );
        code.get(index);
      }
    }
  }

  place(array: string) {
    return this.layout.places.get(array)!;
  }

  /** Leaves the address of an element, short of where the array begins. */
  address(code: Code, array: string, index: Expression): void {
    this.emit(code, index);
    code.integer(Math.log2(bytesOf(this.place(array).element))).plain("i32.shl");
  }

  /** Ends the run; nothing after it is reached. */
  fail(code: Code, [before, after]: Failure, value?: () => void): void {
    const words = `the kernel ${this.kernel} ${before}`;
    this.failures.push(after === undefined ? [words] : [words, after]);
    code.integer(this.failures.length - 1);
    if (value === undefined) code.integer(0);
    else value();
    code.call(this.functions.fail).plain("unreachable");
  }

  /** Ends the run because of what it was given. */
  refuse(code: Code, requirement: string, size?: Expression): void {
    this.failures.push({ requirement, sized: size !== undefined });
    code.integer(this.failures.length - 1);
    if (size === undefined) code.integer(0);
    else this.emit(code, size);
    code.call(this.functions.fail).plain("unreachable");
  }

  private unary(code: Code, { operator, operand, type }: Extract<Expression, { kind: "unary" }>): void {
    if (operator === "negate" && type === "i32") {
      code.integer(0);
      this.emit(code, operand);
      code.plain("i32.sub");
      return;
    }
    this.emit(code, operand);
    if (operator === "to-f32" && operand.type === "i32") code.plain("f64.convert_i32_s");
    else if (operator === "abs" && type === "i32") this.absolute(code);
    else this.applyUnary(code, operator);
  }

  /** Replaces the number on the stack. */
  applyUnary(code: Code, operator: KernelUnary): void {
    const { exp, log, log1p, expm1 } = this.functions;
    switch (operator) {
      case "negate":
        code.plain("f64.neg");
        return;
      case "not":
        code.plain("i32.eqz");
        return;
      case "abs":
        code.plain("f64.abs");
        return;
      case "sqrt":
        code.plain("f64.sqrt");
        return;
      case "floor":
        code.plain("f64.floor");
        return;
      case "to-i32":
        code.plain("i32.trunc_sat_f64_s");
        return;
      case "exp":
        code.call(exp);
        return;
      case "log":
        code.call(log);
        return;
      case "log1p":
        code.call(log1p);
        return;
      case "expm1":
        code.call(expm1);
        return;
      case "to-f32":
      case "detach":
        return;
    }
  }

  private absolute(code: Code): void {
    const value = this.locals.fresh(I32);
    code.set(value).get(value).integer(0).get(value).plain("i32.sub");
    code.get(value).integer(0).plain("i32.ge_s", "select");
  }

  private binary(code: Code, e: Extract<Expression, { kind: "binary" }>): void {
    const { operator, left, right } = e;
    const { type } = left;
    const compared = comparison(operator, type);
    const name = ARITHMETIC[operator];
    if (operator === "and" || operator === "or") return this.logical(code, e);
    if (operator === "min" || operator === "max") return this.extreme(code, e);
    if (operator === "remainder") return this.remainder(code, e);
    this.emit(code, left);
    this.emit(code, right);
    if (compared !== undefined) code.plain(compared);
    else if (name !== undefined) code.plain(`${type === "f32" ? "f64" : "i32"}.${name}` as Plain);
    else code.call(this.functions.power);
  }

  private logical(code: Code, { operator, left, right }: Extract<Expression, { kind: "binary" }>): void {
    this.emit(code, left);
    const more = () => this.emit(code, right);
    const settled = () => void code.integer(operator === "and" ? 0 : 1);
    if (operator === "and") code.choose(I32, more, settled);
    else code.choose(I32, settled, more);
  }

  /** The second where neither is smaller or larger, so also where one is not a number. */
  private extreme(code: Code, { operator, left, right }: Extract<Expression, { kind: "binary" }>): void {
    const [a, b] = [left, right].map((side) => {
      const local = this.locals.fresh(valueType(side.type));
      this.emit(code, side);
      code.set(local);
      return local;
    }) as [number, number];
    code.get(a).get(b).get(a).get(b);
    code.plain(comparison(operator === "min" ? "less" : "greater", left.type)!, "select");
  }

  /** a − b ⌊a / b⌋, which has the sign of b. */
  private remainder(code: Code, { left, right, type }: Extract<Expression, { kind: "binary" }>): void {
    const [a, b] = [left, right].map((side) => {
      const local = this.locals.fresh(valueType("f32"));
      this.emit(code, side);
      if (type === "i32") code.plain("f64.convert_i32_s");
      code.set(local);
      return local;
    }) as [number, number];
    code.get(a).get(b).get(a).get(b).plain("f64.div", "f64.floor", "f64.mul", "f64.sub");
    if (type === "i32") code.plain("i32.trunc_sat_f64_s");
  }
}
