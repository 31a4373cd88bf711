/** Statements of kernel IR as WebAssembly. Loops that vectors can run are left to vectors.ts. */
import {
  type KernelExpression as Expression,
  MOST_STEPS,
  type KernelStatement as Statement,
} from "../../ir/kernel/kernel.ts";
import { comparison, type Expressions } from "./expressions.ts";
import { type Code, F64, I32 } from "./instructions.ts";
import { bytesOf } from "./layout.ts";
import { type Locals, valueType } from "./locals.ts";
import { VectorLoop } from "./vectors.ts";

type Reduction = Extract<Statement, { kind: "reduce" }>;
type Loop = Extract<Statement, { kind: "for" }>;

export class Statements {
  private readonly expressions: Expressions;
  private readonly locals: Locals;
  /** Counts the steps of loops whose end nothing is known of; made when it is first needed. */
  private steps: number | undefined;
  /** The blocks around the loops that the code stands in: a break leaves the last. */
  private readonly exits: number[] = [];
  private readonly expOfTwo: number;

  constructor(expressions: Expressions, locals: Locals, expOfTwo: number) {
    this.expressions = expressions;
    this.locals = locals;
    this.expOfTwo = expOfTwo;
  }

  /** What a run has to begin with. */
  prologue(code: Code): void {
    if (this.steps !== undefined) code.double(0).set(this.steps);
  }

  block(code: Code, body: readonly Statement[]): void {
    for (const statement of body) this.statement(code, statement);
  }

  private statement(code: Code, s: Statement): void {
    switch (s.kind) {
      case "declare":
      case "assign": {
        this.expressions.emit(code, s.value);
        code.set(s.kind === "declare" ? this.locals.declare(s.name, s.type) : this.locals.named(s.name));
        return;
      }
      case "store":
        this.expressions.address(code, s.array, s.index);
        this.expressions.emit(code, s.value);
        this.storeTo(code, s.array);
        return;
      case "fill":
        return this.fill(code, s.array, s.value);
      case "for":
        return this.loop(code, s);
      case "while":
        return this.whileLoop(code, s);
      case "if":
        this.expressions.emit(code, s.condition);
        code.choose(
          undefined,
          () => this.block(code, s.consequent),
          s.alternative.length === 0 ? undefined : () => this.block(code, s.alternative),
        );
        return;
      case "reduce":
        return this.reduce(code, s);
      case "check":
        this.expressions.emit(code, s.condition);
        code.plain("i32.eqz").choose(undefined, () => {
          if (s.requirement) this.expressions.refuse(code, s.message, s.size);
          else this.expressions.fail(code, [s.message]);
        });
        return;
      case "break":
        code.branch(this.exits.at(-1)!);
    }
  }

  private storeTo(code: Code, array: string): void {
    const { element, offset } = this.expressions.place(array);
    code.memory(element === "f32" ? "f64.store" : "i32.store", offset);
  }

  private fill(code: Code, array: string, value: Expression): void {
    const { element, offset, length } = this.expressions.place(array);
    const width = bytesOf(element);
    if (value.kind === "constant" && value.value === 0 && !Object.is(value.value, -0)) {
      code
        .integer(offset)
        .integer(0)
        .integer(length * width)
        .fillMemory();
      return;
    }
    const [filling, at] = [this.locals.fresh(valueType(element)), this.locals.fresh(I32)];
    this.expressions.emit(code, value);
    code.set(filling).integer(0).set(at);
    if (length === 0) return;
    code.loop(() => {
      const start = code.depth;
      code.get(at).get(filling);
      this.storeTo(code, array);
      code.get(at).integer(width).plain("i32.add").tee(at);
      code
        .integer(length * width)
        .plain("i32.lt_s")
        .branch(start, true);
    });
  }

  /** Where nothing else says that a loop ends, its rounds are counted. */
  private count(code: Code, cost: number | undefined): void {
    if (cost === undefined) return;
    this.steps ??= this.locals.fresh(F64);
    code.get(this.steps).double(cost).plain("f64.add").tee(this.steps).double(MOST_STEPS).plain("f64.gt");
    const message = `took more than ${MOST_STEPS} steps: it has a loop that does not come to an end`;
    code.choose(undefined, () => this.expressions.fail(code, [message]));
  }

