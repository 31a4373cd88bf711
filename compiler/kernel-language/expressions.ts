/**
 * Lowers the expressions of a kernel: flat indices, named costly values, reductions as statements of their own,
 * functions of a relaxation inlined, end points of edges as tables.
 */
import type {
  BinaryExpression,
  CallExpression,
  Expression,
  IndexExpression,
  RangeExpression,
  Span,
} from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { type Declarations, located, retold } from "../declarations.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { KernelArray, KernelExpression } from "../ir/kernel/kernel.ts";
import { evaluateStatic } from "../static-evaluate.ts";
import {
  arithmetic,
  convert,
  fold,
  foldUnary,
  integer,
  length,
  numberConstant,
  OPERATORS,
  toReal,
  UNARY,
  zero,
} from "./arithmetic.ts";
import type { Emitter } from "./emitter.ts";
import { type MethodCall, methodOf, relaxationFunctionCalled } from "./methods.ts";
import { power } from "./powers.ts";
import { emitReducingLoop, emitReduction, REDUCTIONS, type Reduction } from "./reductions.ts";
import { KernelScope } from "./scope.ts";

/** What kernels can call besides other kernels and compile-time functions. */
export const KERNEL_FUNCTIONS: ReadonlySet<string> = new Set([
  ...UNARY.keys(),
  ...REDUCTIONS,
  ...["select", "from", "into", "to", "reversed"],
]);

/** The ends of a loop; it runs downwards when reversed. */
export interface LoopRange {
  readonly from: KernelExpression;
  readonly to: KernelExpression;
  readonly reversed: boolean;
}

export class ExpressionLowering {
  private readonly emitter: Emitter;
  private readonly declarations: Declarations;
  private readonly told: (failure: Failure) => Failure;

  constructor(emitter: Emitter, declarations: Declarations, told: (failure: Failure) => Failure) {
    this.emitter = emitter;
    this.declarations = declarations;
    this.told = told;
  }

  expression(e: Expression, scope: KernelScope): KernelExpression {
    switch (e.kind) {
      case "number":
        if (!Number.isFinite(e.value)) {
          const message = `${e.text} is larger than any number here`;
          throw new Failure(e.span, "bad-number", message, { help: "write inf for infinity" });
        }
        return { kind: "constant", value: e.value, type: /^\d+$/.test(e.text) ? "i32" : "f32" };
      case "boolean":
        return { kind: "constant", value: e.value ? 1 : 0, type: "bool" };
      case "name":
        return this.nameValue(e.name, e.span, scope);
      case "unary":
        return this.unary(e.operator, this.expression(e.operand, scope), e.span);
      case "binary": {
        const operator = OPERATORS[e.operator];
        if (operator === undefined) throw new Failure(e.span, "bad-operator", `'${e.operator}' is not for kernels`);
        if (operator === "power") {
          const [base, exponent] = [this.expression(e.left, scope), this.expression(e.right, scope)];
          return power(this.emitter, base, exponent, e.span, (name, value) => this.repeatable(name, value));
        }
        if (operator === "and" || operator === "or") return this.logical(operator, e, scope);
        const value = arithmetic(operator, this.expression(e.left, scope), this.expression(e.right, scope), e.span);
        return operator === "divide" && value.kind === "binary" ? this.emitter.named("quotient", value) : value;
      }
      case "conditional":
        return this.select(e.condition, e.consequent, e.alternative, scope);
      case "index": {
        const array = this.arrayNamed(e.object, scope);
        return { kind: "load", array: array.name, index: this.flatIndex(array, e, scope), type: array.element };
      }
      case "call":
        return this.call(e, scope);
      case "member":
        // A number of the precision is a real, be it whole or not.
        return toReal(this.staticValue(e, scope));
      default:
        throw new Failure(e.span, "not-in-kernels", `${printExpression(e)} is not for kernels`);
    }
  }

  /** A truth value. */
  condition(e: Expression, scope: KernelScope): KernelExpression {
    const value = this.expression(e, scope);
    if (value.type === "bool") return value;
    throw new Failure(e.span, "type-mismatch", `a condition must be true or false, but this is ${value.type}`, {
      help: "compare it with something",
    });
  }

  /** A number of type i32: an index or the end of a range. */
  integer(e: Expression, scope: KernelScope): KernelExpression {
    return convert(this.expression(e, scope), "i32", e.span);
  }

