/**
 * Lowers a kernel of the language to kernel IR: sizes become constants, two-dimensional indices flat ones, calls of other kernels
 * and of relaxation functions are inlined. Mistakes are thrown as Failures with the place in the kernel's source.
 */
import type { Argument, Expression, KernelDeclaration, KernelFor, KernelStatement as Statement, RangeExpression, Span, TensorTypeExpression } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import type { Kernel, KernelArray, KernelBinary, KernelExpression, KernelStatement, KernelTable, KernelUnary, ScalarType } from "../ir/kernel/kernel.ts";
import { assignArguments, bindStatic, type Environment, environment, evaluateStatic } from "../static-evaluate.ts";
import { staticNumber } from "../static-functions.ts";
import type { StaticValue } from "../static-value.ts";
import type { Declarations } from "../structure.ts";

type Binding =
  | { readonly kind: "scalar"; readonly name: string; readonly type: ScalarType; readonly mutable: boolean }
  | { readonly kind: "array"; readonly array: KernelArray; readonly writable: boolean }
  | { readonly kind: "value"; readonly value: KernelExpression };

class KernelScope {
  readonly bindings = new Map<string, Binding>();
  readonly statics: Environment;
  readonly parent: KernelScope | undefined;
  constructor(statics: Environment, parent?: KernelScope) {
    this.statics = statics;
    this.parent = parent;
  }
  lookup(name: string): Binding | undefined {
    return this.bindings.get(name) ?? this.parent?.lookup(name);
  }
  names(): string[] {
    return [...this.bindings.keys(), ...(this.parent?.names() ?? this.statics.names())];
  }
}

/** Static arguments are those of `declaration` that are not tensors; arrays are inputs. */
export function lowerKernel(declaration: KernelDeclaration, values: ReadonlyMap<string, StaticValue>, declarations: Declarations, name: string): Kernel {
  return new Lowering(declarations).kernel(declaration, values, name);
}

class Lowering {
  private readonly scratch: KernelArray[] = [];
  private readonly tables = new Map<string, KernelTable>();
  private readonly declarations: Declarations;
  private names = 0;
  private depth = 0;
  private body: KernelStatement[] = [];

  constructor(declarations: Declarations) {
    this.declarations = declarations;
  }

  kernel(declaration: KernelDeclaration, values: ReadonlyMap<string, StaticValue>, name: string): Kernel {
    const statics = environment(values, this.declarations);
    const scope = new KernelScope(statics);
    const inputs = declaration.parameters.flatMap((parameter) => (parameter.type?.kind === "tensor-type" ? [this.array(parameter.name.name, parameter.type, statics)] : []));
    const outputs = declaration.outputs.map((output) => this.array(output.name.name, output.type, statics));
    for (const array of inputs) scope.bindings.set(array.name, { kind: "array", array, writable: false });
    for (const array of outputs) scope.bindings.set(array.name, { kind: "array", array, writable: true });
    this.block(declaration.body, scope);
    return { name, ...(declaration.doc === undefined ? {} : { doc: declaration.doc }), inputs, outputs, scratch: this.scratch, tables: [...this.tables.values()], body: this.body };
  }

  private array(name: string, type: TensorTypeExpression, statics: Environment): KernelArray {
    const shape = type.dimensions.map((item) => {
      const value = item.kind === "ellipsis" ? undefined : evaluateStatic(item, statics);
      if (value?.kind !== "number" || !Number.isInteger(value.value) || value.value < 0) throw new Failure(type.span, "bad-size", "the sizes of a kernel's arrays must be integers known at compile time");
      return value.value;
    });
    return { name, element: type.element === "binary" ? "f32" : type.element, shape };
  }

  private fresh(name: string): string {
    return `${name}_${++this.names}`;
  }

  /** Lowers statements into a list of their own. */
  private collect(work: () => void): KernelStatement[] {
    const outer = this.body;
    this.body = [];
    work();
    const inner = this.body;
    this.body = outer;
    return inner;
  }

  private block(statements: readonly Statement[], scope: KernelScope): void {
    for (const statement of statements) this.statement(statement, scope);
  }

