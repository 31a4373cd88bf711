/**
 * Indices as sums of loop variables with whole coefficients: which elements of an array two accesses meet in, and which
 * arrays get each element once.
 */
import { blocksOf } from "./expression.ts";
import type { KernelExpression as Expression, KernelStatement as Statement } from "./kernel.ts";

type Loop = Extract<Statement, { kind: "for" | "reduce" }>;
type Store = Extract<Statement, { kind: "store" }>;
type Fill = Extract<Statement, { kind: "fill" }>;

/** constant + Σ coefficient · name */
interface Affine {
  readonly constant: number;
  readonly terms: ReadonlyMap<string, number>;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** Where a statement that writes an array stands. */
interface Write<S extends Store | Fill> {
  readonly statement: S;
  /** The loops around it, outermost first. */
  readonly loops: readonly Statement[];
  /** The sides of choices that it stands on, outermost first. */
  readonly sides: readonly { readonly choice: Statement; readonly side: number }[];
}

export class Indices {
  private readonly ranges = new Map<string, Range>();
  /** What names that never change stand for. */
  private readonly definitions = new Map<string, Expression>();
  private readonly stores = new Map<string, Write<Store>[]>();
  private readonly fills = new Map<string, Write<Fill>[]>();
  private readonly once = new Map<string, Expression | undefined>();

  /** `rounds` is how many rounds a loop takes at most. */
  constructor(body: readonly Statement[], rounds: (loop: Loop) => number) {
    this.visit(body, rounds, [], []);
  }

  private visit(
    body: readonly Statement[],
    rounds: (loop: Loop) => number,
    loops: Write<Store>["loops"],
    sides: Write<Store>["sides"],
  ): void {
    for (const s of body) {
      if (s.kind === "declare" && !s.mutable && s.type === "i32") this.definitions.set(s.name, s.value);
      if (s.kind === "store") push(this.stores, s.array, { statement: s, loops, sides });
      if (s.kind === "fill") push(this.fills, s.array, { statement: s, loops, sides });
      if (s.kind === "for" || s.kind === "reduce") this.ranges.set(s.variable, this.rangeOf(s, rounds(s)));
      const inner = s.kind === "for" || s.kind === "while" ? [...loops, s] : loops;
      blocksOf(s).forEach((block, side) => {
        this.visit(block, rounds, inner, s.kind === "if" ? [...sides, { choice: s, side }] : sides);
      });
    }
  }

  private rangeOf(loop: Loop, rounds: number): Range {
    const [from, to] = [loop.from, loop.to].map((e) => {
      const affine = this.affine(e);
      return affine === undefined ? ANYWHERE : this.span(affine);
    });
    return { low: from!.low, high: Math.min(to!.high - 1, from!.high + rounds - 1) };
  }

  /** The values of a sum whose names take theirs independently of one another. */
  private span({ constant, terms }: Affine): Range {
    let [low, high] = [constant, constant];
    for (const [name, coefficient] of terms) {
      const range = this.ranges.get(name) ?? ANYWHERE;
      low += Math.min(coefficient * range.low, coefficient * range.high);
      high += Math.max(coefficient * range.low, coefficient * range.high);
    }
    return { low, high };
  }

  /** Undefined for what is no such sum of loop variables. */
  private affine(e: Expression): Affine | undefined {
    if (e.kind === "constant") return { constant: e.value, terms: new Map() };
    if (e.kind === "within") return this.affine(e.operand);
    if (e.kind === "variable") {
      const definition = this.definitions.get(e.name);
      if (definition !== undefined) return this.affine(definition);
      return this.ranges.has(e.name) ? { constant: 0, terms: new Map([[e.name, 1]]) } : undefined;
    }
    if (e.kind !== "binary" || e.type !== "i32") return undefined;
    const [a, b] = [this.affine(e.left), this.affine(e.right)];
    if (a === undefined || b === undefined) return undefined;
    if (e.operator === "add") return combine(a, b, 1);
    if (e.operator === "subtract") return combine(a, b, -1);
    if (e.operator !== "multiply") return undefined;
    if (a.terms.size === 0) return combine(NOTHING, b, a.constant);
    return b.terms.size === 0 ? combine(NOTHING, a, b.constant) : undefined;
  }

