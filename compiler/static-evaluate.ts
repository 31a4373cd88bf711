/** Evaluates expressions that are known at compile time: sizes, graphs, costs, counts, requirements. */
import type { Argument, Expression, MemberExpression, Parameter, Span } from "../grammar/ast.ts";
import { printExpression } from "../grammar/format.ts";
import { didYouMean } from "./diagnostic.ts";
import { Failure } from "./failure.ts";
import { unknownName } from "./later.ts";
import { PRECISION_OWNER, type Precision } from "./precision.ts";
import { staticBinary, staticFunctions } from "./static-functions.ts";
import {
  describeStatic,
  type StaticFunction,
  type StaticRelaxation,
  type StaticValue,
  staticNumber,
} from "./static-value.ts";

/** Names to compile-time values; declarations of structures and relaxations are found by the outermost one. */
export interface Environment {
  lookup(name: string): StaticValue | undefined;
  names(): Iterable<string>;
  /** What a name is that is known only when the program runs. */
  dynamic?(name: string): string | undefined;
  /** What the kernels of this place compute with. */
  readonly precision?: Precision | undefined;
}

export function environment(values: ReadonlyMap<string, StaticValue>, parent?: Environment): Environment {
  return {
    lookup: (name) => values.get(name) ?? parent?.lookup(name),
    dynamic: (name) => (values.has(name) ? undefined : parent?.dynamic?.(name)),
    precision: parent?.precision,
    *names() {
      yield* values.keys();
      if (parent !== undefined) yield* parent.names();
    },
  };
}

/** The value of an expression; throws a Failure with the place of what is wrong. */
export function evaluateStatic(e: Expression, scope: Environment): StaticValue {
  switch (e.kind) {
    case "number":
      return staticNumber(e.value, e.text);
    case "boolean":
      return { kind: "boolean", value: e.value };
    case "string":
      return { kind: "string", value: e.value };
    case "name":
      return evaluateName(e.name, e.span, scope);
    case "unary":
      return evaluateUnary(e.operator, evaluateStatic(e.operand, scope), e.span);
    case "binary":
      return labelled(
        staticBinary(e.operator, evaluateStatic(e.left, scope), evaluateStatic(e.right, scope), e.span),
        e,
      );
    case "conditional": {
      const condition = evaluateStatic(e.condition, scope);
      if (condition.kind !== "boolean")
        throw new Failure(
          e.condition.span,
          "type-mismatch",
          `a condition must be true or false, but it is ${describeStatic(condition)}`,
        );
      return evaluateStatic(condition.value ? e.consequent : e.alternative, scope);
    }
    case "member":
      return evaluateMember(e, scope);
    case "list":
      return { kind: "list", items: e.items.map((item) => evaluateStatic(item, scope)) };
    case "call":
      return evaluateCall(e, scope);
    default:
      throw new Failure(e.span, "dynamic-size", `${printExpression(e)} is not known at compile time`);
  }
}

function labelled(value: StaticValue, e: Expression): StaticValue {
  return value.kind === "number" ? { ...value, label: printExpression(e) } : value;
}

function evaluateName(name: string, span: Span, scope: Environment): StaticValue {
  const value = scope.lookup(name);
  if (value !== undefined)
    return value.kind === "number" && value.label === undefined ? { ...value, label: name } : value;
  if (name === "inf") return staticNumber(Number.POSITIVE_INFINITY, "inf");
  if (name === "pi") return staticNumber(Math.PI, "pi");
  const dynamic = scope.dynamic?.(name);
  if (dynamic !== undefined) {
    throw new Failure(span, "dynamic-size", `${name} is not known at compile time: it is ${dynamic}`);
  }
  throw unknownName(name, span, { candidates: [...scope.names(), ...staticFunctions.keys()] });
}

/** `f32.rounding`: a number of what kernels compute with. */
function evaluateMember(e: MemberExpression, scope: Environment): StaticValue {
  const { precision } = scope;
  const isOwned = e.object.kind === "name" && e.object.name === PRECISION_OWNER;
  if (precision === undefined || !isOwned || scope.lookup(PRECISION_OWNER) !== undefined) {
    throw new Failure(e.span, "dynamic-size", `${printExpression(e)} is not known at compile time`);
  }
  const known = Object.entries(precision.numbers).find(([name]) => name === e.property.name);
  if (known !== undefined) return staticNumber(known[1], printExpression(e));
  const help = `it has ${Object.keys(precision.numbers).join(", ")}`;
  throw new Failure(e.property.span, "unknown-name", `${PRECISION_OWNER} has no number ${e.property.name}`, { help });
}

export function evaluateUnary(operator: "-" | "not", value: StaticValue, span: Span): StaticValue {
  if (operator === "-" && value.kind === "number") return staticNumber(-value.value);
  if (operator === "not" && value.kind === "boolean") return { kind: "boolean", value: !value.value };
  throw new Failure(span, "type-mismatch", `'${operator}' does not apply to ${describeStatic(value)}`);
}

