/**
 * Loops of kernel IR that run two rounds at once, on vectors of two f64: parallel ones whose body only computes and
 * stores numbers, and sums and extremes. What is the same in all rounds is computed before the loop.
 */
import type { KernelExpression as Expression, KernelBinary } from "../../ir/kernel/kernel.ts";

import type { Expressions } from "./expressions.ts";
import { Code, F64, I32, type Plain, V128 } from "./instructions.ts";
import type { Locals } from "./locals.ts";
import { type Loop, type Reduction, type Round, Rounds } from "./rounds.ts";
import { stride } from "./stride.ts";

const LANES = 2;
const BYTES = 8;
const SHIFT = 3;

const OPERATIONS: Readonly<Partial<Record<KernelBinary, Plain>>> = {
  add: "f64x2.add",
  subtract: "f64x2.sub",
  multiply: "f64x2.mul",
  divide: "f64x2.div",
};
const COMPARISONS: Readonly<Partial<Record<KernelBinary, Plain>>> = {
  equal: "f64x2.eq",
  "not-equal": "f64x2.ne",
  less: "f64x2.lt",
  "less-equal": "f64x2.le",
  greater: "f64x2.gt",
  "greater-equal": "f64x2.ge",
};

export class VectorLoop {
  private readonly rounds: Rounds;
  private readonly expressions: Expressions;
  private readonly locals: Locals;
  private readonly expOfTwo: number;
  private readonly vectors = new Map<string, number>();
  /** What is computed before the loop, and the locals that hold it. */
  private readonly prelude = new Code();
  private readonly hoisted = new Map<string, number>();
  /** A local: how many bytes the turn's first lane is beyond the first round. */
  private moved = 0;
  /** How many rounds the vector in hand is beyond the turn's first. */
  private ahead = 0;
  private variable = 0;

  /** Undefined where the loop must run a round at a time. */
  static of(
    loop: Loop | Reduction,
    expressions: Expressions,
    locals: Locals,
    expOfTwo: number,
  ): VectorLoop | undefined {
    const rounds = Rounds.of(loop, (array) => expressions.place(array).element);
    return rounds && new VectorLoop(rounds, expressions, locals, expOfTwo);
  }

  private constructor(rounds: Rounds, expressions: Expressions, locals: Locals, expOfTwo: number) {
    this.rounds = rounds;
    this.expressions = expressions;
    this.locals = locals;
    this.expOfTwo = expOfTwo;
  }

  // ── The loop ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs as many rounds as make whole vectors; `variable` holds the first that is left. */
  emit(code: Code, variable: number, end: number): void {
    const { loop } = this.rounds;
    this.variable = variable;
    this.moved = this.locals.fresh(I32);
    // Several vectors a turn: they share the arithmetic of addresses, and sums need not wait for one another.
    const vectors = this.rounds.isLong() ? 2 : 4;
    const sums = loop.kind === "for" ? [] : Array.from({ length: vectors }, () => this.locals.fresh(V128));
    const wide = this.turn(code.depth + 3, vectors, sums);
    const narrow = this.turn(code.depth + 3, 1, sums);
    this.ifMore(code, end, LANES, () => {
      code.integer(0).set(this.moved).append(this.prelude);
      if (loop.kind === "reduce") for (const sum of sums) this.splat(code.double(identity(loop))).set(sum);
      this.repeat(code, end, LANES * vectors, wide);
      this.repeat(code, end, LANES, narrow);
      if (loop.kind === "reduce") this.combine(code, loop, sums);
    });
  }

  private more(code: Code, end: number, rounds: number): Code {
    return code
      .get(this.variable)
      .integer(rounds - 1)
      .plain("i32.add")
      .get(end)
      .plain("i32.lt_s");
  }

  private ifMore(code: Code, end: number, rounds: number, work: () => void): void {
    this.more(code, end, rounds).choose(undefined, work);
  }

  /** As long as there are so many rounds. */
  private repeat(code: Code, end: number, rounds: number, body: Code): void {
    this.ifMore(code, end, rounds, () => {
      code.loop(() => {
        const again = code.depth;
        code.append(body);
        this.more(code, end, rounds).branch(again, true);
      });
    });
  }