  private statement(s: Statement, scope: KernelScope): void {
    switch (s.kind) {
      case "kernel-let":
        return this.letStatement(s.name.name, s.value, scope);
      case "kernel-var": {
        const value = this.expression(s.value, scope);
        const wanted = s.type?.kind === "tensor-type" ? s.type.element : s.type?.name;
        const converted = wanted === "f32" ? this.toReal(value) : value;
        const name = this.fresh(s.name.name);
        this.body.push({ kind: "declare", name, type: converted.type, mutable: true, value: converted });
        scope.bindings.set(s.name.name, { kind: "scalar", name, type: converted.type, mutable: true });
        return;
      }
      case "kernel-shared": {
        const array = { ...this.array(s.name.name, s.type, this.withConstants(scope)), name: this.fresh(s.name.name) };
        this.scratch.push(array);
        if (s.fill !== undefined) this.body.push({ kind: "fill", array: array.name, value: this.convert(this.expression(s.fill, scope), array.element, s.fill.span) });
        scope.bindings.set(s.name.name, { kind: "array", array, writable: true });
        return;
      }
      case "kernel-assign":
        return this.assign(s.target, s.operator, s.value, scope);
      case "kernel-for":
        return this.loop(s, scope);
      case "kernel-if": {
        const condition = this.expression(s.condition, scope);
        const consequent = this.collect(() => this.block(s.consequent, new KernelScope(scope.statics, scope)));
        const alternative = this.collect(() => this.block(s.alternative, new KernelScope(scope.statics, scope)));
        if (condition.kind === "constant") this.body.push(...(condition.value !== 0 ? consequent : alternative));
        else this.body.push({ kind: "if", condition, consequent, alternative });
        return;
      }
      case "kernel-while": {
        const before = this.body.length;
        const condition = this.expression(s.condition, scope);
        if (this.body.length > before) throw new Failure(s.condition.span, "bad-condition", "the condition of a while may not contain exp, divisions or reductions", { help: "keep it in a var that the body updates" });
        this.body.push({ kind: "while", condition, body: this.collect(() => this.block(s.body, new KernelScope(scope.statics, scope))) });
        return;
      }
      case "kernel-break":
        this.body.push({ kind: "break" });
    }
  }

  private letStatement(name: string, value: Expression, scope: KernelScope): void {
    const called = value.kind === "call" && value.callee.kind === "name" ? this.declarations.kernel(value.callee.name) : undefined;
    if (called !== undefined && value.kind === "call") {
      scope.bindings.set(name, { kind: "array", array: this.inline(called.declaration, value.arguments, value.span, scope), writable: false });
      return;
    }
    const lowered = this.expression(value, scope);
    if (lowered.kind === "constant") {
      scope.bindings.set(name, { kind: "value", value: lowered });
      return;
    }
    const unique = this.fresh(name);
    this.body.push({ kind: "declare", name: unique, type: lowered.type, mutable: false, value: lowered });
    scope.bindings.set(name, { kind: "scalar", name: unique, type: lowered.type, mutable: false });
  }

  /** Calls another kernel: its body is lowered here, with its outputs as scratch arrays. */
  private inline(callee: KernelDeclaration, given: readonly Argument[], span: Span, scope: KernelScope): KernelArray {
    if (++this.depth > 20) throw new Failure(span, "recursion", `kernel ${callee.name.name} calls itself`, { help: "kernels are inlined: use a loop" });
    const statics = new Map<string, StaticValue>();
    const own = environment(statics, this.declarations);
    const inner = new KernelScope(own);
    const assigned = assignArguments(callee.parameters.map((parameter) => parameter.name.name), given.map((argument) => ({ name: argument.name?.name, span: argument.span, value: argument.value })), callee.name.name);
    for (const parameter of callee.parameters) {
      const name = parameter.name.name;
      const argument = assigned.get(name);
      if (parameter.type?.kind === "tensor-type") {
        const binding = argument?.value.kind === "name" ? scope.lookup(argument.value.name) : undefined;
        if (binding?.kind !== "array") throw new Failure(argument?.span ?? span, "type-mismatch", `${name} of ${callee.name.name} must be an array`);
        inner.bindings.set(name, { ...binding, writable: false });
      } else {
        const caller = this.withConstants(scope);
        const value = argument === undefined ? (parameter.default === undefined ? undefined : evaluateStatic(parameter.default, own)) : evaluateStatic(argument.value, caller);
        const inherited = value ?? caller.lookup(name);
        if (inherited === undefined) throw new Failure(span, "missing-argument", `${callee.name.name} needs ${name}`);
        statics.set(name, inherited);
      }
    }
    const outputs = callee.outputs.map((output) => ({ ...this.array(output.name.name, output.type, own), name: this.fresh(output.name.name) }));
    callee.outputs.forEach((output, i) => inner.bindings.set(output.name.name, { kind: "array", array: outputs[i]!, writable: true }));
    this.scratch.push(...outputs);
    this.block(callee.body, inner);
    this.depth--;
    return outputs[0]!;
  }