  /** A loop's range; a lone integer n stands for 0..n. */
  range(source: Expression | RangeExpression, scope: KernelScope): LoopRange {
    if (source.kind === "range") {
      if (source.to === undefined) throw new Failure(source.span, "bad-range", "a loop's range needs an end");
      const from = source.from === undefined ? zero : this.integer(source.from, scope);
      return { from, to: this.integer(source.to, scope), reversed: false };
    }
    // The parser writes reversed(a..b) as a call around both ends.
    if (source.kind === "call" && source.callee.kind === "name" && source.callee.name === "reversed") {
      const [from, to] = source.arguments;
      return { from: this.integer(from!.value, scope), to: this.integer(to!.value, scope), reversed: true };
    }
    return { from: zero, to: this.integer(source, scope), reversed: false };
  }

  /** The row-major position of `array[i, j]`, each index guarded. */
  flatIndex(array: KernelArray, e: IndexExpression, scope: KernelScope): KernelExpression {
    if (e.items.length !== array.shape.length) {
      const dimensions = `${array.shape.length} dimension${array.shape.length === 1 ? "" : "s"}`;
      const message = `this array has ${dimensions}, but ${e.items.length} indices are given`;
      throw new Failure(e.span, "shape-mismatch", message);
    }
    let flat = zero;
    e.items.forEach((item, axis) => {
      if (item.kind === "range" || item.kind === "ellipsis") {
        throw new Failure(e.span, "bad-index", "a kernel's index is one integer for each dimension");
      }
      const index = this.integer(item, scope);
      const length = array.shape[axis]!;
      if (index.kind === "constant" && (index.value < 0 || index.value >= length)) {
        throw new Failure(item.span, "bad-index", `there is no position ${index.value} among ${length}`);
      }
      const guarded = this.guarded(index, length, printExpression(e.object), item.span);
      flat = fold("add", fold("multiply", flat, integer(length), "i32"), guarded, "i32");
    });
    return flat;
  }

  /** An index that must be one of `length`; bounds.ts finds out whether it always is. */
  private guarded(operand: KernelExpression, length: number, array: string, span: Span): KernelExpression {
    if (operand.kind === "constant") return operand;
    const guarded: KernelExpression = { kind: "within", operand, length, array, type: "i32" };
    this.emitter.places.set(guarded, { span, told: this.told });
    return guarded;
  }

  arrayNamed(e: Expression, scope: KernelScope): KernelArray {
    const binding = e.kind === "name" ? scope.lookup(e.name) : undefined;
    if (binding?.kind === "array") return binding.array;
    throw new Failure(e.span, "type-mismatch", `${printExpression(e)} is not an array here`);
  }

  private unary(operator: "-" | "not", operand: KernelExpression, span: Span): KernelExpression {
    if ((operator === "not") !== (operand.type === "bool")) {
      throw new Failure(span, "type-mismatch", `'${operator}' does not apply to ${operand.type}`);
    }
    if (operand.kind === "constant") {
      return { ...operand, value: operator === "-" ? -operand.value : 1 - operand.value };
    }
    return { kind: "unary", operator: operator === "-" ? "negate" : "not", operand, type: operand.type };
  }

  private select(condition: Expression, yes: Expression, no: Expression, scope: KernelScope): KernelExpression {
    const test = this.condition(condition, scope);
    const [a, b] = [this.aside(yes, scope), this.aside(no, scope)];
    const type = a.value.type === "f32" || b.value.type === "f32" ? "f32" : a.value.type;
    const [consequent, alternative] = [convert(a.value, type, yes.span), convert(b.value, type, no.span)];
    if (test.kind === "constant") {
      const [chosen, value] = test.value !== 0 ? [a, consequent] : [b, alternative];
      this.emitter.push(...chosen.statements);
      return value;
    }
    if (a.statements.length + b.statements.length === 0) {
      return { kind: "select", condition: test, consequent, alternative, type };
    }
    const name = this.emitter.fresh("choice");
    this.emitter.push(
      { kind: "declare", name, type, mutable: true, value: { kind: "constant", value: 0, type } },
      {
        kind: "if",
        condition: test,
        consequent: [...a.statements, { kind: "assign", name, value: consequent }],
        alternative: [...b.statements, { kind: "assign", name, value: alternative }],
      },
    );
    return { kind: "variable", name, type };
  }

