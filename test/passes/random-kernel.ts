/**
 * Random kernels that end, stay finite, and do what makes running backwards hard: values overwritten in loops, integers
 * that decide, choices that change what decides them, arrays filled anew in each round.
 */
import { add, binary, compare, integer, real } from "../../compiler/ir/kernel/expression.ts";
import type {
  KernelExpression as Expression,
  Kernel,
  KernelArray,
  KernelStatement as Statement,
} from "../../compiler/ir/kernel/kernel.ts";
import { random } from "../tensor/harness.ts";

export const SIZE = 4;
const REALS = ["u", "a", "b", "x"];
const WHOLE = ["m"];

/** A kernel with an input u and an output x of SIZE numbers. */
export function randomKernel(seed: number): Kernel {
  return new Generator(seed).kernel();
}

class Generator {
  private readonly next: () => number;
  private names = 0;
  private reals: string[] = [];
  private integers: string[] = [];
  /** Variables that may be assigned: those above that are not the variable of a loop. */
  private mutable = new Set<string>();

  constructor(seed: number) {
    this.next = random(seed);
  }

  kernel(): Kernel {
    const array = (name: string, element: "f32" | "i32" = "f32"): KernelArray => ({ name, element, shape: [SIZE] });
    const fills = ["a", "b"].map((name): Statement => ({ kind: "fill", array: name, value: real(0.5) }));
    const whole: Statement = { kind: "fill", array: "m", value: integer(1) };
    const body = [...fills, whole, ...this.block(7, 0), ...this.ending()];
    const scratch = [array("a"), array("b"), array("m", "i32")];
    return { name: "random", inputs: [array("u")], outputs: [array("x")], scratch, tables: [], body };
  }

  /** Something of everything reaches the output. */
  private ending(): Statement[] {
    const i = this.fresh("i");
    const at = variable(i, "i32");
    const value = add(add(load("x", at), load("a", at)), binary("multiply", load("b", at), load("u", at)));
    return [loop(i, integer(0), integer(SIZE), [{ kind: "store", array: "x", index: at, value }])];
  }

  private fresh(name: string): string {
    return `${name}_${++this.names}`;
  }