  /** `let` names with constant values count as compile-time values too. */
  private withConstants(scope: KernelScope): Environment {
    return {
      lookup: (name) => {
        const binding = scope.lookup(name);
        if (binding?.kind === "value" && binding.value.kind === "constant") return staticNumber(binding.value.value);
        return binding === undefined ? scope.statics.lookup(name) : undefined;
      },
      names: () => scope.names(),
    };
  }

  private assign(target: Expression, operator: string, value: Expression, scope: KernelScope): void {
    const arithmetic: KernelBinary | undefined = ({ "+=": "add", "-=": "subtract", "*=": "multiply", "/=": "divide" } as const)[operator as "+="];
    if (target.kind === "name") {
      const binding = scope.lookup(target.name);
      if (binding?.kind !== "scalar" || !binding.mutable) throw new Failure(target.span, "not-assignable", `${target.name} cannot be assigned to`, { help: "declare it with var" });
      const old: KernelExpression = { kind: "variable", name: binding.name, type: binding.type };
      const given = this.convert(this.expression(value, scope), binding.type, value.span);
      this.body.push({ kind: "assign", name: binding.name, value: arithmetic === undefined ? given : this.arithmetic(arithmetic, old, given, target.span) });
      return;
    }
    if (target.kind !== "index" || target.object.kind !== "name") throw new Failure(target.span, "not-assignable", `${printExpression(target)} cannot be assigned to`);
    const binding = scope.lookup(target.object.name);
    if (binding?.kind !== "array" || !binding.writable) throw new Failure(target.span, "not-assignable", `${target.object.name} cannot be written to`, { help: "write to an output or a shared array" });
    const index = this.flatIndex(binding.array, target.items, target.span, scope);
    const old: KernelExpression = { kind: "load", array: binding.array.name, index, type: binding.array.element };
    const given = this.convert(this.expression(value, scope), binding.array.element, value.span);
    this.body.push({ kind: "store", array: binding.array.name, index, value: arithmetic === undefined ? given : this.arithmetic(arithmetic, old, given, target.span) });
  }

  private loop(s: KernelFor, scope: KernelScope, position = 0): void {
    if (position === s.variables.length) return this.block(s.body, new KernelScope(scope.statics, scope));
    const { from, to, reversed } = this.range(s.sources[position]!, scope);
    const inner = new KernelScope(scope.statics, scope);
    const variable = this.fresh(s.variables[position]!.name);
    inner.bindings.set(s.variables[position]!.name, { kind: "scalar", name: variable, type: "i32", mutable: false });
    const body = this.collect(() => this.loop(s, inner, position + 1));
    this.body.push({ kind: "for", variable, from, to, reversed, parallel: s.parallel, body });
  }

  private range(source: Expression | RangeExpression, scope: KernelScope): { from: KernelExpression; to: KernelExpression; reversed: boolean } {
    const integer = (e: Expression) => this.convert(this.expression(e, scope), "i32", e.span);
    const zero: KernelExpression = { kind: "constant", value: 0, type: "i32" };
    if (source.kind === "range") {
      if (source.to === undefined) throw new Failure(source.span, "bad-range", "a loop's range needs an end");
      return { from: source.from === undefined ? zero : integer(source.from), to: integer(source.to), reversed: false };
    }
    if (source.kind === "call" && source.callee.kind === "name" && source.callee.name === "reversed") {
      return { from: integer(source.arguments[0]!.value), to: integer(source.arguments[1]!.value), reversed: true };
    }
    return { from: zero, to: integer(source), reversed: false };
  }

