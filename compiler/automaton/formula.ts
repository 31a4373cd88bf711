/**
 * Expressions of an automaton as functions of its position and states: they are asked once for every state at every
 * position, so what does not change is worked out beforehand.
 */
import type { Expression } from "../../grammar/ast.ts";
import { mentions } from "../../grammar/walk.ts";
import { Failure } from "../failure.ts";
import { type Environment, evaluateStatic } from "../static-evaluate.ts";
import { staticBinary } from "../static-functions.ts";
import { describeStatic, type StaticValue, staticNumber } from "../static-value.ts";

/** The values of names that change, by slot; truth is 1 and 0. */
export type Slots = Int32Array;
/** Names that change. */
export type Names = ReadonlyMap<string, { readonly slot: number; readonly type: "number" | "boolean" }>;

export interface Formula {
  readonly type: "number" | "boolean";
  readonly run: (slots: Slots) => number;
}

/** A truth value. */
export function condition(e: Expression, names: Names, scope: Environment): Formula {
  return typed(formula(e, names, scope), "boolean", e);
}

/** A number; that it is a whole one is for the caller to see. */
export function number(e: Expression, names: Names, scope: Environment): Formula {
  return typed(formula(e, names, scope), "number", e);
}

export function typed(found: Formula, wanted: Formula["type"], e: Expression): Formula {
  if (found.type === wanted) return found;
  const [is, must] = found.type === "number" ? ["a number", "true or false"] : ["true or false", "a number"];
  throw new Failure(e.span, "type-mismatch", `this must be ${must}, but it is ${is}`);
}

export function formula(e: Expression, names: Names, scope: Environment): Formula {
  if (!mentions(e, new Set(names.keys()))) return constant(evaluateStatic(e, scope), e);
  switch (e.kind) {
    case "name": {
      const { slot, type } = names.get(e.name)!;
      return { type, run: (slots) => slots[slot]! };
    }
    case "unary": {
      const operand = typed(formula(e.operand, names, scope), e.operator === "not" ? "boolean" : "number", e.operand);
      const { run } = operand;
      return { type: operand.type, run: e.operator === "not" ? (slots) => 1 - run(slots) : (slots) => -run(slots) };
    }
    case "binary":
      return binary(e, names, scope);
    case "conditional": {
      const test = condition(e.condition, names, scope).run;
      const yes = formula(e.consequent, names, scope);
      const no = typed(formula(e.alternative, names, scope), yes.type, e.alternative);
      return { type: yes.type, run: (slots) => (test(slots) !== 0 ? yes.run(slots) : no.run(slots)) };
    }
    default:
      return general(e, names, scope);
  }
}

function constant(value: StaticValue, e: Expression): Formula {
  if (value.kind === "number") return { type: "number", run: () => value.value };
  if (value.kind === "boolean") return { type: "boolean", run: () => (value.value ? 1 : 0) };
  const message = `expected a number, or true or false, but got ${describeStatic(value)}`;
  throw new Failure(e.span, "type-mismatch", message);
}

type Operation = (a: (slots: Slots) => number, b: (slots: Slots) => number) => (slots: Slots) => number;
const OF_NUMBERS: Readonly<Record<string, Operation>> = {
  "+": (a, b) => (slots) => a(slots) + b(slots),
  "-": (a, b) => (slots) => a(slots) - b(slots),
  "*": (a, b) => (slots) => a(slots) * b(slots),
};
const COMPARISONS: Readonly<Record<string, Operation>> = {
  "<": (a, b) => (slots) => (a(slots) < b(slots) ? 1 : 0),
  "<=": (a, b) => (slots) => (a(slots) <= b(slots) ? 1 : 0),
  ">": (a, b) => (slots) => (a(slots) > b(slots) ? 1 : 0),
  ">=": (a, b) => (slots) => (a(slots) >= b(slots) ? 1 : 0),
  "==": (a, b) => (slots) => (a(slots) === b(slots) ? 1 : 0),
  "!=": (a, b) => (slots) => (a(slots) !== b(slots) ? 1 : 0),
};
/** The right side is asked only where the left one does not decide. */
const OF_TRUTHS: Readonly<Record<string, Operation>> = {
  and: (a, b) => (slots) => (a(slots) !== 0 ? b(slots) : 0),
  or: (a, b) => (slots) => (a(slots) !== 0 ? 1 : b(slots)),
};

