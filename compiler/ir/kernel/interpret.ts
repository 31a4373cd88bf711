/**
 * Interprets kernel IR in float64, slowly and plainly: this is what a kernel means. Printed kernels are tested against
 * it. It also finds what printed code would not notice: indices out of bounds, integers that leave 32 bits, loops
 * without end. Another arithmetic for its reals (single.ts) tells what a kernel comes to on a device.
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

/** A kernel that does what kernels may not; `message` says what and where. */
export class KernelFault extends Error {}

/** Statements that one example may take. */
const LONGEST_RUN = 50_000_000;

/** What reals are and how they are computed with. */
export interface KernelArithmetic {
  /** The result of an operation, as it is held. */
  readonly round: (value: number) => number;
  readonly constant: (value: number) => number;
  /** Larger than all that reductions are taken of. */
  readonly largest: number;
  /** Whether rounds of parallel loops are run from the last to the first, which must be all the same. */
  readonly backwards?: boolean;
  readonly exp: (x: number) => number;
  readonly expm1: (x: number) => number;
  readonly log: (x: number) => number;
  readonly power: (a: number, b: number) => number;
}
const exact = (x: number) => x;
const DOUBLE: KernelArithmetic = {
  round: exact,
  constant: exact,
  largest: 1e300,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  power: (a, b) => a ** b,
};

/** Runs `kernel` on one example: an array for each input, row-major; returns an array for each output. */
export function interpretKernel(
  kernel: Kernel,
  inputs: readonly ArrayLike<number>[],
  arithmetic: KernelArithmetic = DOUBLE,
): Float64Array[] {
  return new Interpreter(kernel, inputs, arithmetic).run();
}

class Interpreter {
  private readonly kernel: Kernel;
  private readonly arrays = new Map<string, Float64Array>();
  private readonly elements = new Map<string, ScalarType>();
  private readonly scalars = new Map<string, number>();
  private readonly arithmetic: KernelArithmetic;
  private steps = 0;

  constructor(kernel: Kernel, inputs: readonly ArrayLike<number>[], arithmetic: KernelArithmetic) {
    this.kernel = kernel;
    this.arithmetic = arithmetic;
    for (const array of [...kernel.inputs, ...kernel.outputs, ...kernel.scratch]) {
      this.arrays.set(array.name, new Float64Array(lengthOf(array)));
      this.elements.set(array.name, array.element);
    }
    for (const table of kernel.tables) {
      this.arrays.set(
        table.name,
        Float64Array.from(table.values, (value) => this.rounded(value, table.element)),
      );
    }
    kernel.inputs.forEach((array, i) => {
      const given = inputs[i];
      if (given?.length !== lengthOf(array)) this.fault(`${array.name} needs ${lengthOf(array)} values`);
      this.arrays.get(array.name)!.set(Array.from(given!, (value) => this.rounded(value, array.element)));
    });
  }

  run(): Float64Array[] {
    this.block(this.kernel.body);
    return this.kernel.outputs.map((array) => this.arrays.get(array.name)!);
  }

  private fault(message: string): never {
    throw new KernelFault(`the kernel ${this.kernel.name}: ${message}`);
  }

  /** True when a `break` is on its way out. */
  private block(body: readonly Statement[]): boolean {
    return body.some((statement) => this.statement(statement));
  }

  private statement(s: Statement): boolean {
    if (++this.steps > LONGEST_RUN) this.fault(`more than ${LONGEST_RUN} steps: a loop without end?`);
    switch (s.kind) {
      case "declare":
      case "assign":
        this.scalars.set(s.name, this.expression(s.value));
        return false;
      case "store": {
        const position = this.position(s.array, s.index);
        this.array(s.array)[position] = this.checked(this.expression(s.value), this.elements.get(s.array)!);
        return false;
      }
      case "fill":
        this.array(s.array).fill(this.checked(this.expression(s.value), this.elements.get(s.array)!));
        return false;
      case "for":
        return this.loop(s);
      case "while":
        while (this.expression(s.condition) !== 0) if (this.block(s.body)) break;
        return false;
      case "if":
        return this.block(this.expression(s.condition) !== 0 ? s.consequent : s.alternative);
      case "reduce":
        this.scalars.set(s.name, this.reduce(s));
        return false;
      case "check":
        if (this.expression(s.condition) === 0) this.fault(s.message);
        return false;
      case "break":
        return true;
    }
  }

  private loop(s: Extract<Statement, { kind: "for" }>): false {
    const [from, to] = [this.expression(s.from), this.expression(s.to)];
    const turned = s.parallel && this.arithmetic.backwards === true;
    for (let k = 0; k < to - from; k++) {
      this.scalars.set(s.variable, s.reversed !== turned ? to - 1 - k : from + k);
      if (this.block(s.body)) break;
    }
    return false;
  }

