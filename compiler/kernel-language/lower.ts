/**
 * Lowers a kernel of the language to kernel IR: sizes become constants, two-dimensional indices flat ones, and calls of
 * other kernels are inlined. Mistakes are thrown as Failures with the place in the kernel's source.
 */
import type {
  Argument,
  Expression,
  KernelAssign,
  KernelDeclaration,
  KernelFor,
  Parameter,
  RequireStatement,
  Span,
  KernelStatement as Statement,
} from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { mentions } from "../../grammar/walk.ts";
import { type Declarations, located, retold } from "../declarations.ts";
import { Failure } from "../failure.ts";
import { settleBounds } from "../ir/kernel/bounds.ts";
import { withoutGuards } from "../ir/kernel/expression.ts";
import type { Kernel, KernelArray, KernelBinary, KernelExpression, KernelStatement } from "../ir/kernel/kernel.ts";
import { isLibrary } from "../names.ts";
import { assignArguments, evaluateStatic } from "../static-evaluate.ts";
import type { StaticValue } from "../static-value.ts";
import { arithmetic, convert, toReal } from "./arithmetic.ts";
import { arrayOf, checkArray } from "./arrays.ts";
import { boundsFailures, checkEnd } from "./bounds.ts";
import { Emitter } from "./emitter.ts";
import { ExpressionLowering } from "./expressions.ts";
import { kernelCalled, methodOf, runCopy } from "./methods.ts";
import { type Binding, dependsOnRun, KernelScope } from "./scope.ts";
import { bindSizes, requirement, SIZE_INPUT } from "./sizes.ts";
import { checkRequirement, expressionsOf } from "./statement-parts.ts";

/** Kernels that call one another deeper than this never end. */
const DEEPEST_CALL = 20;
/** Calls of kernels in one kernel, through others too: each is a copy of its body. */
const MOST_CALLS = 200;

/**
 * `declaration` with its compile-time arguments `values`; its tensors are the inputs. `declarations` are what its file
 * sees, `name` is the name of the result, unique within an artifact. What is wrong is thrown as one failure, with the
 * others; of a kernel whose requirements do not hold nothing else is told, unless it is only tried out (`trial`).
 */
export function lowerKernel(
  declaration: KernelDeclaration,
  values: ReadonlyMap<string, StaticValue>,
  declarations: Declarations,
  name: string,
  trial = false,
): Kernel {
  const emitter = new Emitter();
  const problems: Failure[] = [];
  const known = new Map([...values].filter(([, value]) => value.kind !== "per-example"));
  const scope = KernelScope.outermost(known, declarations);
  scope.bindReals(declaration.parameters);
  bindSizes(values, scope, emitter);
  const inputs = declaration.parameters.flatMap((parameter) =>
    parameter.type?.kind === "tensor-type" ? [arrayOf(parameter.name.name, parameter.type, scope.statics)] : [],
  );
  const outputs = declaration.outputs.map((output) => arrayOf(output.name.name, output.type, scope.statics));
  for (const array of inputs) scope.bindings.set(array.name, { kind: "array", array, writable: false });
  for (const array of outputs) scope.bindings.set(array.name, { kind: "array", array, writable: true });
  for (const array of [...inputs, ...outputs]) emitter.reserve(array.name);
  const lowering = new StatementLowering(emitter, declarations, 0, (failure) => failure, problems);
  lowering.block(declaration.body, scope);
  const refused = problems.filter((problem) => problem.code === "requirement");
  // Of a kernel that is not whole nothing more can be said.
  Failure.throwTogether(refused.length > 0 && !trial ? refused : problems);
  for (const output of declaration.outputs) {
    if (lowering.written.has(output.name.name)) continue;
    throw new Failure(output.name.span, "never-written", `this kernel never writes its result ${output.name.name}`);
  }
  const doc = declaration.doc === undefined ? {} : { doc: declaration.doc };
  if (emitter.readsSize) inputs.push(SIZE_INPUT);
  const kernel = { name, ...doc, inputs, outputs, ...emitter.parts() };
  const settled = settleBounds(kernel, isLibrary(declarations.source));
  Failure.throwTogether(boundsFailures(settled.findings, emitter.places));
  return settled.kernel;
}

class StatementLowering {
  /** Arrays that some statement writes. */
  readonly written = new Set<string>();
  private readonly emitter: Emitter;
  private readonly declarations: Declarations;
  private readonly expressions: ExpressionLowering;
  private readonly depth: number;
  /** A failure here as the one who asked for the kernel is told of it. */
  private readonly told: (failure: Failure) => Failure;
  /** What is wrong so far; statements that fail are left out. */
  private readonly problems: Failure[];
  /** Names that statements left out would have given. */
  private readonly lost = new Set<string>();
  private loops = 0;

