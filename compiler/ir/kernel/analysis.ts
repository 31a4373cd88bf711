/**
 * Runs a kernel on intervals instead of numbers (abstract interpretation): loops go round until nothing grows any more,
 * conditions narrow what they speak of, and an array of integers is one interval for all of its elements.
 */
import {
  anything,
  between,
  binaryInterval,
  contains,
  exactly,
  type Interval,
  isConstant,
  join,
  meet,
  truth,
  unaryInterval,
  widen,
} from "./interval.ts";
import type { KernelExpression as Expression, Kernel, KernelStatement as Statement } from "./kernel.ts";
import { assignedIn, breaks, counterOf, isLasting } from "./loops.ts";
import { Narrowing, type State } from "./narrow.ts";

export type Within = Extract<Expression, { kind: "within" }>;
type Loop = Extract<Statement, { kind: "for" | "reduce" }>;

/** What a run on intervals has found. */
export interface Findings {
  /** Whether all was looked at; if not, nothing is known. Of what was never reached there is nothing to know. */
  readonly complete: boolean;
  /** Indices that may leave their arrays. */
  readonly doubtful: ReadonlySet<Expression>;
  /** Indices that surely leave their arrays in every run, with all that they are. */
  readonly outside: ReadonlyMap<Within, Interval>;
  /** At most so many rounds of each loop, each time that it is reached. */
  readonly rounds: ReadonlyMap<Statement, number>;
  /** Loops that surely take more rounds, those of the loops around them included, than LONGEST_NEST. */
  readonly endless: ReadonlyMap<Statement, number>;
}

/** Rounds of loops inside of one another that no kernel surely takes in earnest. */
export const LONGEST_NEST = 1e9;
/** Rounds of a loop, and of everything for the contents of arrays, after which what still grows has no end. */
const PATIENCE = 3;
/** Statements to look at before giving up: loops inside of loops take a multiple of time for each level. */
const MOST_VISITS = 100_000;

/** Thrown when a kernel takes too long to analyse: then nothing is known about it. */
class Exhausted extends Error {}

