/**
 * Reverse-mode differentiation: from a kernel to one that computes its vector–Jacobian product, whatever its Jacobian.
 * The kernel runs forwards, keeps what tape.ts finds that it must, and then runs backwards with the adjoint of each
 * statement (Griewank and Walther 2008: store all, but only what is to be recorded).
 */
import { Adjoints } from "./adjoint.ts";
import { Indices } from "./affine.ts";
import { Analysis } from "./analysis.ts";
import { removeDead } from "./dead.ts";
import { binary, integer, real, subtract } from "./expression.ts";
import type { KernelExpression as Expression, Kernel, KernelArray, KernelStatement as Statement } from "./kernel.ts";
import { renameBlock } from "./rename.ts";
import { makeReversible, NotReversible, type Reversible, writesActive } from "./reversible.ts";
import { type ForLoop, type Keeping, KeepingFinder, type Kept, type Local, type Step } from "./tape.ts";

/** Numbers that a reversal may keep for one example: 128 MiB. */
export const LARGEST_TAPE = 2 ** 24;

export type Reversed =
  | { readonly kernel: Kernel; readonly refused?: undefined }
  | { readonly kernel?: undefined; readonly refused: string };

/**
 * Inputs: those of `kernel`, then `cotangent`, of the first output. Output: `vjp`, the cotangent of the input `active`.
 * `refused` says why there is none.
 */
export function reverse(kernel: Kernel, active: string): Reversed {
  const input = kernel.inputs.find((array) => array.name === active);
  if (input === undefined) throw new Error(`kernel ${kernel.name} has no input ${active}`);
  try {
    const reversible = makeReversible(kernel, active);
    const generous = new Reversal(reversible, input, false);
    if (generous.size <= LARGEST_TAPE) return new Reversing(generous);
    const thrifty = new Reversal(reversible, input, true);
    if (thrifty.size <= LARGEST_TAPE) return new Reversing(thrifty);
    if (!Number.isFinite(thrifty.size)) {
      return { refused: "nothing says how often its loops go round, and so what running it backwards must keep" };
    }
    const size = `${thrifty.size} numbers`;
    return { refused: `running the kernel backwards would keep ${size}, and ${LARGEST_TAPE} is the most` };
  } catch (problem) {
    if (problem instanceof NotReversible) return { refused: problem.message };
    throw problem;
  }
}

/** The kernel is made when it is asked for: most ask only whether there is one. */
class Reversing {
  private readonly reversal: Reversal;
  private made: Kernel | undefined;

  constructor(reversal: Reversal) {
    this.reversal = reversal;
  }

  get kernel(): Kernel {
    this.made ??= this.reversal.finish();
    return this.made;
  }
}

class Reversal {
  /** Numbers that are kept; infinite where nothing says how often a loop goes round. */
  size = 0;
  private readonly subject: Reversible;
  private readonly input: KernelArray;
  private readonly indices: Indices;
  private readonly keeping: Keeping;
  private readonly arrays = new Map<string, KernelArray>();
  private readonly adjointOf = new Map<string, string>();
  /** What is declared in blocks that run twice, and what it is called the second time. */
  private readonly again = new Map<string, string>();
  private readonly tapes: KernelArray[] = [];
  private readonly forward: readonly Statement[];
  private readonly backward: readonly Statement[];
  private readonly rounds: ReadonlyMap<Statement, number>;
  private readonly complete: boolean;

  constructor(subject: Reversible, input: KernelArray, thrifty: boolean) {
    this.subject = subject;
    this.input = input;
    const { kernel } = subject;
    const findings = new Analysis(kernel).run();
    this.rounds = findings.rounds;
    this.complete = findings.complete;
    this.indices = new Indices(kernel.body, (loop) => this.roundsOf(loop));
    for (const array of kernel.scratch) this.arrays.set(array.name, array);
    this.adjointOf.set(input.name, "vjp");
    if (this.readsCotangent()) this.adjointOf.set(subject.output.name, "cotangent");
    const names = { of: (name: string) => this.adjoint(name), fresh: (name: string) => subject.fresh(name) };
    const once = (array: string) => this.indices.writtenOnce(array) !== undefined;
    const steps = this.steps(kernel.body, new Adjoints(subject.active, names, once));
    this.keeping = new KeepingFinder(this.indices, new Set(this.arrays.keys()), thrifty).find(steps);
    const run = this.block(steps, [], false);
    this.forward = run.forward;
    this.backward = run.backward;
  }