  private flatIndex(array: KernelArray, items: readonly (Expression | RangeExpression | { kind: "ellipsis"; span: Span })[], span: Span, scope: KernelScope): KernelExpression {
    if (items.length !== array.shape.length) throw new Failure(span, "bad-index", `this array has ${array.shape.length} dimension${array.shape.length === 1 ? "" : "s"}, but ${items.length} indices are given`);
    let flat: KernelExpression = { kind: "constant", value: 0, type: "i32" };
    items.forEach((item, axis) => {
      if (item.kind === "range" || item.kind === "ellipsis") throw new Failure(span, "bad-index", "a kernel's index is one integer for each dimension");
      const index = this.convert(this.expression(item, scope), "i32", item.span);
      flat = fold("add", fold("multiply", flat, { kind: "constant", value: array.shape[axis]!, type: "i32" }, "i32"), index, "i32");
    });
    return flat;
  }

  private toReal(value: KernelExpression): KernelExpression {
    if (value.type === "f32") return value;
    if (value.kind === "constant") return { ...value, type: "f32" };
    return { kind: "unary", operator: "to-f32", operand: value, type: "f32" };
  }

  private convert(value: KernelExpression, type: ScalarType, span: Span): KernelExpression {
    if (value.type === type) return value;
    if (type === "f32" && value.type === "i32" && value.kind === "constant") return this.toReal(value);
    if (type === "i32" && value.kind === "constant" && value.type === "f32" && Number.isInteger(value.value)) return { ...value, type };
    throw new Failure(span, "type-mismatch", `expected ${type} but this is ${value.type}`, { help: type === "f32" ? "convert it with f32(…)" : type === "i32" ? "convert it with i32(…)" : undefined });
  }

  private arithmetic(operator: KernelBinary, left: KernelExpression, right: KernelExpression, span: Span): KernelExpression {
    const real = left.type === "f32" || right.type === "f32" || operator === "divide";
    const type: ScalarType = left.type === "bool" && right.type === "bool" ? "bool" : real ? "f32" : "i32";
    const [a, b] = [this.convert(left, type, span), this.convert(right, type, span)];
    const compares = ["equal", "not-equal", "less", "less-equal", "greater", "greater-equal"].includes(operator);
    const value = fold(operator, a, b, compares || type === "bool" ? "bool" : type);
    return operator === "divide" && value.kind === "binary" ? this.named("quotient", value) : value;
  }

  /** Costly values get a name, so that their derivative can use them. */
  private named(name: string, value: KernelExpression): KernelExpression {
    const unique = this.fresh(name);
    this.body.push({ kind: "declare", name: unique, type: value.type, mutable: false, value });
    return { kind: "variable", name: unique, type: value.type };
  }

  expression(e: Expression, scope: KernelScope): KernelExpression {
    switch (e.kind) {
      case "number":
        return { kind: "constant", value: e.value, type: /^\d+$/.test(e.text) ? "i32" : "f32" };
      case "boolean":
        return { kind: "constant", value: e.value ? 1 : 0, type: "bool" };
      case "name":
        return this.nameValue(e.name, e.span, scope);
      case "unary": {
        const operand = this.expression(e.operand, scope);
        if (operand.kind === "constant") return { ...operand, value: e.operator === "-" ? -operand.value : 1 - operand.value };
        return { kind: "unary", operator: e.operator === "-" ? "negate" : "not", operand, type: operand.type };
      }
      case "binary": {
        const operator = OPERATORS[e.operator];
        if (operator === undefined) throw new Failure(e.span, "bad-operator", `'${e.operator}' is not for kernels`);
        if (operator === "power") return this.power(e.left, e.right, scope);
        return this.arithmetic(operator, this.expression(e.left, scope), this.expression(e.right, scope), e.span);
      }
      case "conditional":
        return this.select(e.condition, e.consequent, e.alternative, scope);
      case "index": {
        const binding = e.object.kind === "name" ? scope.lookup(e.object.name) : undefined;
        if (binding?.kind !== "array") throw new Failure(e.span, "type-mismatch", `${printExpression(e.object)} is not an array here`);
        return { kind: "load", array: binding.array.name, index: this.flatIndex(binding.array, e.items, e.span, scope), type: binding.array.element };
      }
      case "call":
        return this.call(e, scope);
      default:
        throw new Failure(e.span, "not-in-kernels", `${printExpression(e)} is not for kernels`);
    }
  }

