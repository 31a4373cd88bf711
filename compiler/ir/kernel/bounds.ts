/**
 * Interval analysis of a kernel: which indices are surely inside of their arrays, which are surely outside in some run,
 * and which loops surely end. Indices that are proven lose their guard (`within`), the others keep it; loops that are
 * not known to end within reason get their steps counted.
 */
import { Analysis, type Findings } from "./analysis.ts";
import type { KernelExpression as Expression, Kernel, KernelStatement as Statement } from "./kernel.ts";

/** Steps of a loop beyond which they are counted. */
const LONGEST_LOOP = 1e9;
/** Elements that are filled in the time of one statement. */
const FILLED_AT_ONCE = 8;

export interface Settled {
  readonly kernel: Kernel;
  readonly findings: Findings;
}

/**
 * The kernel with guards where they are needed, and what is surely wrong with it. Loops of a kernel that is `known` to
 * end, as those of the library are, are not counted, however long they may take.
 */
export function settleBounds(kernel: Kernel, known = false): Settled {
  const findings = new Analysis(kernel).run();
  const longest = known ? Number.POSITIVE_INFINITY : LONGEST_LOOP;
  return { kernel: { ...kernel, body: new Rewriting(kernel, findings, longest).block(kernel.body) }, findings };
}

class Rewriting {
  private readonly findings: Findings;
  private readonly longest: number;
  private readonly sizes = new Map<string, number>();
  /** Steps of the loops that are not counted, as rewritten. */
  private readonly costs = new Map<Statement, number>();

  constructor(kernel: Kernel, findings: Findings, longest: number) {
    this.findings = findings;
    this.longest = longest;
    for (const array of [...kernel.outputs, ...kernel.scratch]) {
      this.sizes.set(
        array.name,
        array.shape.reduce((a, b) => a * b, 1),
      );
    }
  }

  block(body: readonly Statement[]): Statement[] {
    return body.map((statement) => this.statement(statement));
  }

  private statement(s: Statement): Statement {
    switch (s.kind) {
      case "declare":
      case "assign":
      case "fill":
        return { ...s, value: this.expression(s.value) };
      case "store":
        return { ...s, index: this.expression(s.index), value: this.expression(s.value) };
      case "for": {
        const body = this.block(s.body);
        const range = { from: this.expression(s.from), to: this.expression(s.to) };
        const round = this.cost(body);
        return this.counted({ ...s, ...range, body }, this.roundsOf(s), round);
      }
      case "reduce": {
        const condition = s.condition === undefined ? {} : { condition: this.expression(s.condition) };
        const range = { from: this.expression(s.from), to: this.expression(s.to) };
        return this.counted({ ...s, ...range, ...condition, value: this.expression(s.value) }, this.roundsOf(s), 1);
      }
      case "if": {
        const [consequent, alternative] = [this.block(s.consequent), this.block(s.alternative)];
        return { ...s, condition: this.expression(s.condition), consequent, alternative };
      }
      case "while": {
        const body = this.block(s.body);
        return this.counted({ ...s, condition: this.expression(s.condition), body }, this.roundsOf(s), this.cost(body));
      }
      case "check": {
        const size = s.size === undefined ? {} : { size: this.expression(s.size) };
        return { ...s, condition: this.expression(s.condition), ...size };
      }
      case "break":
        return s;
    }
  }

  /** The rounds of a loop at most; of one that nothing is known about, without end. */
  private roundsOf(loop: Statement): number {
    const { complete, rounds } = this.findings;
    return complete ? (rounds.get(loop) ?? 0) : Number.POSITIVE_INFINITY;
  }

  /** A loop of at most `rounds` rounds; its steps are counted if there may be too many. */
  private counted<T extends Statement>(loop: T, rounds: number, round: number): T {
    const steps = rounds * round;
    if (!(steps <= this.longest)) return { ...loop, steps: round };
    this.costs.set(loop, steps);
    return loop;
  }

  private expression(e: Expression): Expression {
    switch (e.kind) {
      case "constant":
      case "variable":
        return e;
      case "load":
        return { ...e, index: this.expression(e.index) };
      case "unary":
        return { ...e, operand: this.expression(e.operand) };
      case "binary":
        return { ...e, left: this.expression(e.left), right: this.expression(e.right) };
      case "select":
        return {
          ...e,
          condition: this.expression(e.condition),
          consequent: this.expression(e.consequent),
          alternative: this.expression(e.alternative),
        };
      case "within": {
        const operand = this.expression(e.operand);
        const { complete, doubtful } = this.findings;
        // Where nothing ever comes even a wrong constant is not doubtful; the guard tells it from a slip.
        const wrong = operand.kind === "constant" && !(operand.value >= 0 && operand.value < e.length);
        return complete && !doubtful.has(e) && !wrong ? operand : { ...e, operand };
      }
    }
  }

  /** Statements that a block takes at most, without those that are counted where they stand. */
  private cost(body: readonly Statement[]): number {
    return body.reduce((total, s) => total + this.costOf(s), 1);
  }

  private costOf(s: Statement): number {
    switch (s.kind) {
      case "for":
      case "reduce":
      case "while":
        return this.costs.get(s) ?? 1;
      case "fill":
        return 1 + Math.ceil((this.sizes.get(s.array) ?? 0) / FILLED_AT_ONCE);
      case "if":
        return Math.max(this.cost(s.consequent), this.cost(s.alternative));
      case "declare":
      case "assign":
      case "store":
      case "break":
      case "check":
        return 1;
    }
  }
}