  /** The kernel of both runs. */
  finish(): Kernel {
    const { kernel, output } = this.subject;
    const vjp: KernelArray = { ...this.input, name: "vjp" };
    const cotangent: KernelArray = { ...output, name: "cotangent" };
    const adjoints = [...this.arrays.values()].flatMap((array): KernelArray[] => {
      const name = this.adjointOf.get(array.name);
      return name === undefined || name === "cotangent" ? [] : [{ ...array, name, element: "f32" }];
    });
    const cleared = [vjp, ...adjoints].map(({ name }): Statement => ({ kind: "fill", array: name, value: real(0) }));
    const again = (name: string) => this.again.get(name) ?? name;
    const backward = renameBlock(this.backward, { scalar: again, array: (name) => name });
    return removeDead({
      ...kernel,
      name: `${kernel.name}_reverse`,
      inputs: [...kernel.inputs, cotangent],
      outputs: [vjp],
      scratch: [...kernel.scratch, ...adjoints, ...this.tapes],
      body: [...this.forward, ...cleared, ...this.seed(cotangent), ...backward],
    });
  }

  /** What reaches the output from outside. */
  private seed(cotangent: KernelArray): Statement[] {
    const own = this.adjointOf.get(this.subject.output.name);
    if (own === undefined || own === "cotangent") return [];
    return [this.copy(own, (i) => i, { array: cotangent.name, index: (i) => i }, cotangent)];
  }

  /** Whether the output is only written, each element once: then nothing but the cotangent reaches it. */
  private readsCotangent(): boolean {
    const { output, kernel } = this.subject;
    const read = JSON.stringify(kernel.body).includes(`"kind":"load","array":${JSON.stringify(output.name)}`);
    return !read && this.indices.writtenOnce(output.name) !== undefined;
  }

  private roundsOf(loop: Statement): number {
    return this.complete ? (this.rounds.get(loop) ?? 0) : Number.POSITIVE_INFINITY;
  }

  private adjoint(name: string): string {
    const known = this.adjointOf.get(name) ?? this.subject.fresh(`${name}_adjoint`);
    this.adjointOf.set(name, known);
    return known;
  }

  private steps(body: readonly Statement[], adjoints: Adjoints): Step[] {
    return body.map((s): Step => {
      if (!writesActive(s, this.subject.active)) return { kind: "single", statement: s, adjoint: [] };
      if (s.kind === "for") return { kind: "loop", statement: s, body: this.steps(s.body, adjoints) };
      if (s.kind !== "if") return { kind: "single", statement: s, adjoint: adjoints.of(s) };
      const [consequent, alternative] = [this.steps(s.consequent, adjoints), this.steps(s.alternative, adjoints)];
      return { kind: "choice", statement: s, consequent, alternative };
    });
  }

  /** Both runs of a block within loops, outermost first. Scalars of the outermost block (not `nested`) stay. */
  private block(steps: readonly Step[], loops: readonly ForLoop[], nested: boolean) {
    const forward: Statement[] = [];
    const undone: (readonly Statement[])[] = [];
    for (const step of steps) {
      const { before, after } = this.keep(step.statement, loops);
      const run = this.run(step, loops);
      forward.push(...before, run.forward);
      undone.push([...after, ...run.backward]);
    }
    const restored: Statement[] = [];
    for (const local of nested ? (this.keeping.locals.get(steps) ?? []) : []) {
      restored.push(this.local(local, loops, forward));
    }
    const declared = steps.flatMap(({ statement: s }) => (s.kind === "declare" || s.kind === "reduce" ? [s.name] : []));
    const zeroed = declared.flatMap((name): Statement[] => {
      const own = this.adjointOf.get(name);
      if (own === undefined || !this.subject.active.has(name)) return [];
      return [{ kind: "declare", name: own, type: "f32", mutable: true, value: real(0) }];
    });
    return { forward, backward: [...restored, ...zeroed, ...undone.reverse().flat()] };
  }

  private run(step: Step, loops: readonly ForLoop[]): { forward: Statement; backward: readonly Statement[] } {
    const { statement } = step;
    switch (step.kind) {
      case "single":
        if (statement.kind === "reduce") this.twice(statement.variable);
        return { forward: statement, backward: step.adjoint };
      case "loop": {
        const { forward, backward } = this.block(step.body, [...loops, step.statement], true);
        this.twice(step.statement.variable);
        const reversed = !step.statement.reversed;
        return {
          forward: { ...step.statement, body: forward },
          backward: [{ ...step.statement, reversed, parallel: false, body: backward }],
        };
      }
      case "choice": {
        const yes = this.block(step.consequent, loops, true);
        const no = this.block(step.alternative, loops, true);
        const choice = (consequent: readonly Statement[], alternative: readonly Statement[]): Statement => ({
          ...step.statement,
          consequent,
          alternative,
        });
        return { forward: choice(yes.forward, no.forward), backward: [choice(yes.backward, no.backward)] };
      }
    }
  }