  private pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }

  private block(length: number, depth: number): Statement[] {
    const known = { reals: [...this.reals], integers: [...this.integers] };
    const statements = Array.from({ length }, () => this.statement(depth)).flat();
    // What is declared in the block ends with it.
    if (depth > 0) [this.reals, this.integers] = [known.reals, known.integers];
    return statements;
  }

  private statement(depth: number): Statement[] {
    const kind = this.next();
    if (kind < 0.18) return [this.declare()];
    if (kind < 0.3) return [this.assign()];
    if (kind < 0.52)
      return [{ kind: "store", array: this.pick(REALS.slice(1)), index: this.index(), value: this.value(3) }];
    if (kind < 0.58) return [{ kind: "store", array: "m", index: this.index(), value: this.place() }];
    if (kind < 0.62) return [{ kind: "fill", array: this.pick(["a", "b"]), value: this.value(1) }];
    if (kind < 0.68) return [this.reduce()];
    if (depth >= 3) return [this.assign()];
    if (kind < 0.82) return [this.choice(depth)];
    return kind < 0.95 ? [this.loop(depth)] : this.search(depth);
  }

  private declare(): Statement {
    const whole = this.next() < 0.25;
    const [name, mutable] = [this.fresh(whole ? "k" : "s"), this.next() < 0.6];
    const value = whole ? this.place() : this.value(3);
    (whole ? this.integers : this.reals).push(name);
    if (mutable) this.mutable.add(name);
    return { kind: "declare", name, type: value.type, mutable, value };
  }

  private assign(): Statement {
    const whole = this.integers.filter((name) => this.mutable.has(name));
    const real = this.reals.filter((name) => this.mutable.has(name));
    if (whole.length > 0 && this.next() < 0.25) return { kind: "assign", name: this.pick(whole), value: this.place() };
    return real.length === 0 ? this.declare() : { kind: "assign", name: this.pick(real), value: this.value(3) };
  }

  private reduce(): Statement {
    const operator = this.pick(["sum", "max", "min", "argmax"] as const);
    const [name, i] = [this.fresh("r"), this.fresh("i")];
    this.integers.push(i);
    const value = this.value(2);
    const condition = this.next() < 0.3 ? { condition: this.condition() } : {};
    this.integers.pop();
    const type = operator === "argmax" ? "i32" : "f32";
    // Of an empty range an extreme is out of all proportion.
    if (type === "f32" && operator !== "sum" && "condition" in condition) delete condition.condition;
    if (type === "f32") this.reals.push(name);
    return {
      kind: "reduce",
      name,
      operator,
      variable: i,
      from: integer(0),
      to: integer(SIZE),
      value,
      type,
      ...condition,
    };
  }

  private choice(depth: number): Statement {
    const condition = this.condition();
    const consequent = this.block(2, depth + 1);
    return { kind: "if", condition, consequent, alternative: this.next() < 0.5 ? [] : this.block(2, depth + 1) };
  }

  private loop(depth: number): Statement {
    const i = this.fresh("i");
    const from = this.next() < 0.6 ? integer(0) : this.place();
    this.integers.push(i);
    const body = this.block(3, depth + 1);
    this.integers.pop();
    return { ...loop(i, from, integer(SIZE), body), reversed: this.next() < 0.3 };
  }

  /** A search that ends early, over what has no derivative. */
  private search(depth: number): Statement[] {
    const [k, i] = [this.fresh("k"), this.fresh("i")];
    this.integers.push(i);
    const left: Statement = {
      kind: "if",
      condition: this.condition(),
      consequent: [{ kind: "break" }],
      alternative: [],
    };
    const found: Statement = { kind: "assign", name: k, value: variable(i, "i32") };
    this.integers.pop();
    const again: Statement = {
      kind: "while",
      condition: compare("greater", variable(k, "i32"), integer(1)),
      body: [
        { kind: "store", array: "m", index: variable(k, "i32"), value: integer(depth) },
        { kind: "assign", name: k, value: binary("subtract", variable(k, "i32"), integer(1)) },
      ],
    };
    this.integers.push(k);
    return [
      { kind: "declare", name: k, type: "i32", mutable: true, value: integer(0) },
      loop(i, integer(0), integer(SIZE), [found, left]),
      again,
    ];
  }

  private condition(): Expression {
    if (this.next() < 0.4) return compare(this.pick(["less", "greater-equal"]), this.value(1), this.value(1));
    return compare(this.pick(["less", "equal", "not-equal"]), this.place(), this.place());
  }

  /** An integer that is an index. */
  private place(): Expression {
    const kind = this.next();
    const known = this.integers.map((name) => variable(name, "i32"));
    if (kind < 0.2 || known.length === 0) return integer(Math.floor(this.next() * SIZE));
    if (kind < 0.3) return { kind: "load", array: this.pick(WHOLE), index: this.pick(known), type: "i32" };
    if (kind < 0.5) return modulo(add(this.pick(known), this.pick(known)));
    return this.pick(known);
  }

  private index(): Expression {
    return this.place();
  }

  /** A number between −2 and 2 or so, a smooth function of what it reads but for max, min and choices. */
  private value(depth: number): Expression {
    const kind = this.next();
    if (depth === 0 || kind < 0.2) return this.leaf();
    const [a, b] = [this.value(depth - 1), this.value(depth - 1)];
    if (kind < 0.3) return bounded(add(a, b));
    if (kind < 0.38) return bounded(binary("subtract", a, b));
    if (kind < 0.6) return bounded(binary("multiply", a, b));
    if (kind < 0.68) return bounded(binary("divide", a, add(real(1.5), binary("multiply", b, b))));
    if (kind < 0.74) return binary(this.pick(["min", "max"]), a, b);
    if (kind < 0.8) return { kind: "select", condition: this.condition(), consequent: a, alternative: b, type: "f32" };
    return this.call(a);
  }

  private call(a: Expression): Expression {
    const square = add(real(1), binary("multiply", a, a));
    const of = (
      operator: "exp" | "log" | "log1p" | "expm1" | "sqrt" | "abs" | "detach" | "negate",
      operand: Expression,
    ) => ({ kind: "unary", operator, operand, type: "f32" }) as const;
    const calls: readonly (() => Expression)[] = [
      () => of("exp", binary("min", a, real(0.7))),
      () => of("log", square),
      () => of("log1p", binary("multiply", a, a)),
      () => of("expm1", binary("min", a, real(0.7))),
      () => of("sqrt", square),
      () => of("abs", a),
      () => of("detach", a),
      () => of("negate", a),
      () => bounded(binary("power", a, real(this.pick([2, 3])))),
      () => bounded(binary("power", square, a)),
      () => binary("remainder", a, add(square, real(0.1))),
    ];
    return this.pick(calls)();
  }

  private leaf(): Expression {
    const kind = this.next();
    if (kind < 0.12) return real(Math.round(this.next() * 30) / 10 - 1.5);
    if (kind < 0.4 && this.reals.length > 0) return variable(this.pick(this.reals), "f32");
    return load(this.pick(REALS), this.index());
  }
}

function bounded(e: Expression): Expression {
  // s / (1 + |s| / 2) stays within 2.
  const size: Expression = { kind: "unary", operator: "abs", operand: e, type: "f32" };
  return binary("divide", e, add(real(1), binary("multiply", real(0.5), size)));
}

function modulo(e: Expression): Expression {
  return binary("remainder", e, integer(SIZE));
}

function variable(name: string, type: "f32" | "i32"): Expression {
  return { kind: "variable", name, type };
}

function load(array: string, index: Expression): Expression {
  return { kind: "load", array, index, type: "f32" };
}

function loop(name: string, from: Expression, to: Expression, body: readonly Statement[]) {
  return { kind: "for", variable: name, from, to, reversed: false, parallel: false, body } as const;
}