  private loop(code: Code, s: Loop): void {
    const variable = this.locals.declare(s.variable, "i32");
    const other = this.locals.fresh(I32);
    const [start, stop] = s.reversed ? [s.to, s.from] : [s.from, s.to];
    this.expressions.emit(code, start);
    code.set(variable);
    this.expressions.emit(code, stop);
    code.set(other);
    const vector = s.reversed ? undefined : VectorLoop.of(s, this.expressions, this.locals, this.expOfTwo);
    if (vector !== undefined) {
      vector.emit(code, variable, other);
      // One round may be left.
      code.get(variable).get(other).plain("i32.lt_s");
      code.choose(undefined, () => this.block(code, s.body));
      return;
    }
    if (s.reversed) code.get(variable).integer(1).plain("i32.sub").set(variable);
    this.rounds(code, variable, other, s.reversed, () => {
      this.count(code, s.steps);
      this.block(code, s.body);
    });
  }

  /** `variable` goes up to `other`, or down to it, included. */
  private rounds(code: Code, variable: number, other: number, reversed: boolean, body: () => void): void {
    const goesOn = () =>
      void code
        .get(variable)
        .get(other)
        .plain(reversed ? "i32.ge_s" : "i32.lt_s");
    code.block(() => {
      const exit = code.depth;
      this.exits.push(exit);
      goesOn();
      code.plain("i32.eqz").branch(exit, true);
      code.loop(() => {
        const again = code.depth;
        body();
        code
          .get(variable)
          .integer(1)
          .plain(reversed ? "i32.sub" : "i32.add")
          .set(variable);
        goesOn();
        code.branch(again, true);
      });
      this.exits.pop();
    });
  }

  private whileLoop(code: Code, s: Extract<Statement, { kind: "while" }>): void {
    code.block(() => {
      const exit = code.depth;
      this.exits.push(exit);
      code.loop(() => {
        const again = code.depth;
        this.expressions.emit(code, s.condition);
        code.plain("i32.eqz").branch(exit, true);
        this.count(code, s.steps);
        this.block(code, s.body);
        code.branch(again);
      });
      this.exits.pop();
    });
  }

  private reduce(code: Code, s: Reduction): void {
    const [variable, end] = [this.locals.declare(s.variable, "i32"), this.locals.fresh(I32)];
    const result = this.locals.declare(s.name, s.type);
    this.expressions.emit(code, s.from);
    code.set(variable);
    this.expressions.emit(code, s.to);
    code.set(end);
    const indexed = s.operator === "argmax" || s.operator === "argmin";
    const larger = s.operator === "max" || s.operator === "argmax";
    const first = s.operator === "sum" ? 0 : larger ? -1e300 : 1e300;
    const type = s.value.type;
    const best = indexed ? this.locals.fresh(valueType(type)) : result;
    const number = (value: number) =>
      // No i32 is as far away as the start of an extreme of numbers; such a start never stays.
      type === "f32" ? code.double(value) : code.integer(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)));
    number(first).set(best);
    if (indexed) code.integer(-1).set(result);
    VectorLoop.of(s, this.expressions, this.locals, this.expOfTwo)?.emit(code, variable, end);
    const item = this.locals.fresh(valueType(type));
    const take = () => {
      this.expressions.emit(code, s.value);
      if (s.operator === "sum") {
        code
          .get(result)
          .plain(type === "f32" ? "f64.add" : "i32.add")
          .set(result);
        return;
      }
      code.set(item);
      const better = () =>
        void code
          .get(item)
          .get(best)
          .plain(comparison(larger ? "greater" : "less", type)!);
      if (!indexed) better();
      else
        code
          .get(result)
          .integer(0)
          .plain("i32.lt_s")
          .choose(I32, () => void code.integer(1), better);
      code.choose(undefined, () => {
        code.get(item).set(best);
        if (indexed) code.get(variable).set(result);
      });
    };
    this.rounds(code, variable, end, false, () => {
      this.count(code, s.steps);
      if (s.condition === undefined) return take();
      this.expressions.emit(code, s.condition);
      code.choose(undefined, take);
    });
  }
}