  constructor(
    emitter: Emitter,
    declarations: Declarations,
    depth: number,
    told: (failure: Failure) => Failure,
    problems: Failure[],
  ) {
    this.emitter = emitter;
    this.declarations = declarations;
    this.told = told;
    this.expressions = new ExpressionLowering(emitter, declarations, told);
    this.depth = depth;
    this.problems = problems;
  }

  block(statements: readonly Statement[], scope: KernelScope): void {
    for (const statement of statements) {
      try {
        this.statement(statement, scope);
      } catch (problem) {
        if (!(problem instanceof Failure)) throw problem;
        const follows = expressionsOf(statement).some((e) => mentions(e, this.lost));
        if (!follows) this.problems.push(problem);
        if ("name" in statement) this.lost.add(statement.name.name);
      }
    }
  }

  private statement(s: Statement, scope: KernelScope): void {
    switch (s.kind) {
      case "kernel-let":
        return this.letStatement(s.name.name, s.value, scope);
      case "kernel-var": {
        const value = this.expressions.expression(s.value, scope);
        const wanted = s.type?.kind === "tensor-type" ? s.type.element : s.type?.name;
        const converted = wanted === "f32" ? toReal(value) : value;
        const name = this.emitter.fresh(s.name.name);
        this.emitter.push({ kind: "declare", name, type: converted.type, mutable: true, value: converted });
        scope.bindings.set(s.name.name, { kind: "scalar", name, type: converted.type, mutable: true });
        return;
      }
      case "kernel-shared": {
        const declared = arrayOf(s.name.name, s.type, scope.constants());
        const array = { ...declared, name: this.emitter.fresh(s.name.name) };
        const fill = s.fill === undefined ? undefined : this.expressions.expression(s.fill, scope);
        this.allocate(array, fill === undefined ? undefined : convert(fill, array.element, s.fill!.span));
        scope.bindings.set(s.name.name, { kind: "array", array, writable: true });
        return;
      }
      case "kernel-assign":
        return this.assign(s, scope);
      case "kernel-for":
        return this.loop(s, scope);
      case "kernel-if": {
        const condition = this.expressions.condition(s.condition, scope);
        const consequent = this.emitter.collect(() => this.block(s.consequent, scope.inner()));
        const alternative = this.emitter.collect(() => this.block(s.alternative, scope.inner()));
        if (condition.kind === "constant") this.emitter.push(...(condition.value !== 0 ? consequent : alternative));
        else this.emitter.push({ kind: "if", condition, consequent, alternative });
        return;
      }
      case "kernel-while":
        return this.whileLoop(s.condition, s.body, scope);
      case "require":
        return this.require(s, scope);
      case "kernel-break":
        if (this.loops === 0) throw new Failure(s.span, "bad-break", "break stands outside of any loop");
        return this.emitter.push({ kind: "break" });
    }
  }

  /** A requirement that is known when the kernel is compiled is checked at once, any other one in each run. */
  private require(s: RequireStatement, scope: KernelScope): void {
    if (!dependsOnRun(s.condition, scope)) return checkRequirement(s, scope.constants());
    const condition = this.expressions.condition(s.condition, scope);
    this.emitter.push(requirement(s, condition, this.emitter.size));
  }

  /** Scratch memory that starts as `fill`, or zero, whenever this place is reached. */
  private allocate(array: KernelArray, fill?: KernelExpression): void {
    this.emitter.scratch.push(array);
    const value = fill ?? { kind: "constant", value: 0, type: array.element };
    this.emitter.push({ kind: "fill", array: array.name, value });
  }

  private letStatement(name: string, value: Expression, scope: KernelScope): void {
    const callee = value.kind === "call" && value.callee.kind === "name" ? value.callee.name : undefined;
    const called = callee === undefined ? undefined : this.declarations.kernel(callee);
    if (called !== undefined && value.kind === "call") {
      const inner = this.declarations.from(called.source);
      const array = this.inline(called.declaration, inner, value.arguments, value.span, scope);
      scope.bindings.set(name, { kind: "array", array, writable: false });
      return;
    }
    const solved = this.solve(value, scope);
    if (solved !== undefined) {
      scope.bindings.set(name, { kind: "array", array: solved, writable: false });
      return;
    }
    const lowered = this.expressions.expression(value, scope);
    if (lowered.kind === "constant") {
      scope.bindings.set(name, { kind: "value", value: lowered });
      return;
    }
    const unique = this.emitter.fresh(name);
    this.emitter.push({ kind: "declare", name: unique, type: lowered.type, mutable: false, value: lowered });
    scope.bindings.set(name, { kind: "scalar", name: unique, type: lowered.type, mutable: false });
  }