export class Analysis {
  private readonly kernel: Kernel;
  private readonly narrowing: Narrowing;
  private readonly mutable = new Set<string>();
  /** What the arrays of integers hold, all elements of one together. */
  private contents = new Map<string, Interval>();
  private grown = false;
  private breaks: State[] = [];
  private visits = 0;
  /** Loops around that are not settled yet: what happens in them is not for keeps. */
  private trials = 0;
  /** Only the last run, with the contents of arrays settled, is recorded. */
  private last = false;
  /** Whether the present statement is surely reached. */
  private certain = true;
  /** Rounds that the loops around surely take. */
  private nest = 1;
  private readonly doubtful = new Set<Expression>();
  private readonly outside = new Map<Within, Interval>();
  private readonly rounds = new Map<Statement, number>();
  private readonly endless = new Map<Statement, number>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.narrowing = new Narrowing((e, state) => this.value(e, state));
    for (const array of [...kernel.inputs, ...kernel.outputs, ...kernel.scratch]) {
      // Memory starts at zero; floating-point numbers may be anything.
      const held = array.element === "f32" ? anything : exactly(0);
      this.contents.set(array.name, array.element === "bool" ? truth : held);
    }
    for (const array of kernel.inputs) {
      if (array.element === "i32") this.contents.set(array.name, between(-(2 ** 31), 2 ** 31 - 1));
    }
    for (const { name, values } of kernel.tables) {
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
      this.contents.set(name, values.length === 0 ? exactly(0) : between(low, high));
    }
  }

  run(): Findings {
    const { doubtful, rounds, outside, endless } = this;
    try {
      this.settle();
    } catch (problem) {
      if (!(problem instanceof Exhausted)) throw problem;
      return { complete: false, doubtful, outside: new Map(), rounds, endless: new Map() };
    }
    return { complete: true, doubtful, outside, rounds, endless };
  }

  /** Until the arrays hold no more than was thought; then once again for the record. */
  private settle(): void {
    for (let round = 0; ; round++) {
      const before = new Map(this.contents);
      this.grown = false;
      this.block(this.kernel.body, new Map());
      if (!this.grown) break;
      if (round < PATIENCE) continue;
      for (const [name, interval] of this.contents) this.contents.set(name, widen(before.get(name)!, interval));
    }
    this.last = true;
    this.block(this.kernel.body, new Map());
  }

  /** The state after `body`; undefined where its end is not reached. */
  private block(body: readonly Statement[], state: State): State | undefined {
    let current: State | undefined = state;
    for (const statement of body) {
      if (current === undefined) return undefined;
      if (++this.visits > MOST_VISITS) throw new Exhausted();
      current = this.statement(statement, current);
    }
    return current;
  }

  private statement(s: Statement, state: State): State | undefined {
    switch (s.kind) {
      case "declare":
        state.set(s.name, this.evaluate(s.value, state));
        if (s.mutable) this.mutable.add(s.name);
        else if (isLasting(s.value, this.mutable)) this.narrowing.definitions.set(s.name, s.value);
        return state;
      case "assign":
        state.set(s.name, this.evaluate(s.value, state));
        return state;
      case "store":
        this.evaluate(s.index, state);
        this.put(s.array, this.evaluate(s.value, state));
        return state;
      case "fill":
        this.put(s.array, this.evaluate(s.value, state));
        return state;
      case "if":
        return this.branch(s, state);
      case "for":
        return this.loop(s, state);
      case "while":
        return this.whileLoop(s, state);
      case "reduce":
        return this.reduce(s, state);
      case "check":
        this.evaluate(s.condition, state);
        return this.narrowing.assume(s.condition, true, state);
      case "break":
        this.breaks.push(state);
        return undefined;
    }
  }

  private get recording(): boolean {
    return this.last && this.trials === 0;
  }

  private put(array: string, value: Interval): void {
    if (this.trials > 0) return;
    const held = this.contents.get(array)!;
    if (contains(held, value)) return;
    this.contents.set(array, join(held, value));
    this.grown = true;
  }

  private branch(s: Extract<Statement, { kind: "if" }>, state: State): State | undefined {
    const condition = this.evaluate(s.condition, state);
    const sides = ([true, false] as const).map((holds) => {
      if (isConstant(condition) && (condition.low !== 0) !== holds) return undefined;
      const inner = this.narrowing.assume(s.condition, holds, new Map(state));
      const body = holds ? s.consequent : s.alternative;
      return inner && this.perhaps(!isConstant(condition), () => this.block(body, inner));
    });
    return joinStates(sides[0], sides[1]);
  }

  /** What `work` sees may never happen, if `doubt`. */
  private perhaps<T>(doubt: boolean, work: () => T, nest = this.nest): T {
    const [certain, outer] = [this.certain, this.nest];
    this.certain &&= !doubt;
    this.nest = nest;
    const result = work();
    this.certain = certain;
    this.nest = outer;
    return result;
  }

  private loop(s: Extract<Statement, { kind: "for" }>, state: State): State | undefined {
    const { variable, sure, least } = this.range(s, state);
    const broken = breaks(s.body);
    const fixed = broken && variable !== undefined ? { ...variable, takenBy: undefined } : variable;
    const body = (head: State) => {
      if (fixed === undefined) return undefined;
      head.set(s.variable, fixed);
      return this.block(s.body, head);
    };
    const nest = this.nest * (broken ? 1 : Math.max(1, least));
    return this.perhaps(broken || !sure, () => this.rounded(s.body, state, body), nest).after;
  }

  /** The values of a loop's variable, if any; whether there surely are some; how many there are at least. */
  private range(s: Loop, state: State) {
    const [from, to] = [this.evaluate(s.from, state), this.evaluate(s.to, state)];
    const most = Math.max(0, to.high - from.low);
    const least = Math.max(0, to.low - from.high);
    if (this.recording) {
      this.rounds.set(s, Math.max(most, this.rounds.get(s) ?? 0));
      const surely = this.certain && this.nest * least > LONGEST_NEST && !(s.kind === "for" && breaks(s.body));
      if (surely && Number.isFinite(least)) this.endless.set(s, this.nest * least);
    }
    const ends = binaryInterval("subtract", to, from, true).takenBy;
    const variable = most > 0 ? between(from.low, to.high - 1, ends && new Set([...ends, s.variable])) : undefined;
    return { variable, sure: least > 0, least };
  }

  private whileLoop(s: Extract<Statement, { kind: "while" }>, state: State): State | undefined {
    const body = (head: State) => {
      this.evaluate(s.condition, head);
      const inner = this.narrowing.assume(s.condition, true, head);
      return inner && this.block(s.body, inner);
    };
    if (this.recording) this.rounds.set(s, Math.max(this.countable(s, state), this.rounds.get(s) ?? 0));
    const { head, broken } = this.perhaps(true, () => this.rounded(s.body, state, body));
    return joinStates(this.narrowing.assume(s.condition, false, head), broken);
  }

  /** Rounds of a while at most: known where each moves a variable towards what it is compared with. */
  private countable({ condition, body }: Extract<Statement, { kind: "while" }>, state: State): number {
    const counter = counterOf(condition, body);
    if (counter === undefined) return Number.POSITIVE_INFINITY;
    const [start, limit] = [state.get(counter.name) ?? anything, this.value(counter.limit, state)];
    const way = counter.step < 0 ? start.high - limit.low : limit.high - start.low;
    return Math.max(0, way / Math.abs(counter.step) + 1);
  }

  /**
   * Goes round a loop until its head's state holds for every round. `head` is that state, `broken` the one after a
   * break, `after` both together.
   */
  private rounded(statements: readonly Statement[], state: State, body: (head: State) => State | undefined) {
    const outer = this.breaks;
    const assigned = assignedIn(statements);
    this.trials++;
    let head = state;
    for (let round = 0; assigned.size > 0; round++) {
      this.breaks = [];
      const next = joinStates(state, body(new Map(head)))!;
      const settled = [...assigned].every((name) => contains(head.get(name) ?? anything, next.get(name) ?? anything));
      if (settled) {
        // What was given up to infinity may come back from conditions.
        head = next;
        break;
      }
      const before = head;
      head = new Map(state);
      for (const name of assigned) {
        const [known, found] = [before.get(name), next.get(name)];
        if (known === undefined || found === undefined) head.delete(name);
        else head.set(name, round < PATIENCE ? join(known, found) : widen(known, found));
      }
    }
    this.trials--;
    this.breaks = [];
    const last = body(new Map(head));
    const broken = this.breaks.reduce<State | undefined>(joinStates, undefined);
    this.breaks = outer;
    const settled = joinStates(joinStates(state, last), head)!;
    return { head: settled, broken, after: joinStates(settled, broken) };
  }

  private reduce(s: Extract<Statement, { kind: "reduce" }>, state: State): State {
    const { variable, sure } = this.range(s, state);
    let value = anything;
    if (variable !== undefined) {
      const inner: State = new Map(state);
      inner.set(s.variable, variable);
      this.perhaps(!sure, () => {
        if (s.condition !== undefined) this.evaluate(s.condition, inner);
        const chosen = s.condition === undefined ? inner : this.narrowing.assume(s.condition, true, inner);
        if (chosen !== undefined) {
          value = this.perhaps(s.condition !== undefined, () => this.evaluate(s.value, chosen));
        }
      });
    }
    state.set(s.name, this.reduced(s, variable, sure && s.condition === undefined, value));
    return state;
  }

  /** Of nothing a sum is 0, a position −1, and an extreme no number to speak of. */
  private reduced(s: Loop, variable: Interval | undefined, some: boolean, value: Interval): Interval {
    if (s.kind !== "reduce") return anything;
    switch (s.operator) {
      case "argmax":
      case "argmin": {
        if (variable === undefined) return exactly(-1);
        return between(some ? variable.low : Math.min(-1, variable.low), variable.high);
      }
      case "min":
      case "max":
        return some ? { ...value, takenBy: undefined } : anything;
      case "sum":
        return anything;
    }
  }

  /** The value of an expression, with its indices looked at; what they say about variables goes into the state. */
  private evaluate(e: Expression, state: State): Interval {
    switch (e.kind) {
      case "constant":
      case "variable":
        return this.value(e, state);
      case "load":
        this.evaluate(e.index, state);
        return this.contents.get(e.array)!;
      case "unary":
        return unaryInterval(e.operator, this.evaluate(e.operand, state));
      case "binary": {
        const left = this.evaluate(e.left, state);
        if (e.operator !== "and" && e.operator !== "or") {
          return binaryInterval(e.operator, left, this.evaluate(e.right, state), e.type === "i32");
        }
        // The right side is evaluated only where the left does not decide.
        const inner = this.narrowing.assume(e.left, e.operator === "and", new Map(state));
        if (inner === undefined) return left;
        return binaryInterval(
          e.operator,
          left,
          this.perhaps(true, () => this.evaluate(e.right, inner)),
          false,
        );
      }
      case "select": {
        this.evaluate(e.condition, state);
        const sides = ([true, false] as const).flatMap((holds) => {
          const inner = this.narrowing.assume(e.condition, holds, new Map(state));
          const side = holds ? e.consequent : e.alternative;
          return inner === undefined ? [] : [this.perhaps(true, () => this.evaluate(side, inner))];
        });
        return sides.length === 0 ? anything : sides.reduce(join);
      }
      case "within":
        return this.index(e, state);
    }
  }

  private index(e: Within, state: State): Interval {
    const index = this.evaluate(e.operand, state);
    const inside = index.low >= 0 && index.high < e.length;
    if (this.recording && !inside) {
      this.doubtful.add(e);
      const surely = index.takenBy !== undefined || index.high < 0 || index.low >= e.length;
      if (surely && this.certain) this.outside.set(e, index);
    }
    // Behind the guard it is inside.
    this.narrowing.limit(e.operand, 0, e.length - 1, state);
    return meet(index, 0, e.length - 1) ?? anything;
  }

  /** The value of an expression alone. */
  private value(e: Expression, state: State): Interval {
    switch (e.kind) {
      case "constant":
        return exactly(e.value);
      case "variable":
        return state.get(e.name) ?? (e.type === "bool" ? truth : anything);
      case "load":
        return this.contents.get(e.array)!;
      case "unary":
        return unaryInterval(e.operator, this.value(e.operand, state));
      case "binary":
        return binaryInterval(e.operator, this.value(e.left, state), this.value(e.right, state), e.type === "i32");
      case "select": {
        const sides = ([true, false] as const).flatMap((holds) => {
          const inner = this.narrowing.assume(e.condition, holds, new Map(state));
          return inner === undefined ? [] : [this.value(holds ? e.consequent : e.alternative, inner)];
        });
        return sides.length === 0 ? anything : sides.reduce(join);
      }
      case "within":
        return meet(this.value(e.operand, state), 0, e.length - 1) ?? anything;
    }
  }
}

function joinStates(a: State | undefined, b: State | undefined): State | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const joined: State = new Map();
  for (const [name, interval] of a) {
    const other = b.get(name);
    if (other !== undefined) joined.set(name, join(interval, other));
  }
  return joined;
}
