/**
 * An automaton at the actual sizes: which states there are, which moves each has at each position, and which elements
 * of the embedding a move picks.
 */
import type { AutomatonClause, Expression, StateVariable, Transition } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { mentions } from "../../grammar/walk.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import { type Environment, evaluateStatic } from "../static-evaluate.ts";
import { describeStatic } from "../static-value.ts";
import {
  type Affine,
  affine,
  affineConstant,
  condition,
  type Formula,
  formula,
  type Names,
  number,
  type Slots,
  scaleAndAdd,
  typed,
} from "./formula.ts";

/** A part of the embedding, and where it begins in the whole. */
export interface Part {
  readonly name: string;
  readonly shape: readonly number[];
}

/** One variable of the state: the values `low`, …, `low + size − 1`. Truths are 0 and 1. */
export interface Axis {
  readonly name: string;
  readonly type: "number" | "boolean";
  readonly low: number;
  readonly size: number;
}

/** Moves as one line of the text says: from states to states, with what they pick. */
export interface Move {
  readonly clause: Transition;
  /** Whether which moves there are depends on the position. */
  readonly moving: boolean;
  /** Whether the move may be made; asked when the slots hold both states. */
  readonly allowed: (slots: Slots) => boolean;
  /** For each variable its next value, or undefined for one that takes every value. */
  readonly to: readonly (((slots: Slots) => number) | undefined)[];
  readonly emits: readonly Emission[];
}

/** An element of the embedding that a move picks. */
export interface Emission {
  /** Its position in the embedding, or −1 where its condition does not hold. Throws where there is no such element. */
  readonly element: (slots: Slots) => number;
  /** The same as a sum of multiples of the slots, where it is one; the condition is not in it. */
  readonly affine: Affine | undefined;
  /** Whether the condition depends on the position. */
  readonly moving: boolean;
}

export interface Automaton {
  readonly clause: AutomatonClause;
  /** The first position and how many there are. */
  readonly first: number;
  readonly positions: number;
  readonly axes: readonly Axis[];
  /** Products of the sizes of the axes. */
  readonly states: number;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly moves: readonly Move[];
  /** Elements of the embedding. */
  readonly size: number;
  /** The slots: 0 is the position, then the variables of the state, then those of the next one. */
  readonly slots: number;
}

/** Where a variable of the state and of the next state lie among the slots. */
export const slotOf = (axis: number) => 1 + axis;
export const nextSlotOf = (axes: readonly Axis[], axis: number) => 1 + axes.length + axis;

/** Reads the clause. What does not fit in it is thrown as a Failure. */
export function readAutomaton(clause: AutomatonClause, parts: readonly Part[], scope: Environment): Automaton {
  const first = wholeNumber(clause.range.from ?? zeroAt(clause), scope, "the first position");
  const end = wholeNumber(clause.range.to ?? zeroAt(clause), scope, "the end of the positions");
  if (end <= first) {
    const message = `an automaton needs positions to run over, but ${first}..${end} are none`;
    throw new Failure(clause.range.span, "bad-size", message);
  }
  const axes = clause.state.map((variable) => axisOf(variable, scope));
  const states = axes.reduce((product, axis) => product * axis.size, 1);
  const size = parts.reduce((total, part) => total + part.shape.reduce((a, b) => a * b, 1), 0);
  const reader = new Reader(clause, axes, parts, scope);
  return {
    clause,
    first,
    positions: end - first,
    axes,
    states,
    starts: reader.matching(clause.from, "from"),
    ends: reader.matching(clause.to, "to"),
    moves: clause.transitions.map((transition) => reader.move(transition)),
    size,
    slots: 1 + 2 * axes.length,
  };
}

function zeroAt({ range }: AutomatonClause): Expression {
  return { kind: "number", value: 0, text: "0", span: range.span };
}

function wholeNumber(e: Expression, scope: Environment, what: string): number {
  const value = evaluateStatic(e, scope);
  if (value.kind === "number" && Number.isSafeInteger(value.value)) return value.value;
  throw new Failure(e.span, "bad-size", `${what} must be a whole number, but it is ${describeStatic(value)}`);
}

/** The values of a variable: `0..k` are the k + 1 values from 0 to k, since states are bounds that can be reached. */
function axisOf({ name: { name, span }, domain }: StateVariable, scope: Environment): Axis {
  if (domain.kind === "named-type") return { name, type: "boolean", low: 0, size: 2 };
  if (domain.to === undefined) throw new Failure(domain.span, "bad-range", "the values of a state need an end");
  const low = domain.from === undefined ? 0 : wholeNumber(domain.from, scope, `the least ${name}`);
  const high = wholeNumber(domain.to, scope, `the largest ${name}`);
  if (high >= low && Math.abs(low) < 2 ** 30 && high - low < 2 ** 24)
    return { name, type: "number", low, size: high - low + 1 };
  if (high >= low) throw new Failure(domain.span, "too-large", `${name} has ${high - low + 1} values`);
  throw new Failure(span, "bad-size", `there is no ${name} from ${low} to ${high}`);
}

class Reader {
  private readonly clause: AutomatonClause;
  private readonly axes: readonly Axis[];
  private readonly parts: readonly Part[];
  private readonly scope: Environment;

  constructor(clause: AutomatonClause, axes: readonly Axis[], parts: readonly Part[], scope: Environment) {
    this.clause = clause;
    this.axes = axes;
    this.parts = parts;
    this.scope = scope;
  }

