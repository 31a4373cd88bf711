/**
 * Random kernels with every index guarded, before and after the interval analysis: what it calls proven never leaves an
 * array, what it calls outside always does, and nothing else changes.
 */
import { expect, test } from "vitest";
import { settleBounds } from "../../compiler/ir/kernel/bounds.ts";
import { interpretKernel, KernelFault } from "../../compiler/ir/kernel/interpret.ts";
import type {
  KernelExpression as Expression,
  Kernel,
  KernelBinary,
  KernelStatement as Statement,
} from "../../compiler/ir/kernel/kernel.ts";
import { verifyKernel } from "../../compiler/ir/kernel/verify.ts";
import { random } from "../tensor/harness.ts";

const LENGTHS: Readonly<Record<string, number>> = { u: 5, x: 5, held: 4 };
const whole = (value: number): Expression => ({ kind: "constant", value, type: "i32" });
const named = (name: string): Expression => ({ kind: "variable", name, type: "i32" });

/** Kernels of nested loops, conditions and assignments over small integers. */
class Writer {
  private readonly next: () => number;
  private names = 0;
  private readable: string[] = [];
  private assignable: string[] = [];

  constructor(seed: number) {
    this.next = random(seed);
  }

  kernel(): Kernel {
    const body = this.block(3);
    const last: Statement = { kind: "store", array: "x", index: whole(0), value: this.load("u", 1) };
    return {
      name: "random",
      inputs: [{ name: "u", element: "f32", shape: [5] }],
      outputs: [{ name: "x", element: "f32", shape: [5] }],
      scratch: [{ name: "held", element: "i32", shape: [4] }],
      tables: [{ name: "ends", element: "i32", values: [2, 0, 3, 1] }],
      body: [...body, last],
    };
  }

  private below(n: number): number {
    return Math.floor(this.next() * n);
  }

  private pick<T>(...options: readonly T[]): T {
    return options[this.below(options.length)]!;
  }

  private block(depth: number, inLoop = false): Statement[] {
    const [readable, assignable] = [[...this.readable], [...this.assignable]];
    const statements = Array.from({ length: 1 + this.below(3) }, () => this.statement(depth, inLoop));
    this.readable = readable;
    this.assignable = assignable;
    return statements;
  }

  private declared(mutable: boolean, value: Expression): Statement {
    const name = `v${++this.names}`;
    this.readable.push(name);
    if (mutable) this.assignable.push(name);
    return { kind: "declare", name, type: "i32", mutable, value };
  }

  private statement(depth: number, inLoop: boolean): Statement {
    const kinds = ["let", "var", "assign", "store", "hold", ...(inLoop ? ["break"] : [])];
    const kind = this.pick(...kinds, ...(depth > 0 ? ["for", "if", "for", "if", "while", "argmax"] : []));
    switch (kind) {
      case "let":
      case "var":
        return this.declared(kind === "var", this.integer(2));
      case "assign": {
        const [name] = this.assignable.slice(-1 - this.below(2));
        if (name === undefined) return this.declared(true, this.integer(2));
        return { kind: "assign", name, value: this.integer(2) };
      }
      case "hold":
        return { kind: "store", array: "held", index: this.within("held", 1), value: this.integer(2) };
      case "break":
        return { kind: "if", condition: this.condition(), consequent: [{ kind: "break" }], alternative: [] };
      case "if": {
        const condition = this.condition();
        return {
          kind,
          condition,
          consequent: this.block(depth - 1, inLoop),
          alternative: this.block(depth - 1, inLoop),
        };
      }
      case "for":
        return this.loop(depth);
      case "while": {
        const condition = this.condition();
        return { kind, condition, body: [...this.block(depth - 1, true), { kind: "break" }] };
      }
      case "argmax":
        return this.argmax();
      default:
        return { kind: "store", array: "x", index: this.within("x", 2), value: this.load("u", 2) };
    }
  }

  private loop(depth: number): Statement {
    const [from, to] = [this.pick(whole(0), whole(1), this.integer(1)), this.pick(whole(4), whole(5), this.integer(1))];
    const variable = `i${++this.names}`;
    const readable = this.readable;
    this.readable = [...readable, variable];
    const body = this.block(depth - 1, true);
    this.readable = readable;
    return { kind: "for", variable, from, to, reversed: this.next() < 0.3, parallel: false, body };
  }