  /** A value that may not be needed, with the statements that it takes: a condition may guard an index in them. */
  private aside(e: Expression, scope: KernelScope) {
    let value = zero;
    const statements = this.emitter.collect(() => {
      value = this.expression(e, scope);
    });
    return { value, statements };
  }

  /** `and` and `or`: what the right side takes is computed only where the left side does not decide. */
  private logical(operator: "and" | "or", e: BinaryExpression, scope: KernelScope): KernelExpression {
    const left = this.expression(e.left, scope);
    const { value: right, statements } = this.aside(e.right, scope);
    const value = arithmetic(operator, left, right, e.span);
    if (statements.length === 0) return value;
    const name = this.emitter.fresh(operator);
    const result: KernelExpression = { kind: "variable", name, type: "bool" };
    this.emitter.push(
      { kind: "declare", name, type: "bool", mutable: true, value: left },
      {
        kind: "if",
        condition: operator === "and" ? result : { kind: "unary", operator: "not", operand: result, type: "bool" },
        consequent: [...statements, { kind: "assign", name, value: right }],
        alternative: [],
      },
    );
    return result;
  }

  private nameValue(name: string, span: Span, scope: KernelScope): KernelExpression {
    const binding = scope.lookup(name);
    if (binding?.kind === "scalar") return { kind: "variable", name: binding.name, type: binding.type };
    if (binding?.kind === "value") return binding.value;
    if (binding?.kind === "array") {
      throw new Failure(span, "type-mismatch", `${name} is an array: index it, or reduce it with sum or max`);
    }
    const value = scope.statics.lookup(name);
    if (value?.kind === "number") return numberConstant(value.value);
    if (value?.kind === "boolean") return { kind: "constant", value: value.value ? 1 : 0, type: "bool" };
    if (name === "inf") return { kind: "constant", value: Number.POSITIVE_INFINITY, type: "f32" };
    const near = didYouMean(name, scope.names());
    const help = near === undefined ? {} : { help: `did you mean ${near}?` };
    throw new Failure(span, "unknown-name", `there is no ${name} in this kernel`, help);
  }

  private call(e: CallExpression, scope: KernelScope): KernelExpression {
    const given = e.arguments.map((argument) => argument.value);
    const method = methodOf(e, scope);
    if (method !== undefined) return this.relaxationFunction(method, scope);
    const name = e.callee.kind === "name" ? e.callee.name : "";
    const [first, second, third] = given;
    if (UNARY.has(name) && first !== undefined && given.length === 1) return this.function(name, first, scope);
    if ((name === "min" || name === "max") && first !== undefined && second !== undefined && given.length === 2) {
      const [a, b] = [this.expression(first, scope), this.expression(second, scope)];
      return arithmetic(name, this.repeatable("a", a), this.repeatable("b", b), e.span);
    }
    if (name === "select" && third !== undefined && given.length === 3) {
      return this.select(first!, second!, third, scope);
    }
    const reduction = REDUCTIONS.find((each) => each === name);
    if (reduction !== undefined && first !== undefined && given.length === 1) {
      return this.reduce(reduction, first, e.span, scope);
    }
    if (name === "from" || name === "into" || name === "to") return this.endPoint(name, given, e.span, scope);
    if (this.declarations.kernel(name) !== undefined) {
      throw new Failure(e.span, "not-in-kernels", `${name} gives an array, so its result needs a name`, {
        help: `write let result = ${printExpression(e)}`,
      });
    }
    return this.staticValue(e, scope);
  }

  private staticValue(e: Expression, scope: KernelScope): KernelExpression {
    const value = evaluateStatic(e, scope.constants());
    if (value.kind === "number") return numberConstant(value.value);
    if (value.kind === "boolean") return { kind: "constant", value: value.value ? 1 : 0, type: "bool" };
    throw new Failure(e.span, "type-mismatch", `${printExpression(e)} is not a number`);
  }

  /**
   * What is written more than once in the result (min and max are printed as choices): named if it is long, because
   * nested repetitions would double the text again and again.
   */
  private repeatable(name: string, value: KernelExpression): KernelExpression {
    return length(value, LONGEST_REPEATED) > LONGEST_REPEATED ? this.emitter.named(name, value) : value;
  }

