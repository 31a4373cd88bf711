/**
 * The meaning of expressions: compile-time values are computed on the spot, everything else becomes tensor IR. Each
 * problem is reported once, at the text that caused it, and its value is an error that nothing complains about again.
 */
import type { ConditionalExpression, Expression, MemberExpression, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { Failure } from "../failure.ts";
import { unknownName } from "../later.ts";
import { staticFunctions } from "../static-functions.ts";
import { staticNumber } from "../static-value.ts";
import { builtins } from "./builtins/registry.ts";
import { evaluateCall } from "./calls.ts";
import type { Context } from "./context.ts";
import { evaluateIndex } from "./indexing.ts";
import { evaluateList, evaluateScan } from "./loops.ts";
import { evaluateBinary, evaluateUnaryOperator } from "./operators.ts";
import type { Scope } from "./scope.ts";
import { evaluateBlock } from "./statements.ts";
import { checkTensorSize } from "./types.ts";
import { partOfSample } from "./utilities.ts";
import { describe, ERROR, type Value } from "./values.ts";

/** The value of an expression; `ERROR` when a problem was reported. It is what a `Context` evaluates with. */
export function evaluateExpression(context: Context, scope: Scope, e: Expression): Value {
  try {
    const value = evaluateInner(context, scope, e);
    return value.kind !== "tensor" || checkTensorSize(context, value.dimensions, e.span) ? value : ERROR;
  } catch (problem) {
    if (!(problem instanceof Failure)) throw problem;
    context.fail(problem);
    return ERROR;
  }
}

function evaluateInner(context: Context, scope: Scope, e: Expression): Value {
  switch (e.kind) {
    case "number":
      return staticNumber(e.value, e.text);
    case "string":
      return { kind: "string", value: e.value };
    case "boolean":
      return { kind: "boolean", value: e.value };
    case "name":
      return evaluateName(context, scope, e.name, e.span);
    case "unary":
      return evaluateUnaryOperator(context, scope, e);
    case "binary":
      return evaluateBinary(context, scope, e);
    case "conditional":
      return evaluateConditional(context, scope, e);
    case "list":
      return evaluateList(context, scope, e.items);
    case "block":
      return evaluateBlock(context, scope, e);
    case "scan":
      return evaluateScan(context, scope, e);
    case "call":
      return evaluateCall(context, scope, e);
    case "member":
      return evaluateMember(context, scope, e);
    case "index":
      return evaluateIndex(context, scope, e);
    case "tuple":
      throw new Failure(e.span, "bad-expression", `${printExpression(e)} is no value here`, {
        help: "for several values in a row write a list: [a, b]",
      });
    case "comprehension":
      throw new Failure(e.span, "bad-expression", `${printExpression(e)} is no value here`, {
        help: "write it in a list: [… for i in 0..n]",
      });
  }
}

function evaluateName(context: Context, scope: Scope, name: string, span: Span): Value {
  const value = scope.lookup(name) ?? context.declaration(name) ?? constantNamed(context, name);
  if (value !== undefined)
    return value.kind === "number" && value.label === undefined ? { ...value, label: name } : value;
  if (builtins.has(name) || staticFunctions.has(name)) return { kind: "builtin", name };
  const { names, source } = context;
  const found = names.find(name, source)?.declaration.kind;
  if (found !== undefined) throw new Failure(span, "type-mismatch", `${name} is a ${found}, which is no value here`);
  const candidates = [...scope.names(), ...names.visible(source), ...builtins.keys(), ...staticFunctions.keys()];
  throw unknownName(name, span, { candidates, importFrom: names.importHint(name) });
}

function constantNamed(context: Context, name: string): Value | undefined {
  if (name === "training") return { kind: "boolean", value: context.training };
  if (name === "pi") return staticNumber(Math.PI, "pi");
  return name === "inf" ? staticNumber(Number.POSITIVE_INFINITY, "inf") : undefined;
}

function evaluateConditional(context: Context, scope: Scope, e: ConditionalExpression): Value {
  const condition = context.evaluate(scope, e.condition);
  if (condition.kind === "error") return ERROR;
  if (condition.kind === "boolean") return context.evaluate(scope, condition.value ? e.consequent : e.alternative);
  const message = `the condition of if must be known at compile time, but it is ${describe(condition)}`;
  throw new Failure(e.condition.span, "type-mismatch", message, {
    help: "to choose element by element, use where(condition, a, b)",
  });
}

function evaluateMember(context: Context, scope: Scope, e: MemberExpression): Value {
  const object = context.evaluate(scope, e.object);
  const name = e.property.name;
  const missing = (what: string, candidates: Iterable<string>): never => {
    const list = [...candidates];
    const { code, help } = unknownName(name, e.property.span, { candidates: list });
    const known = list.length === 0 ? "it has none" : `it has ${list.join(", ")}`;
    throw new Failure(e.property.span, code, `${what} has no ${name}`, { help: help ?? known });
  };
  switch (object.kind) {
    case "error":
      return ERROR;
    case "module": {
      const { name: module } = object.declaration.name;
      const method = object.declaration.body.find(
        (statement) => statement.kind === "method" && statement.name.name === name,
      );
      if (method?.kind === "method") return { kind: "method", module: object, method };
      const own = object.scope.own();
      return own.get(name) ?? missing(module, own.keys());
    }
    case "record":
      return object.fields.get(name) ?? missing("this group", object.fields.keys());
    case "best":
      return object.readings.get(name) ?? missing("this group", object.readings.keys());
    case "distribution":
      return object.arguments.get(name) ?? missing(object.declaration.name.name, object.arguments.keys());
    case "latent":
    case "tensor": {
      const sample = object.kind === "latent" ? object.current : object;
      if (sample.parts === undefined) throw noMembers(object, e.object.span);
      const parts = sample.parts.map((part) => part.name);
      const what = object.kind === "latent" ? object.name : "this sample";
      return partOfSample(context, sample, name) ?? missing(what, parts);
    }
    default:
      throw noMembers(object, e.object.span);
  }
}

function noMembers(value: Value, span: Span): Failure {
  return new Failure(span, "type-mismatch", `${describe(value)} has no members`);
}
