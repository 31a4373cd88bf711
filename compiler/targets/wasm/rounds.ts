/** Which loops of kernel IR can run several rounds at once, and what is the same in all rounds. */
import { partsOf, readBy } from "../../ir/kernel/expression.ts";
import type {
  KernelExpression as Expression,
  ScalarType,
  KernelStatement as Statement,
} from "../../ir/kernel/kernel.ts";

export type Reduction = Extract<Statement, { kind: "reduce" }>;
export type Loop = Extract<Statement, { kind: "for" }>;
export type Round = Extract<Statement, { kind: "declare" | "store" }>;

/** Operations and operands of a long round. */
const LONG = 80;

/** The rounds of a loop that do not depend on one another, and only compute and store numbers. */
export class Rounds {
  readonly loop: Loop | Reduction;
  readonly body: readonly Round[];
  private readonly elementOf: (array: string) => ScalarType;
  /** Scalars of a round, and arrays that rounds write. */
  private readonly declared = new Set<string>();
  private readonly stored = new Set<string>();

  /** Undefined where the loop must run a round at a time. */
  static of(loop: Loop | Reduction, elementOf: (array: string) => ScalarType): Rounds | undefined {
    const body = loop.kind === "for" ? statementsOf(loop) : [];
    if (body === undefined || loop.steps !== undefined) return undefined;
    const rounds = new Rounds(loop, body, elementOf);
    return rounds.apply() ? rounds : undefined;
  }

  private constructor(loop: Loop | Reduction, body: readonly Round[], elementOf: (array: string) => ScalarType) {
    this.loop = loop;
    this.body = body;
    this.elementOf = elementOf;
    for (const statement of body) {
      if (statement.kind === "declare") this.declared.add(statement.name);
      else this.stored.add(statement.array);
    }
  }

  /** Whether a round is so long that code for several of them would not pay. */
  isLong(): boolean {
    const { loop } = this;
    const values = loop.kind === "reduce" ? [loop.value] : this.body.map(({ value }) => value);
    return values.reduce((total, value) => total + sizeOf(value), 0) > LONG;
  }

  private apply(): boolean {
    const { loop } = this;
    if (loop.kind === "reduce") {
      const fits = loop.type === "f32" && loop.condition === undefined && this.isVector(loop.value);
      return fits && (loop.operator === "sum" || loop.operator === "max" || loop.operator === "min");
    }
    return this.body.every((s) =>
      s.kind === "declare"
        ? s.type === "f32" && this.isVector(s.value)
        : this.elementOf(s.array) === "f32" && this.isScalar(s.index) && this.isVector(s.value),
    );
  }

  /** The same in all rounds. */
  isInvariant(e: Expression): boolean {
    if (e.kind === "within" || (e.kind === "load" && this.stored.has(e.array))) return false;
    if (e.kind === "variable") return e.name !== this.loop.variable && !this.declared.has(e.name);
    return partsOf(e).every((part) => this.isInvariant(part));
  }

  /** An index that is computed for each round on its own, from what is known outside of the round. */
  private isScalar(e: Expression): boolean {
    return (
      e.kind !== "within" &&
      [...readBy(e)].every((name) => !this.declared.has(name)) &&
      partsOf(e).every((part) => this.isScalar(part))
    );
  }

  /**
   * `conditional` where not every round needs the value: what it loads may then lie anywhere, so that nothing is
   * loaded.
   */
  private isVector(e: Expression, conditional = false): boolean {
    if (e.kind === "load") {
      return (
        !conditional && e.type !== "bool" && this.isScalar(e.index) && (e.type === "f32" || !this.stored.has(e.array))
      );
    }
    const each = () => partsOf(e).every((part) => this.isVector(part, conditional));
    switch (e.kind) {
      case "constant":
        return true;
      case "variable":
        return e.type !== "bool" || this.isInvariant(e);
      case "unary":
        if (e.type === "i32" && e.operator !== "detach") return false;
        return each();
      case "binary":
        if (e.operator === "and" || e.operator === "or") {
          return this.isVector(e.left, conditional) && this.isVector(e.right, true);
        }
        if (e.operator === "power" || e.operator === "remainder") return false;
        return e.left.type !== "bool" && each();
      case "select":
        return (
          this.isVector(e.condition, conditional) &&
          this.isVector(e.consequent, true) &&
          this.isVector(e.alternative, true)
        );
      case "within":
        return false;
    }
  }
}

/** The statements of a loop, where they are all of a kind that vectors know. */
function statementsOf(loop: Loop): readonly Round[] | undefined {
  if (!loop.parallel || loop.reversed) return undefined;
  const rounds = loop.body.filter((s): s is Round => s.kind === "store" || (s.kind === "declare" && !s.mutable));
  return rounds.length === loop.body.length ? rounds : undefined;
}

function sizeOf(e: Expression): number {
  return partsOf(e).reduce((total, part) => total + sizeOf(part), 1);
}