  private argmax(): Statement {
    const [name, variable] = [`best${++this.names}`, `i${++this.names}`];
    const readable = this.readable;
    this.readable = [...readable, variable];
    const condition = this.next() < 0.5 ? {} : { condition: this.condition() };
    const value = this.load("u", 1);
    this.readable = [...readable, name];
    const range = { from: this.pick(whole(0), whole(2)), to: this.pick(whole(5), whole(3)) };
    return { kind: "reduce", name, operator: "argmax", variable, ...range, ...condition, value, type: "i32" };
  }

  private load(array: string, depth: number): Expression {
    return { kind: "load", array, index: this.within(array, depth), type: "f32" };
  }

  private within(array: string, depth: number): Expression {
    return { kind: "within", operand: this.integer(depth), length: LENGTHS[array]!, array, type: "i32" };
  }

  private integer(depth: number): Expression {
    const leaf = depth === 0 || this.next() < 0.35;
    if (leaf) {
      const name = this.readable[this.below(this.readable.length)];
      return name === undefined || this.next() < 0.25 ? whole(this.below(5) - 1) : named(name);
    }
    const kind = this.next();
    if (kind < 0.12) return { kind: "load", array: "held", index: this.within("held", depth - 1), type: "i32" };
    if (kind < 0.2) {
      const index: Expression = {
        kind: "within",
        operand: this.integer(depth - 1),
        length: 4,
        array: "ends",
        type: "i32",
      };
      return { kind: "load", array: "ends", index, type: "i32" };
    }
    const [left, right] = [this.integer(depth - 1), this.integer(depth - 1)];
    if (kind < 0.3) {
      return { kind: "select", condition: this.condition(), consequent: left, alternative: right, type: "i32" };
    }
    const operator = this.pick<KernelBinary>("add", "subtract", "min", "max", "add", "subtract", "multiply");
    return { kind: "binary", operator, left, right, type: "i32" };
  }

  private condition(depth = 1): Expression {
    if (depth > 0 && this.next() < 0.3) {
      const operator = this.pick<KernelBinary>("and", "or");
      const both = { left: this.condition(depth - 1), right: this.condition(depth - 1) };
      const joined: Expression = { kind: "binary", operator, ...both, type: "bool" };
      return this.next() < 0.3 ? { kind: "unary", operator: "not", operand: joined, type: "bool" } : joined;
    }
    const operator = this.pick<KernelBinary>("less", "less-equal", "greater", "greater-equal", "equal", "not-equal");
    return { kind: "binary", operator, left: this.integer(1), right: this.integer(1), type: "bool" };
  }
}

/** What a kernel does with values: its results, or that a guard stops it. Of indices without one it says "position". */
function outcome(kernel: Kernel, u: readonly number[]): string {
  try {
    return interpretKernel(kernel, [u]).map(String).join(";");
  } catch (problem) {
    if (!(problem instanceof KernelFault)) throw problem;
    return / index -?\d+/.test(problem.message) ? "outside" : problem.message;
  }
}

function guards(kernel: Kernel): number {
  return JSON.stringify(kernel.body).split('"kind":"within"').length - 1;
}

test("what is proven never leaves an array, what is refused always does, and nothing else changes", () => {
  const inputs = [
    [3, 1, 2, 5, 4],
    [-1, -2, -3, -4, -5],
  ];
  const counts = { proven: 0, kept: 0, refused: 0, failed: 0 };
  for (let seed = 1; seed <= 2500; seed++) {
    const kernel = new Writer(seed).kernel();
    expect(verifyKernel(kernel), `seed ${seed}`).toEqual([]);
    const { kernel: settled, findings } = settleBounds(kernel);
    expect(verifyKernel(settled), `seed ${seed}`).toEqual([]);
    counts.kept += guards(settled);
    counts.proven += guards(kernel) - guards(settled);
    for (const u of inputs) {
      const before = outcome(kernel, u);
      expect(outcome(settled, u), `seed ${seed}`).toBe(before);
      if (before === "outside") counts.failed++;
      if (findings.outside.size > 0) {
        counts.refused++;
        expect(before, `seed ${seed} is refused`).toBe("outside");
      }
    }
  }
  // The kernels are of all kinds, and the analysis decides many.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(500);
});