function evaluateCall(e: Extract<Expression, { kind: "call" }>, scope: Environment): StaticValue {
  const name = e.callee.kind === "name" ? e.callee.name : undefined;
  const callee = name === undefined ? undefined : scope.lookup(name);
  if (callee?.kind === "relaxation") {
    const given = e.arguments.map(({ name, value, span }) => ({
      name: name?.name,
      span,
      value: evaluateStatic(value, scope),
    }));
    return applyRelaxation(callee, given);
  }
  const found = name === undefined ? undefined : staticFunctions.get(name);
  if (name === undefined || found === undefined) {
    const what = "compile-time function";
    throw unknownName(printExpression(e.callee), e.callee.span, { candidates: staticFunctions.keys(), what });
  }
  const given = e.arguments.map((argument) => ({
    name: argument.name?.name,
    nameSpan: argument.name?.span,
    span: argument.value.span,
    value: evaluateStatic(argument.value, scope),
  }));
  return labelled(callStaticFunction(name, found, given, e.span), e);
}

/** Calls a compile-time function with positional and named arguments. */
export function callStaticFunction(
  name: string,
  found: StaticFunction,
  given: readonly { readonly name?: string | undefined; readonly span: Span; readonly value: StaticValue }[],
  span: Span,
): StaticValue {
  const assigned = assignArguments(found.parameters, given, name);
  const values = found.parameters.map((parameter) => {
    const argument = assigned.get(parameter);
    if (argument !== undefined) return argument.value;
    throw new Failure(span, "missing-argument", `${name} needs ${parameter}`, {
      help: `write ${name}(${found.parameters.join(", ")})`,
    });
  });
  return found.call(values, span);
}

/**
 * Binds a call's arguments to parameters by position and name; defaults see the parameters before them, which `check`
 * has passed.
 */
export function bindStatic(
  parameters: readonly Parameter[],
  given: readonly Argument[],
  caller: Environment,
  callee: Environment,
  span: Span,
  what: string,
  inherit?: Environment,
  check: (parameter: Parameter, value: StaticValue) => void = () => undefined,
): Map<string, StaticValue> {
  const values = new Map<string, StaticValue>();
  const own = environment(values, callee);
  const assigned = assignArguments(
    parameters.map((parameter) => parameter.name.name),
    given.map(({ name, value }) => ({ name: name?.name, nameSpan: name?.span, span: value.span, value })),
    what,
  );
  const needed = parameters.flatMap((each) => (each.default === undefined ? [each.name.name] : []));
  for (const { name, default: fallback } of parameters) {
    if (assigned.has(name.name) || inherit?.lookup(name.name) !== undefined || fallback !== undefined) continue;
    throw new Failure(span, "missing-argument", `${what} needs ${name.name}`, {
      help: `write ${what}(${needed.join(", ")})`,
    });
  }
  for (const parameter of parameters) {
    const { name } = parameter.name;
    const argument = assigned.get(name);
    const value =
      argument === undefined
        ? (inherit?.lookup(name) ?? evaluateStatic(parameter.default!, own))
        : evaluateStatic(argument.value, caller);
    check(parameter, value);
    values.set(name, value);
  }
  return values;
}

/**
 * `Tsallis(1.5)`, `ExpFamily(clip = 15)`: named arguments that are not the relaxation's own are options of structures.
 */
export function applyRelaxation(
  relaxation: StaticRelaxation,
  given: readonly { readonly name?: string | undefined; readonly span: Span; readonly value: StaticValue }[],
): StaticRelaxation {
  const { declaration } = relaxation;
  const parameters = declaration.parameters.map((parameter) => parameter.name.name);
  const isOption = (name: string | undefined) => name !== undefined && !parameters.includes(name);
  const own = assignArguments(
    parameters,
    given.filter((argument) => !isOption(argument.name)),
    declaration.name.name,
  );
  const options = new Map<string, StaticValue>();
  for (const { name, span, value } of given) {
    if (name === undefined || !isOption(name)) continue;
    if (options.has(name)) throw new Failure(span, "duplicate-argument", `${name} is given twice`);
    options.set(name, value);
  }
  return { ...relaxation, arguments: new Map([...own].map(([name, { value }]) => [name, value])), options };
}

/**
 * Which argument each parameter gets: named ones theirs, positional ones the other parameters in order, so that
 * `f(K, inputs = 2, hidden)` gives `hidden` to the first parameter after K that is not named.
 */
export function assignArguments<
  T extends { readonly name?: string | undefined; readonly nameSpan?: Span | undefined; readonly span: Span },
>(names: readonly string[], given: readonly T[], what: string): Map<string, T> {
  const assigned = new Map<string, T>();
  const named = new Set(given.flatMap((argument) => (argument.name === undefined ? [] : [argument.name])));
  const free = names.filter((name) => !named.has(name));
  for (const argument of given) {
    const name = argument.name ?? free.shift();
    if (name === undefined)
      throw new Failure(
        argument.span,
        "too-many-arguments",
        `${what} takes ${names.length} argument${names.length === 1 ? "" : "s"}, not ${given.length}`,
      );
    if (!names.includes(name)) {
      const near = didYouMean(name, names);
      throw new Failure(argument.nameSpan ?? argument.span, "unknown-argument", `${what} has no argument ${name}`, {
        help: near === undefined ? `it has ${names.join(", ") || "none"}` : `did you mean ${near}?`,
      });
    }
    if (assigned.has(name))
      throw new Failure(argument.nameSpan ?? argument.span, "duplicate-argument", `${name} is given twice`);
    assigned.set(name, argument);
  }
  return assigned;
}