  private select(condition: Expression, consequent: Expression, alternative: Expression, scope: KernelScope): KernelExpression {
    const test = this.expression(condition, scope);
    const a = this.expression(consequent, scope);
    const b = this.expression(alternative, scope);
    const type = a.type === "f32" || b.type === "f32" ? "f32" : a.type;
    if (test.kind === "constant") return this.convert(test.value !== 0 ? a : b, type, consequent.span);
    return { kind: "select", condition: test, consequent: this.convert(a, type, consequent.span), alternative: this.convert(b, type, alternative.span), type };
  }

  private power(base: Expression, exponent: Expression, scope: KernelScope): KernelExpression {
    const value = this.expression(exponent, scope);
    const x = this.expression(base, scope);
    if (value.kind !== "constant" || !Number.isInteger(value.value) || value.value < 1 || value.value > 8) throw new Failure(exponent.span, "bad-power", "an exponent in a kernel is an integer from 1 to 8", { help: "use exp(log(x) * a) for others" });
    let product = x;
    for (let i = 1; i < value.value; i++) product = fold("multiply", product, x, x.type);
    return product;
  }

  private nameValue(name: string, span: Span, scope: KernelScope): KernelExpression {
    const binding = scope.lookup(name);
    if (binding?.kind === "scalar") return { kind: "variable", name: binding.name, type: binding.type };
    if (binding?.kind === "value") return binding.value;
    if (binding?.kind === "array") throw new Failure(span, "type-mismatch", `${name} is an array: index it, or reduce it with sum or max`);
    const value = scope.statics.lookup(name);
    if (value?.kind === "number") return { kind: "constant", value: value.value, type: Number.isInteger(value.value) ? "i32" : "f32" };
    if (value?.kind === "boolean") return { kind: "constant", value: value.value ? 1 : 0, type: "bool" };
    if (name === "inf") return { kind: "constant", value: Number.POSITIVE_INFINITY, type: "f32" };
    const near = didYouMean(name, scope.names());
    throw new Failure(span, "unknown-name", `there is no ${name} in this kernel`, near === undefined ? {} : { help: `did you mean ${near}?` });
  }

  private call(e: Extract<Expression, { kind: "call" }>, scope: KernelScope): KernelExpression {
    const given = e.arguments.map((argument) => argument.value);
    if (e.callee.kind === "member" && e.callee.object.kind === "name") return this.relaxationFunction(e.callee.object.name, e.callee.property.name, given, e.span, scope);
    const name = e.callee.kind === "name" ? e.callee.name : "";
    const operator = UNARY[name];
    if (operator !== undefined && given.length === 1) {
      const operand = operator === "to-i32" ? this.expression(given[0]!, scope) : this.toReal(this.expression(given[0]!, scope));
      if (operator === "to-f32") return operand;
      if (operand.kind === "constant" && FOLD_UNARY[operator] !== undefined) {
        const folded = FOLD_UNARY[operator](operand.value);
        return { kind: "constant", value: folded, type: operator === "floor" || operator === "to-i32" ? "i32" : "f32" };
      }
      const value: KernelExpression = { kind: "unary", operator, operand, type: operator === "to-i32" ? "i32" : "f32" };
      return operator === "detach" || operator === "to-i32" ? value : this.named(name, value);
    }
    if ((name === "min" || name === "max") && given.length === 2) return this.arithmetic(name, this.expression(given[0]!, scope), this.expression(given[1]!, scope), e.span);
    if (name === "select" && given.length === 3) return this.select(given[0]!, given[1]!, given[2]!, scope);
    if (["sum", "max", "min", "argmax", "argmin"].includes(name) && given.length === 1) return this.reduce(name as "sum", given[0]!, e.span, scope);
    if (name === "from" || name === "into" || name === "to") return this.endpoint(name, given, e.span, scope);
    const value = evaluateStatic(e, this.withConstants(scope));
    if (value.kind !== "number") throw new Failure(e.span, "type-mismatch", `${printExpression(e)} is not a number`);
    return { kind: "constant", value: value.value, type: Number.isInteger(value.value) ? "i32" : "f32" };
  }