  /** So many vectors of rounds; a reduction adds each to a sum of its own. */
  private turn(depth: number, vectors: number, sums: readonly number[]): Code {
    const inside = new Code(depth);
    for (let i = 0; i < vectors; i++) {
      this.ahead = LANES * i;
      this.round(inside, sums[i]);
    }
    this.ahead = 0;
    inside
      .get(this.variable)
      .integer(LANES * vectors)
      .plain("i32.add")
      .set(this.variable);
    inside
      .get(this.moved)
      .integer(LANES * vectors * BYTES)
      .plain("i32.add")
      .set(this.moved);
    return inside;
  }

  private splat(code: Code): Code {
    return code.plain("f64x2.splat");
  }

  /** Two rounds; a reduction adds them to `sum`. */
  private round(code: Code, sum: number | undefined): void {
    const { loop } = this.rounds;
    for (const s of this.rounds.body) {
      if (s.kind === "store") this.store(code, s);
      else {
        const local = this.vectors.get(s.name) ?? this.locals.fresh(V128);
        this.vectors.set(s.name, local);
        this.vector(code, s.value);
        code.set(local);
      }
    }
    if (loop.kind === "reduce" && sum !== undefined) {
      code.get(sum);
      this.vector(code, loop.value);
      code.plain(accumulation(loop)).set(sum);
    }
  }

  /** The vectors of a reduction become one number, which goes to its result. */
  private combine(code: Code, loop: Reduction, sums: readonly number[]): void {
    const [first, ...more] = sums as [number, ...number[]];
    const result = this.locals.named(loop.name);
    for (const other of more) code.get(first).get(other).plain(accumulation(loop)).set(first);
    code.get(first).plain("f64x2.extract_lane 0").set(result);
    const other = this.locals.fresh(F64);
    code.get(first).plain("f64x2.extract_lane 1").set(other);
    if (loop.operator === "sum") code.get(result).get(other).plain("f64.add").set(result);
    else {
      code.get(result).get(other).get(result).get(other);
      code.plain(loop.operator === "max" ? "f64.gt" : "f64.lt", "select").set(result);
    }
  }

  // ── Values ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Leaves the values of two rounds: numbers, integers as numbers, truth values as masks. */
  private vector(code: Code, e: Expression): void {
    if (this.rounds.isInvariant(e)) return this.invariant(code, e);
    switch (e.kind) {
      case "constant":
        throw new Error("a constant is the same in all rounds");
      case "variable":
        if (e.name === this.rounds.loop.variable) {
          this.splat(code.get(this.variable).plain("f64.convert_i32_s"));
          code.pair(this.ahead, this.ahead + 1).plain("f64x2.add");
        } else code.get(this.vectors.get(e.name)!);
        return;
      case "load":
        return this.load(code, e);
      case "unary":
        return this.unary(code, e);
      case "binary":
        return this.binary(code, e);
      case "select":
        this.vector(code, e.consequent);
        this.vector(code, e.alternative);
        this.vector(code, e.condition);
        code.plain("v128.bitselect");
        return;
      case "within":
        throw new Error("a guarded index is computed for each round");
    }
  }

  /** Computed once, before the loop. */
  private invariant(code: Code, e: Expression): void {
    if (e.kind === "constant" && e.type !== "bool") {
      code.pair(e.value, e.value);
      return;
    }
    const key = JSON.stringify(e);
    let local = this.hoisted.get(key);
    if (local === undefined) {
      local = this.locals.fresh(V128);
      this.hoisted.set(key, local);
      const { prelude } = this;
      if (e.type === "bool") prelude.integer(0);
      this.expressions.emit(prelude, e);
      if (e.type === "bool") prelude.plain("i32.sub", "i64.extend_i32_s", "i64x2.splat").set(local);
      else this.splat(e.type === "i32" ? prelude.plain("f64.convert_i32_s") : prelude).set(local);
    }
    code.get(local);
  }

  /** A local for the address of the first round's element; elements of later rounds follow it. */
  private pointer(array: string, index: Expression): number {
    const key = `${array} ${JSON.stringify(index)}`;
    let local = this.hoisted.get(key);
    if (local === undefined) {
      local = this.locals.fresh(I32);
      this.hoisted.set(key, local);
      this.expressions.emit(this.prelude, index);
      this.prelude.integer(SHIFT).plain("i32.shl").set(local);
    }
    return local;
  }