  /** The states that a pattern such as `(k, _)` means, in order. */
  matching(pattern: readonly Expression[], what: string): number[] {
    this.checkLength(pattern, this.clause, `the states after ${what}`);
    const given = pattern.map((e, i) => {
      if (e.kind === "name" && e.name === "_") return undefined;
      const axis = this.axes[i]!;
      const { type, run } = formula(e, new Map(), this.scope);
      typed({ type, run }, axis.type, e);
      const value = run(new Int32Array(0));
      if (Number.isInteger(value) && value >= axis.low && value < axis.low + axis.size) return value;
      const why = `the values of ${axis.name} are ${axis.low} to ${axis.low + axis.size - 1}`;
      throw new Failure(e.span, "bad-index", `there is no state with ${axis.name} = ${value}`, { why });
    });
    return this.axes.reduce<number[]>(
      (states, { low, size }, i) =>
        states.flatMap((state) =>
          given[i] === undefined
            ? Array.from({ length: size }, (_, value) => state * size + value)
            : [state * size + given[i] - low],
        ),
      [0],
    );
  }

  move(clause: Transition): Move {
    this.checkLength(clause.from, clause, "the state on the left");
    this.checkLength(clause.to, clause, "the state on the right");
    const names = new Map<string, { slot: number; type: Formula["type"] }>();
    names.set(this.clause.variable.name, { slot: 0, type: "number" });
    clause.from.forEach(({ name }, i) => {
      if (name !== "_") names.set(name, { slot: slotOf(i), type: this.axes[i]!.type });
    });
    const known = new Map(names);
    const to = clause.to.map((e, i) => {
      const axis = this.axes[i]!;
      const free = e.kind === "name" && !known.has(e.name) && this.scope.lookup(e.name) === undefined;
      if (!free) return typed(formula(e, known, this.scope), axis.type, e).run;
      if (e.name !== "_") names.set(e.name, { slot: nextSlotOf(this.axes, i), type: axis.type });
      return undefined;
    });
    const guard = clause.when === undefined ? undefined : condition(clause.when, names, this.scope).run;
    const variable = new Set([this.clause.variable.name]);
    const moving = [...clause.to, ...(clause.when === undefined ? [] : [clause.when])].some((e) =>
      mentions(e, variable),
    );
    return {
      clause,
      moving,
      allowed: guard === undefined ? () => true : (slots) => guard(slots) !== 0,
      to,
      emits: clause.emits.map((emission) => this.emission(emission, names)),
    };
  }

  private checkLength(
    tuple: readonly unknown[],
    { span }: { readonly span: AutomatonClause["span"] },
    what: string,
  ): void {
    if (tuple.length === this.axes.length) return;
    const variables = this.axes.map((axis) => axis.name).join(", ");
    const message = `${what} has ${tuple.length} value${tuple.length === 1 ? "" : "s"}`;
    throw new Failure(span, "shape-mismatch", message, { why: `a state is (${variables})` });
  }

  /** `pair[i - 1] if p` as the position of the element in the embedding. */
  private emission({ target, condition: test }: Transition["emits"][number], names: Names): Emission {
    const name = target.kind === "index" && target.object.kind === "name" ? target.object.name : undefined;
    if (target.kind !== "index" || name === undefined) {
      const help = { help: "such as emits x[i]" };
      throw new Failure(target.span, "bad-expression", "a transition emits elements of the embedding", help);
    }
    const index = this.parts.findIndex((part) => part.name === name);
    const part = this.parts[index];
    if (part === undefined) {
      const near = didYouMean(
        name,
        this.parts.map((each) => each.name),
      );
      const help = near === undefined ? undefined : `did you mean ${near}?`;
      throw new Failure(target.object.span, "unknown-name", `the embedding has no part ${name}`, { help });
    }
    if (target.items.length !== part.shape.length) {
      const dimensions = `${part.shape.length} dimension${part.shape.length === 1 ? "" : "s"}`;
      const message = `${name} has ${dimensions}, but ${target.items.length} indices are given`;
      throw new Failure(target.span, "shape-mismatch", message);
    }
    const before = this.parts.slice(0, index);
    const offset = before.reduce((total, each) => total + each.shape.reduce((a, b) => a * b, 1), 0);
    const items = target.items.map((item, axis) => {
      if (item.kind === "range" || item.kind === "ellipsis") {
        throw new Failure(
          target.span,
          "bad-index",
          "a transition emits single elements: one integer for each dimension",
        );
      }
      const length = part.shape[axis]!;
      return { e: item, run: number(item, names, this.scope).run, form: affine(item, names, this.scope), length };
    });
    const holds = test === undefined ? undefined : condition(test, names, this.scope).run;
    const element = (slots: Slots) => {
      if (holds !== undefined && holds(slots) === 0) return -1;
      let position = 0;
      for (const { e, run, length } of items) {
        const at = run(slots);
        if (!Number.isInteger(at) || at < 0 || at >= length) throw this.outside(e, at, length, name, slots);
        position = position * length + at;
      }
      return offset + position;
    };
    const form = items.reduce<Affine | undefined>(
      (before, { form, length }) => before && form && scaleAndAdd(before, length, form),
      affineConstant(0),
    );
    const moving = test !== undefined && mentions(test, new Set([this.clause.variable.name]));
    return { element, affine: form && scaleAndAdd(form, 1, affineConstant(offset)), moving };
  }

  private outside(e: Expression, at: number, length: number, part: string, slots: Slots): Failure {
    const state = this.axes.map(({ name, type }, i) => `${name} = ${showValue(type, slots[slotOf(i)]!)}`);
    const where = [`${this.clause.variable.name} = ${slots[0]}`, ...state].join(", ");
    return new Failure(e.span, "bad-index", `${printExpression(e)} is ${at}, but ${part} has ${length} there`, {
      why: `a path may come to ${where}`,
      help: "leave such moves out with when, or such elements with if; the ends of the values of a state are included",
    });
  }
}

function showValue(type: Axis["type"], value: number): string {
  return type === "number" ? String(value) : String(value !== 0);
}