  /** `R.map(s)`: a function of a separable regulariser, inlined. */
  private relaxationFunction(object: string, method: string, given: readonly Expression[], span: Span, scope: KernelScope): KernelExpression {
    const relaxation = scope.statics.lookup(object);
    const clause = relaxation?.kind === "relaxation" ? relaxation.declaration.body.find((candidate) => candidate.name.name === method) : undefined;
    if (relaxation?.kind !== "relaxation" || clause === undefined) throw new Failure(span, "unknown-name", `${object} has no function ${method}`);
    const inner = new KernelScope(environment(relaxation.arguments, this.declarations));
    clause.parameters.forEach((parameter, i) => {
      const lowered = this.toReal(this.expression(given[i]!, scope));
      const value = lowered.kind === "binary" || lowered.kind === "select" ? this.named(parameter.name, lowered) : lowered;
      inner.bindings.set(parameter.name, { kind: "value", value });
    });
    return this.toReal(this.expression(clause.value, inner));
  }

  private reduce(operator: "sum" | "max" | "min" | "argmax" | "argmin", e: Expression, span: Span, scope: KernelScope): KernelExpression {
    const name = this.fresh(operator);
    const variable = this.fresh("i");
    if (e.kind !== "comprehension") {
      const binding = e.kind === "name" ? scope.lookup(e.name) : undefined;
      if (binding?.kind !== "array") throw new Failure(span, "type-mismatch", `${operator} takes an array, or values for a range: ${operator}(u[i] for i in 0..n)`);
      const size = binding.array.shape.reduce((a, b) => a * b, 1);
      const value: KernelExpression = { kind: "load", array: binding.array.name, index: { kind: "variable", name: variable, type: "i32" }, type: binding.array.element };
      return this.pushReduce(name, operator, variable, { from: { kind: "constant", value: 0, type: "i32" }, to: { kind: "constant", value: size, type: "i32" } }, value, undefined);
    }
    const range = this.range(e.source, scope);
    const inner = new KernelScope(scope.statics, scope);
    inner.bindings.set(e.variable.name, { kind: "scalar", name: variable, type: "i32", mutable: false });
    const before = this.body.length;
    const value = this.expression(e.body, inner);
    const condition = e.condition === undefined ? undefined : this.expression(e.condition, inner);
    const extra = this.body.splice(before);
    if (extra.length === 0) return this.pushReduce(name, operator, variable, range, value, condition);
    return this.reduceByLoop(name, operator, variable, range, value, condition, extra, span);
  }

  private pushReduce(name: string, operator: "sum" | "max" | "min" | "argmax" | "argmin", variable: string, range: { from: KernelExpression; to: KernelExpression }, value: KernelExpression, condition: KernelExpression | undefined): KernelExpression {
    const type: ScalarType = operator === "argmax" || operator === "argmin" ? "i32" : value.type;
    this.body.push({ kind: "reduce", name, operator, variable, from: range.from, to: range.to, value, type, ...(condition === undefined ? {} : { condition }) });
    return { kind: "variable", name, type };
  }

