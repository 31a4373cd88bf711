/**
 * Adjoints of kernel statements: what reaches the results of a statement, passed on to the values that it read. They
 * speak of the values from before the statement, and run in reverse order.
 */
import { isActive } from "./activity.ts";
import {
  add,
  binary,
  compare,
  divide,
  multiply,
  negate,
  partsOf,
  real,
  subtract,
  withoutGuards,
  zero,
} from "./expression.ts";
import type { KernelExpression as Expression, KernelStatement as Statement } from "./kernel.ts";

type Assign = Extract<Statement, { kind: "assign" }>;
type Store = Extract<Statement, { kind: "store" }>;

/** How the values are called that reach a scalar or array from what it was used for. */
export interface AdjointNames {
  of(name: string): string;
  /** A new name for a value in between. */
  fresh(name: string): string;
}

export class Adjoints {
  private readonly active: ReadonlySet<string>;
  private readonly names: AdjointNames;
  /** Arrays whose elements are written once: what reaches an element needs no erasing when that is undone. */
  private readonly once: (array: string) => boolean;

  constructor(active: ReadonlySet<string>, names: AdjointNames, once: (array: string) => boolean) {
    this.active = active;
    this.names = names;
    this.once = once;
  }

  /** The adjoint of a statement that is no block. */
  of(s: Statement): Statement[] {
    switch (s.kind) {
      case "declare":
        return this.active.has(s.name) ? this.into(s.value, this.scalar(s.name), named(s.name)) : [];
      case "assign":
        return this.active.has(s.name) ? this.assign(s) : [];
      case "store":
        return this.active.has(s.array) ? this.store(s) : [];
      case "fill":
        return this.active.has(s.array) ? this.fill(s.array, s.value) : [];
      case "reduce":
        return this.active.has(s.name) ? this.sum(s) : [];
      case "check":
      case "break":
      case "for":
      case "while":
      case "if":
        return [];
    }
  }

  private scalar(name: string): Expression {
    return named(this.names.of(name));
  }

  private assign(s: Assign): Statement[] {
    const own = this.scalar(s.name);
    const isSelf = (e: Expression) => e.kind === "variable" && e.name === s.name;
    const rest = addedTo(s.value, isSelf);
    if (rest !== undefined) return this.into(rest.value, rest.sign > 0 ? own : negate(own));
    const erase: Statement = { kind: "assign", name: this.names.of(s.name), value: zero };
    if (!mentions(s.value, isSelf)) return [...this.into(s.value, own), erase];
    const reached = this.names.fresh("reached");
    return [declare(reached, own), erase, ...this.into(s.value, named(reached))];
  }

  private store(s: Store): Statement[] {
    const index = withoutGuards(s.index);
    const own: Expression = { kind: "load", array: this.names.of(s.array), index, type: "f32" };
    const place = JSON.stringify(index);
    const isSelf = (e: Expression) =>
      e.kind === "load" && e.array === s.array && JSON.stringify(withoutGuards(e.index)) === place;
    const rest = addedTo(s.value, isSelf);
    const name = this.names.fresh("reached");
    const reached = named(name);
    const value = rest?.value ?? s.value;
    const passed = this.into(value, rest !== undefined && rest.sign < 0 ? negate(reached) : reached);
    const erased = rest !== undefined || this.once(s.array);
    const erase: readonly Statement[] = erased
      ? []
      : [{ kind: "store", array: this.names.of(s.array), index, value: zero }];
    return passed.length === 0 ? [...erase] : [declare(name, own), ...erase, ...passed];
  }

  private fill(array: string, value: Expression): Statement[] {
    const own = this.names.of(array);
    const erase: Statement = { kind: "fill", array: own, value: zero };
    return this.once(array) && !isActive(value, this.active) ? [] : [erase];
  }

  private sum(s: Extract<Statement, { kind: "reduce" }>): Statement[] {
    const { variable, from, to, condition, steps } = s;
    const inner = this.into(s.value, this.scalar(s.name));
    const body: readonly Statement[] =
      condition === undefined ? inner : [{ kind: "if", condition, consequent: inner, alternative: [] }];
    const counted = steps === undefined ? {} : { steps };
    return [{ kind: "for", variable, from, to, reversed: false, parallel: false, body, ...counted }];
  }

  /** Passes `adjoint`, which reaches `e`, on to what `e` reads. `own` is the value of `e` where it has a name. */
  private into(e: Expression, adjoint: Expression, own?: Expression): Statement[] {
    if (!isActive(e, this.active)) return [];
    switch (e.kind) {
      case "constant":
      case "within":
        return [];
      case "variable": {
        const name = this.names.of(e.name);
        return [{ kind: "assign", name, value: add(named(name), adjoint) }];
      }
      case "load": {
        const [array, index] = [this.names.of(e.array), withoutGuards(e.index)];
        const value = add({ kind: "load", array, index, type: "f32" }, adjoint);
        return [{ kind: "store", array, index, value }];
      }
      case "select":
        return this.choice(withoutGuards(e.condition), e.consequent, e.alternative, adjoint);
      case "unary":
        return this.unary(e, adjoint, own ?? withoutGuards(e));
      case "binary":
        return this.binary(e, adjoint, own ?? withoutGuards(e));
    }
  }