  private twice(name: string): void {
    this.again.set(name, this.subject.fresh(`${name}_again`));
  }

  /** Declares a scalar of a block anew for the run backwards; keeps its last value at the end of the run forwards. */
  private local(local: Local, loops: readonly ForLoop[], forward: Statement[]): Statement {
    const { name, type, mutable } = local;
    this.twice(name);
    const declare = (value: Expression): Statement => ({ kind: "declare", name, type, mutable, value });
    switch (local.how) {
      case "again":
        return declare(local.value);
      case "later":
        return declare({ kind: "constant", value: 0, type });
      case "kept": {
        const tape = this.tape(name, type, loops);
        forward.push({ kind: "store", array: tape.array, index: tape.index, value: { kind: "variable", name, type } });
        return declare({ kind: "load", array: tape.array, index: tape.index, type });
      }
    }
  }

  /** Keeps what a statement is about to overwrite, and puts it back. */
  private keep(s: Statement, loops: readonly ForLoop[]): { before: Statement[]; after: Statement[] } {
    const pairs = (this.keeping.kept.get(s) ?? []).map((kept) => this.keepOne(kept, loops));
    return { before: pairs.flatMap(({ before }) => before), after: pairs.map(({ after }) => after) };
  }

  private keepOne(kept: Kept, loops: readonly ForLoop[]): { before: Statement[]; after: Statement } {
    switch (kept.kind) {
      case "constant":
        return { before: [], after: { kind: "store", array: kept.array, index: kept.index, value: kept.value } };
      case "scalar": {
        const { name, type } = kept;
        const { array, index } = this.tape(name, type, loops);
        const value: Expression = { kind: "variable", name, type };
        return {
          before: [{ kind: "store", array, index, value }],
          after: { kind: "assign", name, value: { kind: "load", array, index, type } },
        };
      }
      case "element": {
        const { element: type } = this.arrays.get(kept.array)!;
        const tape = this.tape(kept.array, type, loops);
        const own: Expression = { kind: "load", array: kept.array, index: kept.index, type };
        const back: Expression = { kind: "load", array: tape.array, index: tape.index, type };
        return {
          before: [{ kind: "store", array: tape.array, index: tape.index, value: own }],
          after: { kind: "store", array: kept.array, index: kept.index, value: back },
        };
      }
      case "array": {
        const array = this.arrays.get(kept.array)!;
        const length = lengthOf(array);
        const tape = this.tape(kept.array, array.element, loops, length);
        const place = (i: Expression) => binary("add", binary("multiply", tape.index, integer(length)), i);
        return {
          before: [this.copy(tape.array, place, { array: array.name, index: (i) => i }, array)],
          after: this.copy(array.name, (i) => i, { array: tape.array, index: place }, array),
        };
      }
    }
  }

  /** A loop that copies all elements of `like`. */
  private copy(
    to: string,
    place: (i: Expression) => Expression,
    from: { readonly array: string; readonly index: (i: Expression) => Expression },
    like: KernelArray,
  ): Statement {
    const variable = this.subject.fresh("i");
    const i: Expression = { kind: "variable", name: variable, type: "i32" };
    const value: Expression = { kind: "load", array: from.array, index: from.index(i), type: like.element };
    const body: readonly Statement[] = [{ kind: "store", array: to, index: place(i), value }];
    const range = { from: integer(0), to: integer(lengthOf(like)), reversed: false, parallel: true };
    return { kind: "for", variable, ...range, body };
  }

  /** Memory for one value, or `length` of them, in each round of the loops: the array, and the round's place in it. */
  private tape(name: string, element: KernelArray["element"], loops: readonly ForLoop[], length = 1) {
    let index = integer(0);
    let size = 1;
    for (const loop of loops) {
      const rounds = this.roundsOf(loop);
      const round = subtract({ kind: "variable", name: loop.variable, type: "i32" }, loop.from);
      index = size === 1 ? round : binary("add", binary("multiply", index, integer(rounds)), round);
      size *= rounds;
    }
    const array = this.subject.fresh(`${name}_kept`);
    const whole = size * length;
    this.size += whole;
    if (whole <= LARGEST_TAPE) this.tapes.push({ name: array, element, shape: [whole] });
    return { array, index };
  }
}

function lengthOf(array: KernelArray): number {
  return array.shape.reduce((a, b) => a * b, 1);
}
