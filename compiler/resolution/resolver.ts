/**
 * What the resolution of every declaration needs: reports, names in expressions, types, parameters, and the arguments
 * of calls whose callee is known by name alone.
 */

import type {
  CallExpression,
  Expression,
  Identifier,
  MemberExpression,
  ModuleDeclaration,
  Parameter,
  Span,
  TypeExpression,
} from "../../grammar/ast.ts";
import { type Part, partsOf } from "../../grammar/walk.ts";
import type { Code } from "../codes.ts";
import { type Diagnostic, didYouMean, type Source } from "../diagnostic.ts";
import { builtins } from "../elaborate/builtins/registry.ts";
import { NAMED_TYPES, unknownType } from "../elaborate/types.ts";
import { Failure } from "../failure.ts";
import { KERNEL_FUNCTIONS } from "../kernel-language/expressions.ts";
import { unknownName } from "../later.ts";
import type { Names } from "../names.ts";
import { PRECISION_OWNER } from "../precision.ts";
import { assignArguments } from "../static-evaluate.ts";
import { staticFunctions } from "../static-functions.ts";
import { Locals } from "./locals.ts";

/** Which names an expression may use: those of tensors, of compile-time values, or of kernels. */
export type Level = "tensor" | "static" | "kernel";

const CONSTANTS: Readonly<Record<Level, readonly string[]>> = {
  tensor: ["training", "pi", "inf"],
  static: ["pi", "inf"],
  kernel: ["inf", "pi"],
};

/** Declarations whose names stand for values. */
const VALUES: readonly (string | undefined)[] = ["function", "module", "structure", "distribution", "relaxation"];

export class Resolver {
  readonly diagnostics: Diagnostic[] = [];
  readonly source: Source;
  readonly names: Names;

  constructor(source: Source, names: Names) {
    this.source = source;
    this.names = names;
  }

  fail(problem: Failure): void {
    this.diagnostics.push(problem.diagnostic(this.source));
  }

  report(span: Span, code: Code, message: string, help?: string): void {
    this.fail(new Failure(span, code, message, { help }));
  }

  /** Adds a name to a scope; a second one of its kind is an error. */
  declare(name: Identifier, locals: Locals, what: string): void {
    if (locals.declare(name.name)) return;
    this.report(name.span, "duplicate-name", `${name.name} is already declared in this ${what}`, "rename one of them");
  }

  /** The kind of a top-level declaration that a name means. */
  kindOf(name: string): string | undefined {
    return this.names.find(name, this.source)?.declaration.kind;
  }

  /** Parameters in order: types and defaults see those before. */
  parameters(list: readonly Parameter[], locals: Locals, what: string, level: Level): void {
    for (const parameter of list) {
      if (parameter.type !== undefined) this.type(parameter.type, locals, level, level === "tensor");
      if (parameter.default !== undefined) this.expression(parameter.default, locals, level);
      this.declare(parameter.name, locals, what);
    }
  }

  /** A type; in parameters of functions, unknown bare dimensions are bound to the sizes found there. */
  type(type: TypeExpression, locals: Locals, level: Level, binds = false): void {
    if (type.kind === "named-type") {
      if (NAMED_TYPES.has(type.name)) return;
      const { message, help } = unknownType(type.name);
      return this.report(type.span, "unknown-type", message, help);
    }
    for (const item of type.dimensions) {
      if (item.kind === "ellipsis") continue;
      if (binds && item.kind === "name" && !locals.has(item.name)) locals.declare(item.name);
      else this.expression(item, locals, level === "kernel" ? "static" : level);
    }
  }

  expression(e: Part, locals: Locals, level: Level): void {
    switch (e.kind) {
      case "name":
        return this.name(e, locals, level);
      case "call":
        return this.call(e, locals, level);
      case "member":
        // Numbers of the precision are there in kernels alone.
        if (level === "kernel" && isPrecisionNumber(e, locals)) return;
        // What a name has is known when it has a value.
        return this.expression(e.object, locals, level);
      case "comprehension": {
        this.expression(e.source, locals, level);
        const inner = new Locals(locals);
        inner.declare(e.variable.name);
        if (e.condition !== undefined) this.expression(e.condition, inner, level);
        return this.expression(e.body, inner, level);
      }
      case "scan": {
        this.expression(e.initial, locals, level);
        this.expression(e.source, locals, level);
        const inner = new Locals(locals);
        inner.declare(e.state.name);
        inner.declare(e.variable.name);
        return this.expression(e.body, inner, level);
      }
      case "block":
        return this.block(e, new Locals(locals), level);
      default:
        for (const part of partsOf(e)) this.expression(part, locals, level);
    }
  }

