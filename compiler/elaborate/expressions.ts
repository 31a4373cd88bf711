/**
 * The meaning of expressions: compile-time values are computed on the spot, everything else becomes tensor IR. Each problem is
 * reported once, at the text that caused it, and its value is an error that nothing complains about again.
 */
import type {
  BinaryExpression,
  Expression,
  IndexExpression,
  LetStatement,
  RangeExpression,
  ScanExpression,
  Span,
} from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import { didYouMean } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import { evaluateUnary } from "../static-evaluate.ts";
import { staticBinary, staticFunctions, staticNumber } from "../static-functions.ts";
import type { StaticValue } from "../static-value.ts";
import { builtins } from "./builtins.ts";
import { evaluateCall } from "./calls.ts";
import type { Context } from "./context.ts";
import { Scope } from "./scope.ts";
import { asTensor, binary, stack, tensor, unary } from "./tensors.ts";
import { checkType } from "./types.ts";
import { type Dimension, describe, describeShape, ERROR, type TensorValue, type Value } from "./values.ts";

/** Loops are unrolled; more rounds than this are a slip. */
const LONGEST_LOOP = 10_000;

export function isStatic(value: Value): value is StaticValue {
  return ["number", "boolean", "string", "graph", "list", "relaxation", "structure-name"].includes(value.kind);
}

/** The value of an expression; `ERROR` when a problem was reported. */
export function evaluate(context: Context, scope: Scope, e: Expression): Value {
  try {
    return evaluateInner(context, scope, e);
  } catch (problem) {
    if (problem instanceof Failure) {
      context.fail(problem);
      return ERROR;
    }
    if (problem instanceof TypeError && problem.message !== "" && problem.stack?.includes("/ops/")) {
      context.report(e.span, "shape-mismatch", { message: problem.message });
      return ERROR;
    }
    throw problem;
  }
}

function evaluateInner(context: Context, scope: Scope, e: Expression): Value {
  switch (e.kind) {
    case "number":
      return staticNumber(e.value, e.text);
    case "string":
    case "boolean":
      return { kind: e.kind, value: e.value } as Value;
    case "name":
      return evaluateName(context, scope, e.name, e.span);
    case "unary": {
      const operand = evaluate(context, scope, e.operand);
      if (operand.kind === "error") return ERROR;
      if (isStatic(operand)) return evaluateUnary(e.operator, operand, e.span);
      const value = asTensor(context, operand, e.operand.span);
      return value === undefined ? ERROR : unary(context, e.operator === "-" ? "negate" : "not", value);
    }
    case "binary":
      return evaluateBinary(context, scope, e);
    case "conditional": {
      const condition = evaluate(context, scope, e.condition);
      if (condition.kind === "error") return ERROR;
      if (condition.kind !== "boolean") {
        throw new Failure(
          e.condition.span,
          "type-mismatch",
          `a condition must be known at compile time, but it is ${describe(condition)}`,
          { help: "to choose element by element, use where(condition, a, b)" },
        );
      }
      return evaluate(context, scope, condition.value ? e.consequent : e.alternative);
    }
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
    case "comprehension":
      throw new Failure(e.span, "bad-expression", `${printExpression(e)} has no value of its own here`);
  }
}

function evaluateName(context: Context, scope: Scope, name: string, span: Span): Value {
  const value = scope.lookup(name) ?? context.declaration(name) ?? constantNamed(context, name);
  if (value !== undefined)
    return value.kind === "number" && value.label === undefined ? { ...value, label: name } : value;
  if (builtins.has(name) || staticFunctions.has(name)) return { kind: "builtin", name };
  const hint = context.names.importHint(name);
  const near = didYouMean(name, [
    ...scope.names(),
    ...context.names.visible(context.source),
    ...builtins.keys(),
    ...staticFunctions.keys(),
  ]);
  const help =
    hint !== undefined
      ? `import it: import { ${name} } from "${hint}"`
      : near === undefined
        ? undefined
        : `did you mean ${near}?`;
  throw new Failure(span, "unknown-name", `there is no ${name} here`, { help });
}

function constantNamed(context: Context, name: string): Value | undefined {
  if (name === "training") return { kind: "boolean", value: context.training };
  if (name === "pi") return staticNumber(Math.PI, "pi");
  return name === "inf" ? staticNumber(Number.POSITIVE_INFINITY, "inf") : undefined;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "^": "power",
  "==": "equal",
  "<": "less",
  "<=": "less_equal",
  and: "and",
  or: "or",
};