  private reduce(s: Extract<Statement, { kind: "reduce" }>): number {
    const items: { readonly index: number; readonly value: number }[] = [];
    const [from, to] = [this.expression(s.from), this.expression(s.to)];
    for (let index = from; index < to; index++) {
      this.scalars.set(s.variable, index);
      if (s.condition !== undefined && this.expression(s.condition) === 0) continue;
      items.push({ index, value: this.expression(s.value) });
    }
    const larger = s.operator === "max" || s.operator === "argmax";
    const { largest } = this.arithmetic;
    const start = { index: -1, value: larger ? -largest : largest };
    const extreme = items.reduce((best, item) => {
      const better = larger ? item.value > best.value : item.value < best.value;
      return better || (best.index < 0 && (s.operator === "argmax" || s.operator === "argmin")) ? item : best;
    }, start);
    switch (s.operator) {
      case "sum":
        return items.reduce((total, { value }) => this.rounded(total + value, s.type), 0);
      case "max":
      case "min":
        return extreme.value;
      case "argmax":
      case "argmin":
        return extreme.index;
    }
  }

  private array(name: string): Float64Array {
    return this.arrays.get(name) ?? this.fault(`there is no array ${name}`);
  }

  private position(array: string, index: Expression): number {
    const position = this.expression(index);
    const { length } = this.array(array);
    if (Number.isInteger(position) && position >= 0 && position < length) return position;
    return this.fault(`position ${position} of ${array}, which has ${length} elements`);
  }

  private checked(value: number, type: ScalarType): number {
    if (type === "i32" && value !== (value | 0)) this.fault(`${value} is not a 32-bit integer`);
    return value;
  }

  private rounded(value: number, type: ScalarType): number {
    return type === "f32" ? this.arithmetic.round(value) : value;
  }

  /** Truth values are 0 and 1. */
  private expression(e: Expression): number {
    switch (e.kind) {
      case "constant":
        return e.type === "f32" ? this.arithmetic.constant(e.value) : e.value;
      case "variable":
        return this.scalars.get(e.name) ?? this.fault(`${e.name} has no value yet`);
      case "load":
        return this.array(e.array)[this.position(e.array, e.index)]!;
      case "unary":
        return this.checked(this.rounded(this.unary(e.operator, this.expression(e.operand)), e.type), e.type);
      case "binary": {
        const left = this.expression(e.left);
        if (e.operator === "and" && left === 0) return 0;
        if (e.operator === "or" && left !== 0) return 1;
        return this.checked(this.rounded(this.binary(e.operator, left, this.expression(e.right)), e.type), e.type);
      }
      case "select":
        return this.expression(this.expression(e.condition) !== 0 ? e.consequent : e.alternative);
      case "within": {
        const index = this.expression(e.operand);
        if (Number.isInteger(index) && index >= 0 && index < e.length) return index;
        return this.fault(`index ${index} of ${e.array}, which has ${e.length}`);
      }
    }
  }

  private unary(operator: KernelUnary, x: number): number {
    const { arithmetic } = this;
    switch (operator) {
      case "negate":
        return -x;
      case "not":
        return x === 0 ? 1 : 0;
      case "exp":
        return arithmetic.exp(x);
      case "log":
        return arithmetic.log(x);
      case "log1p":
        return Math.log1p(x);
      case "expm1":
        return arithmetic.expm1(x);
      case "sqrt":
        return Math.sqrt(x);
      case "abs":
        return Math.abs(x);
      case "floor":
        return Math.floor(x);
      case "to-i32":
        return Math.trunc(x);
      case "to-f32":
      case "detach":
        return x;
    }
  }

  private binary(operator: KernelBinary, a: number, b: number): number {
    switch (operator) {
      case "add":
        return a + b;
      case "subtract":
        return a - b;
      case "multiply":
        return a * b;
      case "divide":
        return a / b;
      case "remainder":
        return a - b * Math.floor(a / b);
      case "power":
        return this.arithmetic.power(a, b);
      // The second where neither is smaller or larger, so also where one is not a number.
      case "min":
        return a < b ? a : b;
      case "max":
        return a > b ? a : b;
      case "equal":
        return Number(a === b);
      case "not-equal":
        return Number(a !== b);
      case "less":
        return Number(a < b);
      case "less-equal":
        return Number(a <= b);
      case "greater":
        return Number(a > b);
      case "greater-equal":
        return Number(a >= b);
      case "and":
        return Number(a !== 0 && b !== 0);
      case "or":
        return Number(a !== 0 || b !== 0);
    }
  }
}

function lengthOf(array: KernelArray): number {
  return array.shape.reduce((a, b) => a * b, 1);
}