  private choice(condition: Expression, yes: Expression, no: Expression, adjoint: Expression): Statement[] {
    const [consequent, alternative] = [this.into(yes, adjoint), this.into(no, adjoint)];
    return [{ kind: "if", condition, consequent, alternative }];
  }

  private unary(e: Extract<Expression, { kind: "unary" }>, adjoint: Expression, value: Expression): Statement[] {
    const x = withoutGuards(e.operand);
    const pass = (passed: Expression) => this.into(e.operand, passed);
    switch (e.operator) {
      case "negate":
        return pass(negate(adjoint));
      case "exp":
        return pass(multiply(adjoint, value));
      case "expm1":
        return pass(multiply(adjoint, add(value, real(1))));
      case "log":
        return pass(divide(adjoint, x));
      case "log1p":
        return pass(divide(adjoint, add(x, real(1))));
      case "sqrt":
        return pass(divide(adjoint, add(value, value)));
      case "abs":
        return this.choice(compare("less", x, zero), { ...e, operator: "negate" }, e.operand, adjoint);
      case "to-f32":
      case "floor":
      case "not":
      case "to-i32":
      case "detach":
        return [];
    }
  }

  private binary(e: Extract<Expression, { kind: "binary" }>, adjoint: Expression, value: Expression): Statement[] {
    const [a, b] = [withoutGuards(e.left), withoutGuards(e.right)];
    const both = (left: Expression, right: Expression) => [...this.into(e.left, left), ...this.into(e.right, right)];
    switch (e.operator) {
      case "add":
        return this.shared(e, adjoint, (reached) => both(reached, reached));
      case "subtract":
        return this.shared(e, adjoint, (reached) => both(reached, negate(reached)));
      case "multiply":
        return this.shared(e, adjoint, (reached) => both(multiply(reached, b), multiply(reached, a)));
      case "divide":
        return this.shared(e, divide(adjoint, b), (reached) => both(reached, negate(multiply(reached, value))));
      case "max":
      case "min": {
        // Of equal ones the first counts, as in forward derivatives.
        const order = e.operator === "max" ? "greater-equal" : "less-equal";
        return this.choice(compare(order, a, b), e.left, e.right, adjoint);
      }
      case "power": {
        // (x^y)' = y x^(y − 1) x' + x^y log(x) y'
        const lower = binary("power", a, subtract(b, real(1)));
        const log: Expression = { kind: "unary", operator: "log", operand: a, type: "f32" };
        const [base, exponent] = [multiply(b, lower), multiply(value, log)];
        return this.shared(e, adjoint, (reached) => both(multiply(reached, base), multiply(reached, exponent)));
      }
      case "remainder": {
        // a % b = a − b · floor(a / b)
        const whole: Expression = { kind: "unary", operator: "floor", operand: divide(a, b), type: "f32" };
        return this.shared(e, adjoint, (reached) => both(reached, negate(multiply(reached, whole))));
      }
      case "equal":
      case "not-equal":
      case "less":
      case "less-equal":
      case "greater":
      case "greater-equal":
      case "and":
      case "or":
        return [];
    }
  }

  /** Gives what reaches both operands a name, if it is more than one. */
  private shared(
    e: Extract<Expression, { kind: "binary" }>,
    adjoint: Expression,
    pass: (reached: Expression) => Statement[],
  ): Statement[] {
    const both = isActive(e.left, this.active) && isActive(e.right, this.active);
    const simple = adjoint.kind === "variable" || (adjoint.kind === "unary" && adjoint.operand.kind === "variable");
    if (!both || simple) return pass(adjoint);
    const name = this.names.fresh("passed");
    return [declare(name, adjoint), ...pass(named(name))];
  }
}

function named(name: string): Expression {
  return { kind: "variable", name, type: "f32" };
}

function declare(name: string, value: Expression): Statement {
  return { kind: "declare", name, type: "f32", mutable: false, value };
}

/** What is added to (or subtracted from) the old value, where that is all that happens to it. */
function addedTo(
  e: Expression,
  isSelf: (e: Expression) => boolean,
): { readonly value: Expression; readonly sign: number } | undefined {
  if (e.kind !== "binary" || (e.operator !== "add" && e.operator !== "subtract")) return undefined;
  const sign = e.operator === "add" ? 1 : -1;
  if (isSelf(e.left) && !mentions(e.right, isSelf)) return { value: e.right, sign };
  return sign > 0 && isSelf(e.right) && !mentions(e.left, isSelf) ? { value: e.left, sign } : undefined;
}

/** Whether `e` reads the old value, or another element of the same array by an index that may be the same. */
function mentions(e: Expression, isSelf: (e: Expression) => boolean): boolean {
  return isSelf(e) || partsOf(e).some((part) => mentions(part, isSelf));
}
