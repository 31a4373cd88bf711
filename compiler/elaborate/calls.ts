/** Calls: builtin functions, functions of the language, modules and their methods, distributions, structures. */
import type { CallExpression, Span } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { Failure } from "../failure.ts";
import { applyRelaxation, callStaticFunction } from "../static-evaluate.ts";
import { staticFunctions } from "../static-functions.ts";
import type { StaticDistributionName, StaticRelaxation } from "../static-value.ts";
import { bindParameters, evaluateArguments, evaluateBody } from "./binding.ts";
import { builtins } from "./builtins/registry.ts";
import type { Context } from "./context.ts";
import { applyInline, callMethod, forwardOf, instantiateModule } from "./modules.ts";
import { Scope } from "./scope.ts";
import { sizedStructure } from "./sizes.ts";
import {
  type BoundArgument,
  describe,
  ERROR,
  type FunctionValue,
  isStatic,
  type ModuleClassValue,
  type Value,
} from "./values.ts";

/** Calls nested deeper than this are a recursion without end. */
const DEEPEST_CALL = 64;

export function evaluateCall(context: Context, scope: Scope, e: CallExpression): Value {
  if (context.depth > DEEPEST_CALL) {
    context.abort(e.span, "recursion", {
      message: `calls are nested more than ${DEEPEST_CALL} deep`,
      why: "functions and modules are expanded where they are called, so recursion has no end",
      help: "use scan for loops",
    });
  }
  const callee = context.evaluate(scope, e.callee);
  // A structure evaluates its own arguments.
  if (callee.kind === "structure-name") {
    const sized = sizedStructure(context, scope, e);
    return sized === undefined ? ERROR : { kind: "structure", label: sized.structure.label, ...sized };
  }
  const given = evaluateArguments(context, scope, e.arguments);
  if (given === undefined || callee.kind === "error") return ERROR;
  switch (callee.kind) {
    case "builtin":
      return callBuiltin(context, callee.name, given, e);
    case "function":
      return callFunction(context, callee, given, e.span);
    case "module-class":
      return callModule(context, callee, given, e.span);
    case "module":
      return callMethod(context, callee, forwardOf(callee.declaration, e.callee.span), given, e.span);
    case "method":
      return callMethod(context, callee.module, callee.method, given, e.span);
    case "distribution-class":
      return makeDistribution(context, callee, given, e.span);
    case "relaxation":
      return makeRelaxation(callee, given);
    default:
      throw new Failure(e.callee.span, "not-callable", `${describe(callee)} cannot be called`);
  }
}

function callBuiltin(context: Context, name: string, given: readonly BoundArgument[], e: CallExpression): Value {
  const builtin = builtins.get(name);
  const found = staticFunctions.get(name);
  const values = given.map((argument) => argument.value);
  // Where a name has both meanings (log, min), numbers are computed at once.
  const atOnce = values.every((value) => isStatic(value) && value.kind !== "list");
  if (builtin !== undefined && (found === undefined || !atOnce)) return builtin.call(context, given, e.span) ?? ERROR;
  if (found === undefined) throw new Failure(e.span, "not-callable", `${name} cannot be called`);
  const list = given.map(({ value, ...rest }) => {
    if (isStatic(value)) return { ...rest, value };
    const { span } = rest;
    const message = `${name} is computed at compile time, but this is ${describe(value)}`;
    throw new Failure(span, "dynamic-size", message);
  });
  const value = callStaticFunction(name, found, list, e.span);
  return value.kind === "number" ? { ...value, label: printExpression(e) } : value;
}

function callFunction(context: Context, callee: FunctionValue, given: readonly BoundArgument[], span: Span): Value {
  const { declaration, source } = callee;
  const { name } = declaration.name;
  const inner = new Scope(context.fileScope(source));
  const { parameters, body, result } = declaration;
  if (!bindParameters(context, { name, source, parameters }, given, inner, span)) return ERROR;
  return context.inside(source, span, () => evaluateBody(context, inner, body, result, name));
}

/** `Linear(20, 64)` makes an instance; `batch_norm(x)` makes one and applies it where it stands. */
function callModule(context: Context, callee: ModuleClassValue, given: readonly BoundArgument[], span: Span): Value {
  const applied = given.some(
    (argument) => argument.name === undefined && ["tensor", "latent", "sequence"].includes(argument.value.kind),
  );
  return applied ? applyInline(context, callee, given, span) : instantiateModule(context, callee, given, span);
}

function makeDistribution(
  context: Context,
  callee: StaticDistributionName,
  given: readonly BoundArgument[],
  span: Span,
): Value {
  const { declaration, source } = callee;
  const { name } = declaration.name;
  for (const { value, span: place } of given) {
    if (["number", "tensor", "latent", "list", "sequence"].includes(value.kind)) continue;
    const message = `arguments of ${name} are numbers or tensors, but this is ${describe(value)}`;
    throw new Failure(place, "type-mismatch", message);
  }
  const inner = new Scope(context.fileScope(source));
  const { parameters } = declaration;
  if (!bindParameters(context, { name, source, parameters }, given, inner, span)) return ERROR;
  const fits = declaration.body.every((clause) => {
    if (clause.kind !== "require") return true;
    const holds = context.inside(source, span, () => context.evaluate(inner, clause.condition));
    // What depends on tensors shows when the program runs.
    if (holds.kind !== "boolean" || holds.value) return holds.kind !== "error";
    const why = `${name} requires ${printExpression(clause.condition)}`;
    context.report(span, "requirement", { message: clause.message?.value ?? why, why });
    return false;
  });
  return fits ? { kind: "distribution", declaration, source, arguments: inner.own() } : ERROR;
}

function makeRelaxation(callee: StaticRelaxation, given: readonly BoundArgument[]): Value {
  const list = given.map(({ value, ...rest }) => {
    if (isStatic(value)) return { ...rest, value };
    const { span } = rest;
    const message = `arguments of a relaxation are known at compile time, but this is ${describe(value)}`;
    throw new Failure(span, "dynamic-size", message);
  });
  return applyRelaxation(callee, list);
}
