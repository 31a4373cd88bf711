/**
 * Lowers the expressions of a kernel: flat indices, named costly values, reductions as statements of their own,
 * functions of a relaxation inlined, end points of edges as tables.
 */
import type { CallExpression, Expression, IndexExpression, RangeExpression, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Declarations } from "../declarations.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { KernelArray, KernelExpression, KernelStatement, ScalarType } from "../ir/kernel/kernel.ts";
import { evaluateStatic } from "../static-evaluate.ts";
import type { StaticGraph } from "../static-value.ts";
import {
  arithmetic,
  convert,
  fold,
  foldUnary,
  integer,
  numberConstant,
  OPERATORS,
  toReal,
  UNARY,
  zero,
} from "./arithmetic.ts";
import type { Emitter } from "./emitter.ts";
import { KernelScope } from "./scope.ts";

const REDUCTIONS = ["sum", "max", "min", "argmax", "argmin"] as const;
type Reduction = (typeof REDUCTIONS)[number];
/** What kernels can call besides other kernels and compile-time functions. */
export const KERNEL_FUNCTIONS: ReadonlySet<string> = new Set([
  ...UNARY.keys(),
  ...REDUCTIONS,
  ...["select", "from", "into", "to", "reversed"],
]);
type ReductionParts = Omit<Extract<KernelStatement, { kind: "reduce" }>, "kind" | "type">;

/** The ends of a loop; it runs downwards when reversed. */
export interface LoopRange {
  readonly from: KernelExpression;
  readonly to: KernelExpression;
  readonly reversed: boolean;
}

export class ExpressionLowering {
  private readonly emitter: Emitter;
  private readonly declarations: Declarations;

  constructor(emitter: Emitter, declarations: Declarations) {
    this.emitter = emitter;
    this.declarations = declarations;
  }