function evaluateBinary(context: Context, scope: Scope, e: BinaryExpression): Value {
  const left = evaluate(context, scope, e.left);
  const right = evaluate(context, scope, e.right);
  if (left.kind === "error" || right.kind === "error") return ERROR;
  if (isStatic(left) && isStatic(right)) {
    const value = staticBinary(e.operator, left, right, e.span);
    return value.kind === "number" ? { ...value, label: printExpression(e) } : value;
  }
  const a = asTensor(context, left, e.left.span);
  const b = asTensor(context, right, e.right.span);
  if (a === undefined || b === undefined) return ERROR;
  if (e.operator === "@") return matmul(context, a, b, e.span) ?? ERROR;
  if (e.operator === ">") return binary(context, "less", b, a, e.span) ?? ERROR;
  if (e.operator === ">=") return binary(context, "less_equal", b, a, e.span) ?? ERROR;
  if (e.operator === "!=") {
    const equal = binary(context, "equal", a, b, e.span);
    return equal === undefined ? ERROR : unary(context, "not", equal);
  }
  if (e.operator === "^" && right.kind === "number" && right.value === 2)
    return binary(context, "multiply", a, a, e.span) ?? ERROR;
  const op = OPERATIONS[e.operator];
  if (op === undefined) throw new Failure(e.span, "bad-operator", `'${e.operator}' is for compile-time numbers only`);
  return binary(context, op, a, b, e.span) ?? ERROR;
}

/** `[..., m, k] @ [k, n]`, or with equal leading dimensions. */
export function matmul(context: Context, a: TensorValue, b: TensorValue, span: Span): TensorValue | undefined {
  const [m, n] = [a.dimensions, b.dimensions];
  if (m.length < 1 || n.length < 2 || m[m.length - 1]!.size !== n[n.length - 2]!.size) {
    context.report(span, "shape-mismatch", {
      message: `${describeShape(m)} @ ${describeShape(n)}: the last dimension of the left must be the second to last of the right`,
    });
    return undefined;
  }
  if (m.length === 1) {
    const row = tensor(context.builder.reshape(a.node, [1, m[0]!.size]), [{ size: 1 }, m[0]!]);
    const product = matmul(context, row, b, span);
    return product === undefined
      ? undefined
      : tensor(context.builder.reshape(product.node, [n[n.length - 1]!.size]), [n[n.length - 1]!]);
  }
  return tensor(context.builder.matmul(a.node, b.node), [...m.slice(0, -1), n[n.length - 1]!]);
}

function evaluateList(context: Context, scope: Scope, items: readonly Expression[]): Value {
  const first = items[0];
  const values: Value[] = [];
  if (items.length === 1 && first?.kind === "comprehension") {
    for (const i of rangeOf(context, scope, first.source)) {
      const inner = new Scope(scope);
      inner.define(first.variable.name, staticNumber(i));
      const keep = first.condition === undefined ? undefined : evaluate(context, inner, first.condition);
      if (keep === undefined || (keep.kind === "boolean" && keep.value))
        values.push(evaluate(context, inner, first.body));
    }
  } else values.push(...items.map((item) => evaluate(context, scope, item)));
  if (values.some((value) => value.kind === "error")) return ERROR;
  return values.every(isStatic) ? { kind: "list", items: values } : { kind: "sequence", items: values };
}