  /** `exp(x)` and the like. */
  private function(name: string, argument: Expression, scope: KernelScope): KernelExpression {
    const operator = UNARY.get(name)!;
    const value = this.expression(argument, scope);
    if (value.type === "bool") throw new Failure(argument.span, "type-mismatch", `${name} does not apply to bool`);
    const operand = operator === "to-i32" ? value : toReal(value);
    if (operator === "to-f32" || operand.type === "i32") return operand;
    const folded = foldUnary(operator, operand);
    if (folded !== undefined) return folded;
    const result: KernelExpression = {
      kind: "unary",
      operator,
      operand,
      type: operator === "to-i32" ? "i32" : "f32",
    };
    return operator === "detach" || operator === "to-i32" ? result : this.emitter.named(name, result);
  }

  /** `R.map(s)`: a function of a separable regulariser, inlined. */
  private relaxationFunction(called: MethodCall, scope: KernelScope): KernelExpression {
    const { relaxation, clause } = relaxationFunctionCalled(called);
    const { span, given } = called;
    // Its names are those of the file that declares it, and so is the place of what is wrong with it.
    const [source, caller] = [relaxation.source, this.declarations.source];
    const declarations = this.declarations.from(source);
    const inner = KernelScope.outermost(relaxation.arguments, declarations);
    clause.parameters.forEach((parameter, i) => {
      const lowered = toReal(this.expression(given[i]!.value, scope));
      const costly = lowered.kind === "binary" || lowered.kind === "select";
      const value = costly ? this.emitter.named(parameter.name, lowered) : lowered;
      inner.bindings.set(parameter.name, { kind: "value", value });
    });
    const told = (failure: Failure) => this.told(retold(failure, source, caller, span));
    const lowering = new ExpressionLowering(this.emitter, declarations, told);
    return located(source, caller, span, () => toReal(lowering.expression(clause.value, inner)));
  }

  private reduce(operator: Reduction, e: Expression, span: Span, scope: KernelScope): KernelExpression {
    const name = this.emitter.fresh(operator);
    const variable = this.emitter.fresh("i");
    const place = { span, told: this.told };
    if (e.kind !== "comprehension") {
      const binding = e.kind === "name" ? scope.lookup(e.name) : undefined;
      if (binding?.kind !== "array") {
        const help = `${operator}(u[i] for i in 0..n)`;
        throw new Failure(span, "type-mismatch", `${operator} takes an array, or values for a range: ${help}`);
      }
      const { array } = binding;
      const index: KernelExpression = { kind: "variable", name: variable, type: "i32" };
      const value: KernelExpression = { kind: "load", array: array.name, index, type: array.element };
      const range = { from: zero, to: integer(array.shape.reduce((a, b) => a * b, 1)) };
      return emitReduction(this.emitter, { name, operator, variable, ...range, value }, place);
    }
    const range = this.range(e.source, scope);
    const inner = scope.inner();
    inner.bindings.set(e.variable.name, { kind: "scalar", name: variable, type: "i32", mutable: false });
    let condition: KernelExpression | undefined;
    const before = this.emitter.collect(() => {
      condition = e.condition === undefined ? undefined : this.condition(e.condition, inner);
    });
    let value = zero;
    const named = this.emitter.collect(() => {
      value = this.expression(e.body, inner);
    });
    const parts = { name, operator, variable, from: range.from, to: range.to, value };
    const reduction = condition === undefined ? parts : { ...parts, condition };
    if (before.length + named.length === 0) return emitReduction(this.emitter, reduction, place);
    return emitReducingLoop(this.emitter, reduction, before, named, place);
  }

  /** `from(G, e)` and `into(G, e)`: an edge's end points; the graph may be left out where only one is in scope. */
  private endPoint(name: string, given: readonly Expression[], span: Span, scope: KernelScope): KernelExpression {
    const edge = given[given.length - 1];
    const graph = given.length === 2 ? evaluateStatic(given[0]!, scope.statics) : scope.onlyGraph();
    if (graph?.kind !== "graph" || edge === undefined || given.length > 2) {
      throw new Failure(span, "type-mismatch", `${name} needs a graph and an edge: ${name}(G, e)`);
    }
    const end = name === "from" ? 0 : 1;
    const table = this.emitter.table(
      name === "from" ? "from" : "into",
      graph.edges.map((ends) => ends[end]!),
    );
    const index = this.guarded(this.integer(edge, scope), graph.edges.length, "the edges", edge.span);
    return { kind: "load", array: table.name, index, type: "i32" };
  }
}

/** Longer operands than this are named before they are repeated. */
const LONGEST_REPEATED = 12;