  /** A call such as `S.argmax(direction)`, whose kernel is copied here. Undefined for all else. */
  private solve(value: Expression, scope: KernelScope): KernelArray | undefined {
    const called = methodOf(value, scope);
    const copied = called && kernelCalled(called);
    if (called === undefined || copied === undefined) return undefined;
    this.countCall(called.span);
    return runCopy(this.emitter, copied, called, (e) => this.expressions.arrayNamed(e, scope));
  }

  /** Refuses kernels that grow without end. */
  private countCall(span: Span): void {
    if (++this.emitter.inlined <= MOST_CALLS) return;
    const why = "each call is a copy of the called kernel's body";
    throw new Failure(span, "too-large", `this kernel calls others more than ${MOST_CALLS} times`, { why });
  }

  /** Calls another kernel: its body is lowered here, with its outputs as scratch arrays; the first is the result. */
  private inline(
    callee: KernelDeclaration,
    declarations: Declarations,
    given: readonly Argument[],
    span: Span,
    scope: KernelScope,
  ): KernelArray {
    const name = callee.name.name;
    if (this.depth >= DEEPEST_CALL) {
      throw new Failure(span, "recursion", `kernel ${name} calls itself`, { help: "kernels are inlined: use a loop" });
    }
    this.countCall(span);
    const inner = this.bindCall(callee, declarations, given, span, scope);
    const caller = this.declarations.source;
    const problems: Failure[] = [];
    const told = (failure: Failure) => this.told(retold(failure, declarations.source, caller, span));
    const lowering = new StatementLowering(this.emitter, declarations, this.depth + 1, told, problems);
    const outputs = callee.outputs.map((output) => {
      const array = arrayOf(output.name.name, output.type, inner.statics);
      const scratch = { ...array, name: this.emitter.fresh(array.name) };
      this.allocate(scratch);
      inner.bindings.set(array.name, { kind: "array", array: scratch, writable: true });
      return scratch;
    });
    located(declarations.source, caller, span, () => {
      lowering.block(callee.body, inner);
      Failure.throwTogether(problems);
    });
    return outputs[0]!;
  }

  /** The callee's scope: arrays are shared with the caller, numbers and graphs are compile-time values. */
  private bindCall(
    callee: KernelDeclaration,
    declarations: Declarations,
    given: readonly Argument[],
    span: Span,
    scope: KernelScope,
  ): KernelScope {
    const values = new Map<string, StaticValue>();
    const inner = KernelScope.outermost(values, declarations);
    const caller = scope.constants();
    const what = callee.name.name;
    const assigned = assignArguments(
      callee.parameters.map((parameter) => parameter.name.name),
      given.map(({ name, value }) => ({ name: name?.name, nameSpan: name?.span, span: value.span, value })),
      what,
    );
    const isArray = (parameter: Parameter) => parameter.type?.kind === "tensor-type";
    for (const parameter of callee.parameters.filter((each) => !isArray(each))) {
      const name = parameter.name.name;
      const argument = assigned.get(name);
      if (argument !== undefined && dependsOnRun(argument.value, scope)) {
        inner.bindings.set(name, this.runTimeArgument(parameter, argument.value, scope));
        continue;
      }
      const own = argument === undefined ? undefined : evaluateStatic(argument.value, caller);
      const fallback = parameter.default === undefined ? undefined : evaluateStatic(parameter.default, inner.statics);
      const value = own ?? fallback ?? caller.lookup(name);
      const inherited = value === undefined ? scope.lookup(name) : undefined;
      if (inherited?.kind === "scalar" && !inherited.mutable) {
        inner.bindings.set(name, inherited);
        continue;
      }
      if (value === undefined) throw new Failure(span, "missing-argument", `${what} needs ${name}`);
      values.set(name, value);
    }
    inner.bindReals(callee.parameters);
    for (const parameter of callee.parameters) {
      if (parameter.type?.kind !== "tensor-type") continue;
      const name = parameter.name.name;
      const argument = assigned.get(name);
      if (argument === undefined) throw new Failure(span, "missing-argument", `${what} needs ${name}`);
      const array = this.expressions.arrayNamed(argument.value, scope);
      checkArray(array, arrayOf(name, parameter.type, inner.statics), `${name} of ${what}`, argument.span);
      inner.bindings.set(name, { kind: "array", array, writable: false });
    }
    return inner;
  }