  /**
   * Whether two indices are surely different, where names outside of `apart` have the same value in both and those in
   * it any.
   */
  differ(a: Expression, b: Expression, apart: ReadonlySet<string>): boolean {
    const [first, second] = [this.affine(a), this.affine(b)];
    if (first === undefined || second === undefined) return false;
    const moved = (affine: Affine): Affine => ({
      constant: 0,
      terms: new Map([...affine.terms].filter(([name]) => apart.has(name))),
    });
    const same = (affine: Affine): Affine => ({
      constant: affine.constant,
      terms: new Map([...affine.terms].filter(([name]) => !apart.has(name))),
    });
    const shared = this.span(combine(same(first), same(second), -1));
    const [left, right] = [this.span(moved(first)), this.span(moved(second))];
    return shared.low + left.low - right.high > 0 || shared.high + left.high - right.low < 0;
  }

  /**
   * The constant that an array is filled with before each of its elements is written at most once; undefined where that
   * is not known.
   */
  writtenOnce(array: string): Expression | undefined {
    if (!this.once.has(array)) this.once.set(array, this.findOnce(array));
    return this.once.get(array);
  }

  private findOnce(array: string): Expression | undefined {
    const [fills, stores] = [this.fills.get(array) ?? [], this.stores.get(array) ?? []];
    const [fill] = fills;
    if (fill === undefined || fills.length > 1 || fill.statement.value.kind !== "constant") return undefined;
    const within = stores.every(
      ({ loops, sides }) =>
        fill.loops.every((loop, i) => loops[i] === loop) && fill.sides.every((each, i) => sides[i]?.side === each.side),
    );
    const outer = fill.loops.length;
    const apart = stores.every((store, i) => {
      const others = stores.slice(i + 1);
      return this.isInjective(store, outer) && others.every((other) => this.apart(store, other, outer));
    });
    return within && apart ? fill.statement.value : undefined;
  }

  /** Whether a store hits another element in each round of the loops beyond the first `outer` ones. */
  private isInjective({ statement, loops }: Write<Store>, outer: number): boolean {
    const affine = this.affine(statement.index);
    const inner = loops.slice(outer);
    if (affine === undefined || inner.some((loop) => loop.kind !== "for")) return false;
    const steps = inner.flatMap((loop) => {
      const variable = loop.kind === "for" ? loop.variable : "";
      const { low, high } = this.ranges.get(variable)!;
      return high > low ? [{ step: Math.abs(affine.terms.get(variable) ?? 0), width: high - low }] : [];
    });
    let covered = 0;
    for (const { step, width } of steps.sort((a, b) => a.step - b.step)) {
      if (step <= covered) return false;
      covered += step * width;
    }
    return true;
  }

  /** Whether two stores, each injective, never hit the same element in one round of the first `outer` loops. */
  private apart(a: Write<Store>, b: Write<Store>, outer: number): boolean {
    const variables = [...a.loops.slice(outer), ...b.loops.slice(outer)].flatMap((loop) =>
      loop.kind === "for" ? [loop.variable] : [],
    );
    const [first, second] = [a.statement.index, b.statement.index];
    if (this.differ(first, second, new Set(variables))) return true;
    // The two sides of one choice, writing to the same place.
    const exclusive = a.sides.some(({ choice, side }) =>
      b.sides.some((other) => other.choice === choice && other.side !== side),
    );
    const sameLoops = a.loops.length === b.loops.length && a.loops.every((loop, i) => loop === b.loops[i]);
    return exclusive && sameLoops && JSON.stringify(first) === JSON.stringify(second);
  }
}

const ANYWHERE: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
const NOTHING: Affine = { constant: 0, terms: new Map() };

/** a + factor · b */
function combine(a: Affine, b: Affine, factor: number): Affine {
  const terms = new Map(a.terms);
  for (const [name, coefficient] of b.terms) {
    const sum = (terms.get(name) ?? 0) + factor * coefficient;
    if (sum === 0) terms.delete(name);
    else terms.set(name, sum);
  }
  return { constant: a.constant + factor * b.constant, terms };
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