  private follows(index: Expression): boolean {
    return stride(index, this.rounds.loop.variable, (e) => this.rounds.isInvariant(e)) === 1;
  }

  private load(code: Code, e: Extract<Expression, { kind: "load" }>): void {
    if (e.type === "f32" && this.follows(e.index)) {
      code.get(this.pointer(e.array, e.index)).get(this.moved).plain("i32.add");
      code.memory("v128.load", this.expressions.place(e.array).offset + BYTES * this.ahead);
      return;
    }
    const number = () => {
      this.expressions.emit(code, e);
      if (e.type === "i32") code.plain("f64.convert_i32_s");
    };
    this.atLane(code, 0, number);
    this.splat(code);
    this.atLane(code, 1, number);
    code.plain("f64x2.replace_lane 1");
  }

  /** What `work` does, for one round of a vector. */
  private atLane(code: Code, lane: number, work: () => void): void {
    const by = this.ahead + lane;
    const step = (direction: Plain) => code.get(this.variable).integer(by).plain(direction).set(this.variable);
    if (by > 0) step("i32.add");
    work();
    if (by > 0) step("i32.sub");
  }

  private store(code: Code, s: Extract<Round, { kind: "store" }>): void {
    const { offset } = this.expressions.place(s.array);
    if (this.follows(s.index)) {
      code.get(this.pointer(s.array, s.index)).get(this.moved).plain("i32.add");
      this.vector(code, s.value);
      code.memory("v128.store", offset + BYTES * this.ahead);
      return;
    }
    const value = this.locals.fresh(V128);
    this.vector(code, s.value);
    code.set(value);
    const lane = (extraction: Plain) => {
      this.expressions.address(code, s.array, s.index);
      code.get(value).plain(extraction).memory("f64.store", offset);
    };
    this.atLane(code, 0, () => lane("f64x2.extract_lane 0"));
    this.atLane(code, 1, () => lane("f64x2.extract_lane 1"));
  }

  private unary(code: Code, { operator, operand }: Extract<Expression, { kind: "unary" }>): void {
    this.vector(code, operand);
    switch (operator) {
      case "negate":
      case "abs":
      case "sqrt":
      case "floor": {
        const name = operator === "negate" ? "neg" : operator;
        code.plain(`f64x2.${name}`);
        return;
      }
      case "not":
        code.plain("v128.not");
        return;
      case "exp":
        code.call(this.expOfTwo);
        return;
      case "log":
      case "log1p":
      case "expm1":
        return this.lanes(code, operator);
      case "to-f32":
      case "to-i32":
      case "detach":
        return;
    }
  }

  /** A function of the host's, for one lane after the other. */
  private lanes(code: Code, operator: "log" | "log1p" | "expm1"): void {
    const value = this.locals.fresh(V128);
    code.set(value).get(value).plain("f64x2.extract_lane 0");
    this.expressions.applyUnary(code, operator);
    this.splat(code).get(value).plain("f64x2.extract_lane 1");
    this.expressions.applyUnary(code, operator);
    code.plain("f64x2.replace_lane 1");
  }

  private binary(code: Code, { operator, left, right }: Extract<Expression, { kind: "binary" }>): void {
    // The smaller and the larger are the second where neither is, as in scalars: the instruction gives its first.
    const turned = operator === "min" || operator === "max";
    this.vector(code, turned ? right : left);
    this.vector(code, turned ? left : right);
    if (operator === "min") code.plain("f64x2.pmin");
    else if (operator === "max") code.plain("f64x2.pmax");
    else if (operator === "and") code.plain("v128.and");
    else if (operator === "or") code.plain("v128.or");
    else code.plain((OPERATIONS[operator] ?? COMPARISONS[operator])!);
  }
}

function identity({ operator }: Reduction): number {
  return operator === "sum" ? 0 : operator === "max" ? -1e300 : 1e300;
}

/** The item where it is beyond what there is. */
function accumulation({ operator }: Reduction): Plain {
  return operator === "sum" ? "f64x2.add" : operator === "max" ? "f64x2.pmax" : "f64x2.pmin";
}
