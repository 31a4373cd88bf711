/** Random kernels over reals: parallel loops, sums and extremes, conditions, several arrays and tables. */
import type {
  KernelExpression as Expression,
  Kernel,
  KernelBinary,
  KernelUnary,
  KernelStatement as Statement,
} from "../../compiler/ir/kernel/kernel.ts";
import { random } from "../tensor/harness.ts";

const SIZE = 7;
const whole = (value: number): Expression => ({ kind: "constant", value, type: "i32" });
const real = (value: number): Expression => ({ kind: "constant", value, type: "f32" });
const variable = (name: string, type: "i32" | "f32" | "bool"): Expression => ({ kind: "variable", name, type });
const load = (array: string, index: Expression, type: "i32" | "f32" = "f32"): Expression => ({
  kind: "load",
  array,
  index,
  type,
});
const binary = (operator: KernelBinary, left: Expression, right: Expression, type = left.type): Expression => ({
  kind: "binary",
  operator,
  left,
  right,
  type,
});

const flat = (row: Expression, column: Expression) => binary("add", binary("multiply", row, whole(SIZE)), column);

/** Two inputs `u` and `v`, outputs `x` and `y`, each of `SIZE` reals; a matrix `w` and a permutation `ends`. */
export function randomKernel(seed: number): Kernel {
  const writer = new Writer(seed);
  const array = (name: string, length = SIZE) => ({ name, element: "f32", shape: [length] }) as const;
  return {
    name: "random",
    inputs: [array("u"), array("v")],
    outputs: [array("x"), array("y")],
    scratch: [array("w", SIZE * SIZE)],
    tables: [{ name: "ends", element: "i32", values: [2, 0, 3, 1, 6, 5, 4] }],
    body: [
      { kind: "fill", array: "w", value: real(0.5) },
      ...["x", "y"].map((name): Statement => ({ kind: "fill", array: name, value: real(0) })),
      ...writer.block(2),
      ...["x", "y"].map(
        (name): Statement => ({ kind: "store", array: name, index: whole(3), value: load("w", whole(8)) }),
      ),
    ],
  };
}

class Writer {
  private readonly next: () => number;
  private names = 0;
  private reals: string[] = [];
  private indices: string[] = [];

  constructor(seed: number) {
    this.next = random(seed);
  }

  block(depth: number): Statement[] {
    const [reals, indices] = [[...this.reals], [...this.indices]];
    const statements = Array.from({ length: 2 + this.below(3) }, () => this.statement(depth));
    [this.reals, this.indices] = [reals, indices];
    return statements;
  }

  private below(n: number): number {
    return Math.floor(this.next() * n);
  }

  private pick<T>(...options: readonly T[]): T {
    return options[this.below(options.length)]!;
  }

  private fresh(prefix: string): string {
    return `${prefix}${this.names++}`;
  }

  private statement(depth: number): Statement {
    if (depth === 0) return this.declare();
    switch (this.below(6)) {
      case 0:
        return this.declare();
      case 1:
        return this.reduce();
      case 2:
        return {
          kind: "if",
          condition: this.condition(),
          consequent: this.block(depth - 1),
          alternative: this.block(depth - 1),
        };
      case 3:
        return this.loop(false, () => this.block(depth - 1));
      default:
        return this.parallel();
    }
  }

  private declare(without?: string): Statement {
    const value = this.real(3, without);
    const name = this.fresh("r");
    this.reals.push(name);
    return { kind: "declare", name, type: "f32", mutable: false, value };
  }

  private loop(parallel: boolean, body: () => Statement[]): Statement {
    const name = this.fresh("i");
    const from = this.below(3);
    const to = this.below(SIZE + 1);
    this.indices.push(name);
    const inside = body();
    this.indices.pop();
    const reversed = this.below(3) === 0;
    return { kind: "for", variable: name, from: whole(from), to: whole(to), reversed, parallel, body: inside };
  }

  /** Rounds that write elements of their own, of an array that they do not read. */
  private parallel(): Statement {
    const array = this.pick("x", "y", "w");
    return this.loop(true, () => {
      const reals = [...this.reals];
      const declared = Array.from({ length: this.below(3) }, () => this.declare(array));
      const value = this.real(3, array);
      this.reals = reals;
      const round = variable(this.indices.at(-1)!, "i32");
      const other = whole(this.below(SIZE));
      const inMatrix = this.pick(flat(other, round), flat(round, other));
      const index = array === "w" ? inMatrix : this.pick(round, load("ends", round, "i32"));
      return [...declared, { kind: "store", array, index, value }];
    });
  }

  private reduce(): Statement {
    const name = this.fresh("r");
    const index = this.fresh("i");
    this.indices.push(index);
    const value = this.real(3);
    const condition = this.below(3) === 0 ? this.condition() : undefined;
    this.indices.pop();
    this.reals.push(name);
    return {
      kind: "reduce",
      name,
      operator: this.pick("sum", "min", "max"),
      variable: index,
      from: whole(this.below(3)),
      to: whole(this.below(SIZE + 1)),
      ...(condition === undefined ? {} : { condition }),
      value,
      type: "f32",
    };
  }

  private index(): Expression {
    return this.indices.length === 0 || this.below(4) === 0
      ? whole(this.below(SIZE))
      : variable(this.pick(...this.indices), "i32");
  }

  private condition(): Expression {
    const [a, b] = [this.real(1), this.real(1)];
    const compared = binary(this.pick("less", "greater-equal", "equal", "not-equal"), a, b, "bool");
    const indices = binary(this.pick("less-equal", "greater"), this.index(), this.index(), "bool");
    return this.pick(compared, indices, binary(this.pick("and", "or"), compared, indices), {
      kind: "unary",
      operator: "not",
      operand: compared,
      type: "bool",
    });
  }

  /** A real that does not read `without`. */
  private real(depth: number, without?: string): Expression {
    const place = () =>
      this.pick(
        load(this.pick("u", "v"), this.index()),
        load(this.pick("u", "v"), load("ends", this.index(), "i32")),
        ...(without === "w" ? [] : [load("w", flat(this.index(), this.index()))]),
      );
    if (depth === 0 || this.below(5) === 0) {
      return this.pick(
        real(this.pick(-1.5, 0.25, 2)),
        place(),
        place(),
        ...(this.reals.length === 0 ? [] : [variable(this.pick(...this.reals), "f32")]),
        { kind: "unary", operator: "to-f32", operand: this.index(), type: "f32" },
      );
    }
    const operand = () => this.real(depth - 1, without);
    switch (this.below(4)) {
      case 0: {
        const operator: KernelUnary = this.pick("negate", "abs", "floor", "detach", "expm1", "exp");
        // What grows is kept small.
        const inside = operator === "exp" || operator === "expm1" ? binary("min", operand(), real(3)) : operand();
        return { kind: "unary", operator, operand: inside, type: "f32" };
      }
      case 1:
        return {
          kind: "select",
          condition: this.condition(),
          consequent: operand(),
          alternative: operand(),
          type: "f32",
        };
      default:
        return binary(this.pick<KernelBinary>("add", "subtract", "multiply", "min", "max"), operand(), operand());
    }
  }
}
