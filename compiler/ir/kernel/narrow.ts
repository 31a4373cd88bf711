/** What a condition that holds says about the variables in it: `i + 1 < n` puts an end to i. */
import { type Interval, meet } from "./interval.ts";
import type { KernelExpression as Expression } from "./kernel.ts";

/** What the scalars of one place may be; of one that is missing nothing is known. */
export type State = Map<string, Interval>;

type Binary = Extract<Expression, { kind: "binary" }>;

/** Definitions are followed so far: `let a = b and b` doubles the work each time. */
const DEEPEST = 6;

export class Narrowing {
  /** The values of names that stand for the same value wherever they are seen. */
  readonly definitions = new Map<string, Expression>();
  private readonly look: (e: Expression, state: State) => Interval;

  constructor(look: (e: Expression, state: State) => Interval) {
    this.look = look;
  }

  /** Changes `state` to one in which `e` holds (or does not); undefined where that cannot be. */
  assume(e: Expression, holds: boolean, state: State, depth = 0): State | undefined {
    const value = this.look(e, state);
    if (holds ? value.high === 0 : value.low === 1) return undefined;
    if (e.kind === "variable") {
      const known = meet(value, holds ? 1 : 0, holds ? 1 : 0);
      if (known !== undefined) state.set(e.name, known);
      const definition = this.definitions.get(e.name);
      if (definition === undefined || depth >= DEEPEST) return state;
      return this.assume(definition, holds, state, depth + 1);
    }
    if (e.kind === "unary" && e.operator === "not") return this.assume(e.operand, !holds, state, depth);
    if (e.kind !== "binary") return state;
    if (e.operator === "and" || e.operator === "or") {
      // Only where both sides are decided: an `and` that holds, an `or` that does not.
      if ((e.operator === "and") !== holds) return state;
      const left = this.assume(e.left, holds, state, depth);
      return left && this.assume(e.right, holds, left, depth);
    }
    return this.compare(e, holds, state, depth);
  }

  private compare(e: Binary, holds: boolean, state: State, depth: number): State | undefined {
    const { left, right } = e;
    if (left.type !== "i32") return state;
    const [a, b] = [this.look(left, state), this.look(right, state)];
    const [below, above] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    const both = (low: readonly [number, number], high: readonly [number, number]) =>
      this.limit(left, low[0], low[1], state, depth) && this.limit(right, high[0], high[1], state, depth)
        ? state
        : undefined;
    switch (holds ? e.operator : NEGATED[e.operator]) {
      case "less":
        return both([below, b.high - 1], [a.low + 1, above]);
      case "less-equal":
        return both([below, b.high], [a.low, above]);
      case "greater":
        return both([b.low + 1, above], [below, a.high - 1]);
      case "greater-equal":
        return both([b.low, above], [below, a.high]);
      case "equal":
        return both([b.low, b.high], [a.low, a.high]);
      case "not-equal":
        return both(without(a, b), without(b, a));
      default:
        return state;
    }
  }

  /** Keeps the integer `e` within `low` and `high`; false where that leaves nothing. */
  limit(e: Expression, low: number, high: number, state: State, depth = 0): boolean {
    const value = this.look(e, state);
    if (low <= value.low && value.high <= high) return true;
    const narrower = meet(value, low, high);
    if (narrower === undefined) return false;
    if (e.kind === "within") return this.limit(e.operand, low, high, state, depth);
    if (e.kind === "variable") {
      state.set(e.name, narrower);
      const definition = this.definitions.get(e.name);
      if (definition === undefined || depth >= DEEPEST) return true;
      return this.limit(definition, low, high, state, depth + 1);
    }
    if (e.kind !== "binary" || e.type !== "i32") return true;
    const [a, b] = [this.look(e.left, state), this.look(e.right, state)];
    if (e.operator === "add") {
      const left = this.limit(e.left, low - b.high, high - b.low, state, depth);
      return left && this.limit(e.right, low - a.high, high - a.low, state, depth);
    }
    if (e.operator === "subtract") {
      const left = this.limit(e.left, low + b.low, high + b.high, state, depth);
      return left && this.limit(e.right, a.low - high, a.high - low, state, depth);
    }
    if (e.operator === "multiply" && b.low === b.high && b.low > 0) {
      return this.limit(e.left, Math.ceil(low / b.low), Math.floor(high / b.low), state, depth);
    }
    return true;
  }
}

const NEGATED: Readonly<Partial<Record<Binary["operator"], Binary["operator"]>>> = {
  less: "greater-equal",
  "less-equal": "greater",
  greater: "less-equal",
  "greater-equal": "less",
  equal: "not-equal",
  "not-equal": "equal",
};

/** The limits of `a` when it is not the one number that `b` is. */
function without(a: Interval, b: Interval): readonly [number, number] {
  if (b.low !== b.high) return [a.low, a.high];
  return [a.low === b.low ? a.low + 1 : a.low, a.high === b.low ? a.high - 1 : a.high];
}