  private block(e: Extract<Expression, { kind: "block" }>, locals: Locals, level: Level): void {
    for (const statement of e.statements) if (statement.kind === "let") locals.announce(statement.name.name);
    for (const statement of e.statements) {
      if (statement.kind === "require") this.expression(statement.condition, locals, level);
      else {
        if (statement.kind === "let" && statement.type !== undefined) this.type(statement.type, locals, level);
        this.expression(statement.value, locals, level);
        if (statement.kind === "let") this.declare(statement.name, locals, "block");
        else this.expression({ kind: "name", ...statement.name }, locals, level);
      }
    }
    this.expression(e.result, locals, level);
  }

  /** A name that stands for a value. */
  name(at: Identifier, locals: Locals, level: Level): void {
    const { name, span } = at;
    if (locals.has(name) || CONSTANTS[level].includes(name)) return;
    const known = level === "tensor" && (builtins.has(name) || staticFunctions.has(name));
    if (known || this.kindOf(name) !== undefined || this.names.unread(name, this.source)) return;
    const explanation = locals.explanation(name);
    if (explanation !== undefined) return this.report(span, "unknown-name", `there is no ${name} here`, explanation);
    if (locals.comes(name)) {
      const help = "move its declaration up";
      return this.report(span, "unknown-name", `${name} is declared below this line`, help);
    }
    this.fail(
      unknownName(name, span, { candidates: this.candidates(locals), importFrom: this.names.importHint(name) }),
    );
  }

  private candidates(locals: Locals): string[] {
    const declared = [...this.names.visible(this.source)].filter((name) => VALUES.includes(this.kindOf(name)));
    return [...locals.names(), ...declared, ...builtins.keys(), ...staticFunctions.keys()];
  }

  private call(e: CallExpression, locals: Locals, level: Level): void {
    for (const argument of e.arguments) this.expression(argument.value, locals, level);
    if (e.callee.kind !== "name") return this.expression(e.callee, locals, level);
    const { name } = e.callee;
    if (locals.has(name)) return;
    if (level === "kernel" && KERNEL_FUNCTIONS.has(name)) return;
    if (!staticFunctions.has(name)) this.name(e.callee, locals, level);
    this.arguments(e, name, level);
  }

  /** Arguments of a callee that is known by name alone; what else is wrong is found when the call has values. */
  private arguments(e: CallExpression, name: string, level: Level): void {
    const declaration = this.names.find(name, this.source)?.declaration;
    if (declaration?.kind === "module") return this.settings(e, declaration);
    const callee = this.calleeOf(name, level);
    if (callee === undefined) return;
    const given = e.arguments.map((argument) => ({
      name: argument.name?.name,
      nameSpan: argument.name?.span,
      span: argument.value.span,
    }));
    try {
      const assigned = assignArguments(callee.parameters, given, name);
      const missing = callee.required.filter((parameter) => !assigned.has(parameter));
      if (missing.length === 0) return;
      const written = declaration?.kind === "structure" ? callee.required : callee.parameters;
      const help = `write ${name}(${written.join(", ")})`;
      this.report(e.span, "missing-argument", `${name} needs ${missing.join(", ")}`, help);
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
      this.fail(problem);
    }
  }

  /**
   * A module is called with its own arguments or, where it stands, with those of its forward: named ones are of either.
   */
  private settings(e: CallExpression, declaration: ModuleDeclaration): void {
    const methods = declaration.body.filter((statement) => statement.kind === "method");
    const forward = methods.find((method) => method.name.name === "forward");
    const known = [...declaration.parameters, ...(forward?.parameters ?? [])].map(nameOf);
    for (const { name } of e.arguments) {
      if (name === undefined || known.includes(name.name)) continue;
      const near = didYouMean(name.name, known);
      const help = near === undefined ? `it has ${known.join(", ") || "none"}` : `did you mean ${near}?`;
      const message = `${declaration.name.name} has no argument ${name.name}`;
      this.report(name.span, "unknown-argument", message, help);
    }
  }

  private calleeOf(
    name: string,
    level: Level,
  ): { readonly parameters: readonly string[]; readonly required: readonly string[] } | undefined {
    const declaration = this.names.find(name, this.source)?.declaration;
    switch (declaration?.kind) {
      case "function":
      case "distribution":
      case "structure": {
        const list = declaration.parameters;
        const required = list.filter((parameter) => parameter.default === undefined);
        return { parameters: list.map(nameOf), required: required.map(nameOf) };
      }
      case undefined: {
        const builtin = level === "tensor" ? builtins.get(name) : undefined;
        if (builtin !== undefined) {
          const { parameters, required } = builtin;
          return parameters === undefined ? undefined : { parameters, required };
        }
        const parameters = staticFunctions.get(name)?.parameters;
        return parameters === undefined ? undefined : { parameters, required: parameters };
      }
      default:
        // Kernels are bound where they are lowered.
        return undefined;
    }
  }
}

/** `f32.rounding`: whether there is such a number is found where it is evaluated. */
function isPrecisionNumber({ object }: MemberExpression, locals: Locals): boolean {
  return object.kind === "name" && object.name === PRECISION_OWNER && !locals.has(PRECISION_OWNER);
}

function nameOf(parameter: Parameter): string {
  return parameter.name.name;
}