function binary(e: Extract<Expression, { kind: "binary" }>, names: Names, scope: Environment): Formula {
  const [left, right] = [formula(e.left, names, scope), formula(e.right, names, scope)];
  const truths = OF_TRUTHS[e.operator];
  if (truths !== undefined) {
    const [a, b] = [typed(left, "boolean", e.left), typed(right, "boolean", e.right)];
    return { type: "boolean", run: truths(a.run, b.run) };
  }
  const [a, b] = [typed(left, "number", e.left).run, typed(right, "number", e.right).run];
  const comparison = COMPARISONS[e.operator];
  if (comparison !== undefined) return { type: "boolean", run: comparison(a, b) };
  const operation = OF_NUMBERS[e.operator];
  if (operation !== undefined) return { type: "number", run: operation(a, b) };
  const run = (slots: Slots) => {
    const value = staticBinary(e.operator, staticNumber(a(slots)), staticNumber(b(slots)), e.span);
    return value.kind === "number" ? value.value : 0;
  };
  return { type: "number", run };
}

/** Whatever else is known at compile time, such as a call of `min`: a number. */
function general(e: Expression, names: Names, scope: Environment): Formula {
  let current: Slots = new Int32Array(0);
  const inner: Environment = {
    lookup: (name) => {
      const found = names.get(name);
      if (found === undefined) return scope.lookup(name);
      const value = current[found.slot]!;
      return found.type === "boolean" ? { kind: "boolean", value: value !== 0 } : staticNumber(value);
    },
    names: () => [...names.keys(), ...scope.names()],
  };
  const run = (slots: Slots) => {
    current = slots;
    return typed(constant(evaluateStatic(e, inner), e), "number", e).run(slots);
  };
  return { type: "number", run };
}

/** constant + Σ coefficient · slot: what an expression is as a function of the slots, where it is of that form. */
export interface Affine {
  readonly constant: number;
  readonly coefficients: ReadonlyMap<number, number>;
}

export const affineConstant = (constant: number): Affine => ({ constant, coefficients: new Map() });

/** `a · factor + b` */
export function scaleAndAdd(a: Affine, factor: number, b: Affine): Affine {
  const coefficients = new Map(b.coefficients);
  for (const [slot, value] of a.coefficients) coefficients.set(slot, (coefficients.get(slot) ?? 0) + value * factor);
  return { constant: a.constant * factor + b.constant, coefficients };
}

/** The expression in that form; undefined where it is of another. */
export function affine(e: Expression, names: Names, scope: Environment): Affine | undefined {
  if (!mentions(e, new Set(names.keys()))) {
    const value = evaluateStatic(e, scope);
    return value.kind === "number" ? affineConstant(value.value) : undefined;
  }
  if (e.kind === "name") return { constant: 0, coefficients: new Map([[names.get(e.name)!.slot, 1]]) };
  if (e.kind === "unary") {
    const operand = affine(e.operand, names, scope);
    return operand && scaleAndAdd(operand, -1, affineConstant(0));
  }
  if (e.kind !== "binary") return undefined;
  const [left, right] = [affine(e.left, names, scope), affine(e.right, names, scope)];
  if (left === undefined || right === undefined) return undefined;
  if (e.operator === "+") return scaleAndAdd(right, 1, left);
  if (e.operator === "-") return scaleAndAdd(right, -1, left);
  if (e.operator !== "*") return undefined;
  if (left.coefficients.size === 0) return scaleAndAdd(right, left.constant, affineConstant(0));
  return right.coefficients.size === 0 ? scaleAndAdd(left, right.constant, affineConstant(0)) : undefined;
}
