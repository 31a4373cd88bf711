/**
 * Brings a kernel into the form in which it can be run backwards, or says why it cannot: decisions that change while
 * they are carried out get names, and the largest of several values is found by its position.
 */
import { findActive, isActive } from "./activity.ts";
import { removeDead } from "./dead.ts";
import { blocksOf, compare, integer, readBy, real, substitute } from "./expression.ts";
import type { KernelExpression as Expression, Kernel, KernelArray, KernelStatement as Statement } from "./kernel.ts";
import { breaks, writtenIn } from "./loops.ts";
import { namesOf, renameBlock } from "./rename.ts";
import { decidesItself } from "./tape.ts";

/** Why a kernel cannot be differentiated in reverse; `message` is a reason for people. */
export class NotReversible extends Error {}

export interface Reversible {
  /** Computes the first output alone, in scratch memory; what `cotangent` and `vjp` name is free. */
  readonly kernel: Kernel;
  readonly output: KernelArray;
  readonly active: ReadonlySet<string>;
  /** A name that nothing has yet. */
  readonly fresh: (name: string) => string;
}

/** Throws NotReversible. */
export function makeReversible(kernel: Kernel, input: string): Reversible {
  const [first, ...others] = kernel.outputs;
  if (first === undefined) throw new Error(`kernel ${kernel.name} has no output`);
  const start = [first, ...others].map((array): Statement => {
    return { kind: "fill", array: array.name, value: { kind: "constant", value: 0, type: array.element } };
  });
  const body = [...start, ...kernel.body];
  const alone = removeDead({ ...kernel, outputs: [first], scratch: [...kernel.scratch, ...others], body });
  const taken = namesOf(kernel);
  const fresh = (name: string): string => {
    let candidate = name;
    for (let i = 2; taken.has(candidate); i++) candidate = `${name}_${i}`;
    taken.add(candidate);
    return candidate;
  };
  const free = releaseNames(alone, fresh);
  const active = new Set(findActive(free.body, input, free.outputs[0]!.name));
  const rewriting = new Rewriting(free, active, fresh);
  const rewritten = rewriting.block(free.body);
  const scratch = [...free.scratch, ...free.outputs];
  return { kernel: { ...free, scratch, body: rewritten }, output: free.outputs[0]!, active, fresh };
}

/** Whether statements write anything that carries a derivative. */
export function writesActive(s: Statement, active: ReadonlySet<string>): boolean {
  if (s.kind === "declare" || s.kind === "reduce") return active.has(s.name);
  if (blocksOf(s).some((block) => block.some((inner) => writesActive(inner, active)))) return true;
  return [...writtenIn([s])].some((name) => active.has(name));
}

/** Gives what is called cotangent or vjp in the kernel another name. */
function releaseNames(kernel: Kernel, fresh: (name: string) => string): Kernel {
  const names = new Map<string, string>();
  const inputs = new Set(kernel.inputs.map((array) => array.name));
  for (const name of ["cotangent", "vjp"]) if (!inputs.has(name)) names.set(name, fresh(`own_${name}`));
  const rename = (name: string) => names.get(name) ?? name;
  const array = <T extends { readonly name: string }>(each: T): T => ({ ...each, name: rename(each.name) });
  return {
    ...kernel,
    outputs: kernel.outputs.map(array),
    scratch: kernel.scratch.map(array),
    tables: kernel.tables.map(array),
    body: renameBlock(kernel.body, { scalar: rename, array: rename }),
  };
}

class Rewriting {
  private readonly kernel: Kernel;
  private readonly active: Set<string>;
  private readonly fresh: (name: string) => string;

  constructor(kernel: Kernel, active: Set<string>, fresh: (name: string) => string) {
    this.kernel = kernel;
    this.active = active;
    this.fresh = fresh;
  }

  block(body: readonly Statement[]): Statement[] {
    return body.flatMap((s) => (s.kind === "store" || writesActive(s, this.active) ? this.statement(s) : [s]));
  }

  private statement(s: Statement): Statement[] {
    switch (s.kind) {
      case "store": {
        // Where the index reads the array that is written, it is another one afterwards.
        if (!readBy(s.index).has(s.array)) return [s];
        const { statement, value } = this.named("place", s.index);
        return [statement, { ...s, index: value }];
      }
      case "fill":
        return this.fill(s);
      case "reduce":
        return s.operator === "sum" ? [s] : this.extreme(s);
      case "if": {
        const [consequent, alternative] = [this.block(s.consequent), this.block(s.alternative)];
        if (!decidesItself(s)) return [{ ...s, consequent, alternative }];
        const { statement, value } = this.named("decision", s.condition);
        return [statement, { ...s, condition: value, consequent, alternative }];
      }
      case "for":
        return this.loop(s);
      case "while":
        throw new NotReversible(
          "a while loop computes what is differentiated, and nothing says how often it goes round",
        );
      case "declare":
      case "assign":
      case "check":
      case "break":
        return [s];
    }
  }

  private loop(s: Extract<Statement, { kind: "for" }>): Statement[] {
    if (breaks(s.body)) {
      throw new NotReversible(`the loop over ${written(s.variable)} that computes what is differentiated has a break`);
    }
    const body = this.block(s.body);
    if (!decidesItself(s)) return [{ ...s, body }];
    const [from, to] = [this.named("start", s.from), this.named("end", s.to)];
    return [from.statement, to.statement, { ...s, from: from.value, to: to.value, body }];
  }

  private named(
    name: string,
    value: Expression,
  ): { readonly statement: Extract<Statement, { kind: "declare" }>; readonly value: Expression } {
    const own = this.fresh(name);
    const { type } = value;
    return {
      statement: { kind: "declare", name: own, type, mutable: false, value },
      value: { kind: "variable", name: own, type },
    };
  }

  /** An array filled with what has a derivative is filled element by element. */
  private fill(s: Extract<Statement, { kind: "fill" }>): Statement[] {
    if (!isActive(s.value, this.active)) return [s];
    const array = [...this.kernel.outputs, ...this.kernel.scratch].find((each) => each.name === s.array)!;
    const variable = this.fresh("i");
    const index: Expression = { kind: "variable", name: variable, type: "i32" };
    const to = integer(array.shape.reduce((a, b) => a * b, 1));
    const { statement, value } = this.named("filling", s.value);
    this.active.add(statement.name);
    const body: readonly Statement[] = [{ kind: "store", array: s.array, index, value }];
    const range = { variable, from: integer(0), to, reversed: false, parallel: false };
    return [statement, { ...s, value: real(0) }, { kind: "for", ...range, body }];
  }

  /** The largest (or smallest) value is the one at its first position; of an empty range there is none. */
  private extreme(s: Extract<Statement, { kind: "reduce" }>): Statement[] {
    const [operator, none] = s.operator === "max" ? (["argmax", -1e300] as const) : (["argmin", 1e300] as const);
    const at = this.fresh(`${s.name}_at`);
    const index: Expression = { kind: "variable", name: at, type: "i32" };
    const value: Expression = {
      kind: "select",
      condition: compare("greater-equal", index, integer(0)),
      consequent: substitute(s.value, s.variable, index),
      alternative: real(none),
      type: "f32",
    };
    return [
      { ...s, name: at, operator, type: "i32" },
      { kind: "declare", name: s.name, type: "f32", mutable: false, value },
    ];
  }
}

/** The name of a loop variable as in the text: lowering has put a number behind it. */
function written(name: string): string {
  return name.replace(/_\d+$/, "");
}