  /** A number that only a run knows, for a parameter that no size depends on. */
  private runTimeArgument({ name, type }: Parameter, e: Expression, scope: KernelScope): Binding {
    const value = this.expressions.expression(e, scope);
    const given = type?.kind === "named-type" && type.name === "float" ? toReal(value) : value;
    const known = e.kind === "name" ? scope.lookup(e.name) : undefined;
    if (given === value && known?.kind === "scalar" && !known.mutable) return known;
    const unique = this.emitter.fresh(name.name);
    this.emitter.push({ kind: "declare", name: unique, type: given.type, mutable: false, value: given });
    return { kind: "scalar", name: unique, type: given.type, mutable: false };
  }

  private assign(s: KernelAssign, scope: KernelScope): void {
    const operator = ASSIGNMENTS[s.operator];
    const combine = (old: KernelExpression): KernelExpression => {
      const given = convert(this.expressions.expression(s.value, scope), old.type, s.value.span);
      return operator === undefined ? given : convert(arithmetic(operator, old, given, s.span), old.type, s.span);
    };
    if (s.target.kind === "name") {
      const binding = scope.lookup(s.target.name);
      if (binding?.kind !== "scalar" || !binding.mutable) {
        const help = { help: "declare it with var" };
        throw new Failure(s.target.span, "not-assignable", `${s.target.name} cannot be assigned to`, help);
      }
      const value = combine({ kind: "variable", name: binding.name, type: binding.type });
      return this.emitter.push({ kind: "assign", name: binding.name, value });
    }
    const object = s.target.kind === "index" ? s.target.object : undefined;
    if (s.target.kind !== "index" || object?.kind !== "name") {
      throw new Failure(s.target.span, "not-assignable", `${printExpression(s.target)} cannot be assigned to`);
    }
    const binding = scope.lookup(object.name);
    if (binding?.kind !== "array" || !binding.writable) {
      const help = { help: "write to an output or a shared array" };
      throw new Failure(s.target.span, "not-assignable", `${object.name} cannot be written to`, help);
    }
    const { array } = binding;
    const index = this.expressions.flatIndex(array, s.target, scope);
    // The index is guarded once, where it is stored to: that comes first.
    const value = combine({ kind: "load", array: array.name, index: withoutGuards(index), type: array.element });
    this.written.add(array.name);
    this.emitter.push({ kind: "store", array: array.name, index, value });
  }

  private loop(s: KernelFor, scope: KernelScope, position = 0): void {
    if (position === s.variables.length) {
      this.loops++;
      this.block(s.body, scope.inner());
      this.loops--;
      return;
    }
    const { from, to, reversed } = this.expressions.range(s.sources[position]!, scope);
    const inner = scope.inner();
    const written = s.variables[position]!.name;
    const variable = this.emitter.fresh(written);
    inner.bindings.set(written, { kind: "scalar", name: variable, type: "i32", mutable: false });
    const body = this.emitter.collect(() => this.loop(s, inner, position + 1));
    const loop: KernelStatement = { kind: "for", variable, from, to, reversed, parallel: s.parallel, body };
    this.emitter.places.set(loop, { span: s.sources[position]!.span, told: this.told });
    this.emitter.push(loop);
  }

  private whileLoop(test: Expression, statements: readonly Statement[], scope: KernelScope): void {
    let condition: KernelExpression | undefined;
    const named = this.emitter.collect(() => {
      condition = this.expressions.condition(test, scope);
    });
    if (named.length > 0) {
      const message = "the condition of a while may not contain exp, divisions or reductions";
      throw new Failure(test.span, "bad-condition", message, { help: "keep it in a var that the body updates" });
    }
    this.loops++;
    const known = this.problems.length;
    const body = this.emitter.collect(() => this.block(statements, scope.inner()));
    this.loops--;
    if (this.problems.length === known) checkEnd(test, condition!, body);
    this.emitter.push({ kind: "while", condition: condition!, body });
  }
}

const ASSIGNMENTS: Readonly<Record<KernelAssign["operator"], KernelBinary | undefined>> = {
  "=": undefined,
  "+=": "add",
  "-=": "subtract",
  "*=": "multiply",
  "/=": "divide",
};