  /** A reduction whose terms need names of their own (exp, divisions) becomes a loop that accumulates. */
  private reduceByLoop(name: string, operator: string, variable: string, range: { from: KernelExpression; to: KernelExpression }, value: KernelExpression, condition: KernelExpression | undefined, extra: KernelStatement[], span: Span): KernelExpression {
    if (operator === "argmax" || operator === "argmin") throw new Failure(span, "bad-reduction", `store the values in a shared array before taking their ${operator}`);
    const first = operator === "sum" ? 0 : operator === "max" ? -1e300 : 1e300;
    const result: KernelExpression = { kind: "variable", name, type: "f32" };
    const step: KernelStatement = { kind: "assign", name, value: fold(operator === "sum" ? "add" : (operator as "max"), result, this.toReal(value), "f32") };
    const body: KernelStatement[] = condition === undefined ? [...extra, step] : [...extra, { kind: "if", condition, consequent: [step], alternative: [] }];
    this.body.push({ kind: "declare", name, type: "f32", mutable: true, value: { kind: "constant", value: first, type: "f32" } });
    this.body.push({ kind: "for", variable, from: range.from, to: range.to, reversed: false, parallel: false, body });
    return result;
  }

  /** `from(G, e)` and `into(G, e)`: the end points of an edge; the graph may be left out when only one is in scope. */
  private endpoint(name: string, given: readonly Expression[], span: Span, scope: KernelScope): KernelExpression {
    const graphs = [...scope.statics.names()].map((candidate) => scope.statics.lookup(candidate)).filter((value) => value?.kind === "graph");
    const graph = given.length === 2 ? evaluateStatic(given[0]!, scope.statics) : graphs[0];
    if (graph?.kind !== "graph") throw new Failure(span, "type-mismatch", `${name} needs a graph: ${name}(G, e)`);
    const end = name === "from" ? 0 : 1;
    const key = `${graph.label}:${end}`;
    let table = this.tables.get(key);
    if (table === undefined) {
      table = { name: this.fresh(end === 0 ? "from" : "into"), element: "i32", values: graph.edges.map((edge) => edge[end]!) };
      this.tables.set(key, table);
    }
    const index = this.convert(this.expression(given[given.length - 1]!, scope), "i32", span);
    return { kind: "load", array: table.name, index, type: "i32" };
  }
}

const OPERATORS: Readonly<Record<string, KernelBinary | undefined>> = {
  "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "remainder", "^": "power", "==": "equal", "!=": "not-equal",
  "<": "less", "<=": "less-equal", ">": "greater", ">=": "greater-equal", and: "and", or: "or",
};
const UNARY: Readonly<Record<string, KernelUnary | undefined>> = {
  exp: "exp", log: "log", log1p: "log1p", expm1: "expm1", sqrt: "sqrt", abs: "abs", floor: "floor", f32: "to-f32", i32: "to-i32", constant: "detach",
};

const FOLD_UNARY: Readonly<Partial<Record<KernelUnary, (x: number) => number>>> = {
  exp: Math.exp, log: Math.log, log1p: Math.log1p, expm1: Math.expm1, sqrt: Math.sqrt, abs: Math.abs, floor: Math.floor, "to-i32": Math.trunc,
};

/** Builds an operation, computing it at once where both operands are constants. */
function fold(operator: KernelBinary, left: KernelExpression, right: KernelExpression, type: ScalarType): KernelExpression {
  const zero = (e: KernelExpression) => e.kind === "constant" && e.value === 0;
  const one = (e: KernelExpression) => e.kind === "constant" && e.value === 1;
  if (left.kind === "constant" && right.kind === "constant") {
    const value = FOLD[operator]?.(left.value, right.value);
    if (value !== undefined) return { kind: "constant", value: Number(value), type };
  }
  if (operator === "add" && zero(left)) return right;
  if ((operator === "add" || operator === "subtract") && zero(right)) return left;
  if (operator === "multiply" && type === "i32" && (zero(left) || zero(right))) return { kind: "constant", value: 0, type };
  if (operator === "multiply" && one(left)) return right;
  if ((operator === "multiply" || operator === "divide") && one(right)) return left;
  return { kind: "binary", operator, left, right, type };
}

const FOLD: Readonly<Partial<Record<KernelBinary, (a: number, b: number) => number | boolean>>> = {
  add: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b, divide: (a, b) => a / b, min: Math.min, max: Math.max,
  equal: (a, b) => a === b, "not-equal": (a, b) => a !== b, less: (a, b) => a < b, "less-equal": (a, b) => a <= b, greater: (a, b) => a > b, "greater-equal": (a, b) => a >= b,
};

export { bindStatic };