/** The integers of a compile-time range. */
export function rangeOf(context: Context, scope: Scope, source: Expression | RangeExpression): number[] {
  const at = (e: Expression | undefined, missing: number) => {
    if (e === undefined) return missing;
    const value = evaluate(context, scope, e);
    if (value.kind === "number" && Number.isInteger(value.value)) return value.value;
    throw new Failure(
      e.span,
      "dynamic-size",
      `a range's ends must be integers known at compile time, but this is ${describe(value)}`,
    );
  };
  const [from, to] = source.kind === "range" ? [at(source.from, 0), at(source.to, Number.NaN)] : [0, at(source, 0)];
  if (Number.isNaN(to)) throw new Failure(source.span, "bad-range", "this range needs an end");
  if (to - from > LONGEST_LOOP)
    throw new Failure(source.span, "too-large", `${to - from} rounds are more than ${LONGEST_LOOP}`, {
      why: "loops over compile-time ranges are unrolled",
    });
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

function evaluateBlock(context: Context, scope: Scope, e: Extract<Expression, { kind: "block" }>): Value {
  const inner = new Scope(scope);
  for (const statement of e.statements) {
    if (statement.kind === "let") evaluateLet(context, inner, statement);
    else if (statement.kind === "require")
      checkRequirement(context, inner, statement.condition, statement.message?.value);
    else updateState(context, inner, statement.name.name, statement.name.span, statement.value);
  }
  return evaluate(context, inner, e.result);
}

/** `update s = …`: remembered when training, ignored otherwise. */
export function updateState(context: Context, scope: Scope, name: string, span: Span, e: Expression): void {
  const target = scope.lookup(name);
  const state =
    target?.kind === "tensor"
      ? [...context.states.values()].find((candidate) => candidate.node === target.node)
      : undefined;
  if (state === undefined) {
    context.report(span, "unknown-name", {
      message: `${name} is not a state`,
      help: "only what was declared by state can be updated",
    });
    return;
  }
  const value = asTensor(context, evaluate(context, scope, e), e.span);
  if (value === undefined) return;
  if (
    value.node.type.batched ||
    value.dimensions.length !== state.node.type.shape.length ||
    value.dimensions.some((d, i) => d.size !== state.node.type.shape[i])
  ) {
    context.report(e.span, "shape-mismatch", {
      message: `the new value of ${name} must be ${describeShape(state.node.type.shape.map((size) => ({ size })))} for all examples together, but it is ${value.node.type.batched ? "one for each example: " : ""}${describeShape(value.dimensions)}`,
      help: "reduce over the batch with batch_mean",
    });
  } else if (context.training) state.next = value.node;
}

export function checkRequirement(
  context: Context,
  scope: Scope,
  condition: Expression,
  message: string | undefined,
): void {
  const value = evaluate(context, scope, condition);
  if (value.kind === "error") return;
  if (value.kind === "boolean" && value.value) return;
  context.report(condition.span, "requirement", { message: message ?? `${printExpression(condition)} does not hold` });
}

/** Defines a name; modules instantiated in its value are called by it. */
export function evaluateLet(context: Context, scope: Scope, statement: LetStatement): void {
  const outer = context.pendingName;
  context.pendingName = statement.name.name;
  const found = evaluate(context, scope, statement.value);
  context.pendingName = outer;
  const value =
    statement.type === undefined
      ? found
      : (checkType(context, scope, statement.type, found, statement.value.span, statement.name.name) ?? ERROR);
  if (value.kind === "tensor") context.builder.label(value.node, statement.name.name);
  scope.define(statement.name.name, value);
}

function evaluateScan(context: Context, scope: Scope, e: ScanExpression): Value {
  let state = asTensor(context, evaluate(context, scope, e.initial), e.initial.span);
  const first = state;
  const frames: Value[] = [];
  for (const i of rangeOf(context, scope, e.source)) {
    if (state === undefined || first === undefined) return ERROR;
    const inner = new Scope(scope);
    inner.define(e.state.name, state);
    inner.define(e.variable.name, staticNumber(i));
    state = asTensor(context, evaluate(context, inner, e.body), e.body.span);
    if (state !== undefined && describeSizes(state.dimensions) !== describeSizes(first.dimensions)) {
      throw new Failure(
        e.body.span,
        "shape-mismatch",
        `the state of a scan keeps its shape, but it begins as ${describeShape(first.dimensions)} and becomes ${describeShape(state.dimensions)}`,
      );
    }
    if (state !== undefined) frames.push(state);
  }
  return stack(context, frames, e.span) ?? ERROR;
}

function describeSizes(dimensions: readonly Dimension[]): string {
  return dimensions.map((dimension) => dimension.size).join(",");
}

function evaluateMember(context: Context, scope: Scope, e: Extract<Expression, { kind: "member" }>): Value {
  const object = evaluate(context, scope, e.object);
  const name = e.property.name;
  const missing = (what: string, names: Iterable<string>): never => {
    const near = didYouMean(name, names);
    throw new Failure(e.property.span, "unknown-name", `${what} has no ${name}`, {
      help: near === undefined ? `it has ${[...names].join(", ")}` : `did you mean ${near}?`,
    });
  };
  switch (object.kind) {
    case "error":
      return ERROR;
    case "module": {
      const method = object.declaration.body.find(
        (statement) => statement.kind === "method" && statement.name.name === name,
      );
      if (method?.kind === "method") return { kind: "method", module: object, method };
      const own = object.scope.own();
      const methods = object.declaration.body.flatMap((statement) =>
        statement.kind === "method" ? [statement.name.name] : [],
      );
      return own.get(name) ?? missing(object.declaration.name.name, [...own.keys(), ...methods]);
    }
    case "record":
      return object.fields.get(name) ?? missing("this group", object.fields.keys());
    case "distribution":
      return object.arguments.get(name) ?? missing(object.declaration.name.name, object.arguments.keys());
    default:
      throw new Failure(e.span, "type-mismatch", `${describe(object)} has no members`);
  }
}

function evaluateIndex(context: Context, scope: Scope, e: IndexExpression): Value {
  const object = evaluate(context, scope, e.object);
  if (object.kind === "error") return ERROR;
  if (object.kind === "list" || object.kind === "sequence") {
    const item = e.items[0];
    const index =
      item !== undefined && item.kind !== "range" && item.kind !== "ellipsis"
        ? evaluate(context, scope, item)
        : undefined;
    const found = index?.kind === "number" ? object.items[index.value] : undefined;
    if (found === undefined)
      throw new Failure(e.span, "bad-index", `this list has ${object.items.length} items, counted from 0`);
    return found;
  }
  const value = asTensor(context, object, e.object.span);
  return value === undefined ? ERROR : slice(context, scope, value, e);
}

/** `x[2, 1.., ...]`: indices drop their dimension, ranges keep a part of it; missing ones keep everything. */
function slice(context: Context, scope: Scope, value: TensorValue, e: IndexExpression): Value {
  const rank = value.dimensions.length;
  const ellipsis = e.items.findIndex((item) => item.kind === "ellipsis");
  const given = e.items.length - (ellipsis < 0 ? 0 : 1);
  if (given > rank)
    throw new Failure(
      e.span,
      "bad-index",
      `${describe(value)} has ${rank} dimension${rank === 1 ? "" : "s"}, but ${given} indices are given`,
    );
  const begin = value.dimensions.map(() => 0);
  const size = value.dimensions.map((dimension) => dimension.size);
  const kept: (Dimension | undefined)[] = [...value.dimensions];
  let axis = 0;
  for (const item of e.items) {
    if (item.kind === "ellipsis") {
      axis += rank - given;
      continue;
    }
    const full = value.dimensions[axis]!.size;
    if (item.kind === "range") {
      const [from, to] = [bound(context, scope, item.from, 0, full), bound(context, scope, item.to, full, full)];
      if (from > to) throw new Failure(item.span, "bad-index", `this range runs from ${from} to ${to}`);
      begin[axis] = from;
      size[axis] = to - from;
      kept[axis] = from === 0 && to === full ? value.dimensions[axis]! : { size: to - from };
    } else {
      begin[axis] = bound(context, scope, item, 0, full - 1);
      size[axis] = 1;
      kept[axis] = undefined;
    }
    axis++;
  }
  const part = context.builder.slice(value.node, begin, size);
  const dimensions = kept.filter((dimension) => dimension !== undefined);
  return tensor(
    context.builder.reshape(
      part,
      dimensions.map((dimension) => dimension.size),
    ),
    dimensions,
  );
}

/** An index or end of a range, counted from the end where negative. */
function bound(context: Context, scope: Scope, e: Expression | undefined, missing: number, last: number): number {
  if (e === undefined) return missing;
  const value = evaluate(context, scope, e);
  if (value.kind !== "number" || !Number.isInteger(value.value))
    throw new Failure(
      e.span,
      "dynamic-size",
      `an index must be an integer known at compile time, but this is ${describe(value)}`,
    );
  const index = value.value < 0 ? value.value + last + (e.kind === "unary" ? 1 : 0) : value.value;
  if (index < 0 || index > last) throw new Failure(e.span, "bad-index", `${value.value} is outside of 0..${last}`);
  return index;
}