  expression(e: Expression, scope: KernelScope): KernelExpression {
    switch (e.kind) {
      case "number":
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
        if (operator === "power") return this.power(e.left, e.right, scope);
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

  /** The row-major position of `array[i, j]`. */
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
      flat = fold("add", fold("multiply", flat, integer(length), "i32"), index, "i32");
    });
    return flat;
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
    const a = this.expression(yes, scope);
    const b = this.expression(no, scope);
    const type = a.type === "f32" || b.type === "f32" ? "f32" : a.type;
    const [consequent, alternative] = [convert(a, type, yes.span), convert(b, type, no.span)];
    if (test.kind === "constant") return test.value !== 0 ? consequent : alternative;
    return { kind: "select", condition: test, consequent, alternative, type };
  }

  private power(base: Expression, exponent: Expression, scope: KernelScope): KernelExpression {
    const value = this.expression(exponent, scope);
    const x = this.expression(base, scope);
    if (value.kind !== "constant" || !Number.isInteger(value.value) || value.value < 1 || value.value > 8) {
      throw new Failure(exponent.span, "bad-power", "an exponent in a kernel is an integer from 1 to 8", {
        help: "use exp(log(x) * a) for others",
      });
    }
    if (value.value === 1) return x;
    const factor = this.repeatable("base", x);
    let product = factor;
    for (let i = 1; i < value.value; i++) product = fold("multiply", product, factor, x.type);
    return product;
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
    if (e.callee.kind === "member" && e.callee.object.kind === "name") {
      return this.relaxationFunction(e.callee.object.name, e.callee.property.name, given, e.span, scope);
    }
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
  private relaxationFunction(
    object: string,
    method: string,
    given: readonly Expression[],
    span: Span,
    scope: KernelScope,
  ): KernelExpression {
    const relaxation = scope.statics.lookup(object);
    const clause =
      relaxation?.kind === "relaxation"
        ? relaxation.declaration.body.find((candidate) => candidate.name.name === method)
        : undefined;
    if (relaxation?.kind !== "relaxation" || clause === undefined) {
      throw new Failure(span, "unknown-name", `${object} has no function ${method}`);
    }
    const wanted = clause.parameters.length;
    if (given.length !== wanted) {
      const message = `${object}.${method} takes ${wanted} argument${wanted === 1 ? "" : "s"}, not ${given.length}`;
      throw new Failure(span, "missing-argument", message);
    }
    const inner = KernelScope.outermost(relaxation.arguments, this.declarations);
    clause.parameters.forEach((parameter, i) => {
      const lowered = toReal(this.expression(given[i]!, scope));
      const costly = lowered.kind === "binary" || lowered.kind === "select";
      const value = costly ? this.emitter.named(parameter.name, lowered) : lowered;
      inner.bindings.set(parameter.name, { kind: "value", value });
    });
    return toReal(this.expression(clause.value, inner));
  }

  private reduce(operator: Reduction, e: Expression, span: Span, scope: KernelScope): KernelExpression {
    const name = this.emitter.fresh(operator);
    const variable = this.emitter.fresh("i");
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
      return this.emitReduce({ name, operator, variable, ...range, value }, span);
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
    if (before.length + named.length === 0) return this.emitReduce(reduction, span);
    return this.reduceByLoop(reduction, before, named, span);
  }

  private emitReduce(parts: ReductionParts, span: Span): KernelExpression {
    const { operator, value, name } = parts;
    if (value.type === "bool") {
      throw new Failure(span, "type-mismatch", `${operator} needs numbers, but these are true or false`, {
        help: "count with sum(if … then 1 else 0 for …)",
      });
    }
    const type: ScalarType = operator === "argmax" || operator === "argmin" ? "i32" : value.type;
    this.emitter.push({ kind: "reduce", ...parts, type });
    return { kind: "variable", name, type };
  }

  /** A reduction whose condition or terms need names of their own (exp, divisions) becomes a loop that accumulates. */
  private reduceByLoop(
    parts: ReductionParts,
    before: readonly KernelStatement[],
    named: readonly KernelStatement[],
    span: Span,
  ): KernelExpression {
    const { name, operator, condition, variable, from, to } = parts;
    if (operator === "argmax" || operator === "argmin") {
      throw new Failure(span, "bad-reduction", `store the values in a shared array before taking their ${operator}`);
    }
    const first = operator === "sum" ? 0 : operator === "max" ? -1e300 : 1e300;
    const result: KernelExpression = { kind: "variable", name, type: "f32" };
    const combined = fold(operator === "sum" ? "add" : operator, result, toReal(parts.value), "f32");
    const step: readonly KernelStatement[] = [...named, { kind: "assign", name, value: combined }];
    const guarded: readonly KernelStatement[] =
      condition === undefined ? step : [{ kind: "if", condition, consequent: step, alternative: [] }];
    const body = [...before, ...guarded];
    this.emitter.push(
      { kind: "declare", name, type: "f32", mutable: true, value: { kind: "constant", value: first, type: "f32" } },
      { kind: "for", variable, from, to, reversed: false, parallel: false, body },
    );
    return result;
  }

  /** `from(G, e)` and `into(G, e)`: an edge's end points; the graph may be left out where only one is in scope. */
  private endPoint(name: string, given: readonly Expression[], span: Span, scope: KernelScope): KernelExpression {
    const edge = given[given.length - 1];
    const graph = given.length === 2 ? evaluateStatic(given[0]!, scope.statics) : onlyGraph(scope);
    if (graph?.kind !== "graph" || edge === undefined || given.length > 2) {
      throw new Failure(span, "type-mismatch", `${name} needs a graph and an edge: ${name}(G, e)`);
    }
    const end = name === "from" ? 0 : 1;
    const table = this.emitter.table(
      name === "from" ? "from" : "into",
      graph.edges.map((ends) => ends[end]!),
    );
    return { kind: "load", array: table.name, index: this.integer(edge, scope), type: "i32" };
  }
}

/** Longer operands than this are named before they are repeated. */
const LONGEST_REPEATED = 12;

/** How many operations and operands an expression has, counted up to a little more than `most`. */
function length(e: KernelExpression, most: number): number {
  if (most <= 0) return 1;
  switch (e.kind) {
    case "constant":
    case "variable":
      return 1;
    case "load":
      return 1 + length(e.index, most - 1);
    case "unary":
      return 1 + length(e.operand, most - 1);
    case "binary": {
      const left = length(e.left, most - 1);
      return 1 + left + length(e.right, most - 1 - left);
    }
    case "select": {
      const condition = length(e.condition, most - 1);
      const yes = length(e.consequent, most - 1 - condition);
      return 1 + condition + yes + length(e.alternative, most - 1 - condition - yes);
    }
  }
}

function onlyGraph(scope: KernelScope): StaticGraph | undefined {
  const graphs = [...scope.values.values()].filter((value) => value.kind === "graph");
  return graphs.length === 1 ? graphs[0] : undefined;
}
