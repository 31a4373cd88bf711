/** What blocks, modules and models share: definitions, new values of states, requirements. */
import type {
  BlockExpression,
  Expression,
  LetStatement,
  RequireStatement,
  UpdateStatement,
} from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Context } from "./context.ts";
import { Scope } from "./scope.ts";
import { asTensor, beyondFloat32, numeric } from "./tensors.ts";
import { checkType } from "./types.ts";
import { describe, describeShape, ERROR, named, type TensorValue, type Value } from "./values.ts";

export function evaluateBlock(context: Context, scope: Scope, e: BlockExpression): Value {
  const inner = new Scope(scope);
  for (const statement of e.statements) {
    if (statement.kind === "let") evaluateLet(context, inner, statement);
    else if (statement.kind === "require") {
      if (!checkRequirement(context, inner, statement)) return ERROR;
    } else updateState(context, inner, statement);
  }
  return context.evaluate(inner, e.result);
}

/** Defines a name; modules instantiated in its value are called by it. */
export function evaluateLet(context: Context, scope: Scope, statement: LetStatement): void {
  const { name } = statement.name;
  const outer = context.pendingName;
  context.pendingName = name;
  const found = context.evaluate(scope, statement.value);
  context.pendingName = outer;
  const value =
    statement.type === undefined
      ? found
      : (checkType(context, scope, statement.type, found, statement.value.span, name) ?? ERROR);
  if (value.kind === "tensor") context.builder.label(value.node, name);
  scope.define(name, named(value, name));
}

/**
 * `update s = …`: remembered when training, ignored otherwise. A module that is applied several times updates several
 * times: in its new value, the state's name stands for what the updates before have made of it.
 */
export function updateState(context: Context, scope: Scope, statement: UpdateStatement): void {
  const { name, span } = statement.name;
  const target = scope.lookup(name);
  const state = [...context.states.values()].find(({ node }) => target?.kind === "tensor" && node === target.node);
  const now = new Scope(scope);
  if (state?.next !== undefined && target?.kind === "tensor") now.define(name, { ...target, node: state.next });
  const value = asTensor(context, context.evaluate(now, statement.value), statement.value.span);
  if (target?.kind === "error") return;
  if (state === undefined) {
    const help = "only what was declared by state can be updated";
    return context.report(span, "unknown-name", { message: `${name} is not a state`, help });
  }
  if (value === undefined) return;
  const { shape } = state.node.type;
  const wanted = describeShape(shape.map((size) => ({ size })));
  if (value.node.type.batched) {
    context.report(statement.value.span, "batched", {
      message: `the new value of ${name} must be one for all examples, but this is ${describe(value)} for each example`,
      why: "it is computed from data, which carries the batch",
      help: "reduce it over the batch with batch_mean",
    });
  } else if (!hasShape(value, shape)) {
    const message = `the new value of ${name} must be f32${wanted}, but it is ${describe(value)}`;
    context.report(statement.value.span, "shape-mismatch", { message });
  } else if (context.training) state.next = numeric(context, value).node;
}

function hasShape(value: TensorValue, shape: readonly number[]): boolean {
  return value.dimensions.length === shape.length && value.dimensions.every(({ size }, i) => size === shape[i]);
}

/** Whether a requirement holds, as far as can be told; one that does not is reported. */
export function checkRequirement(context: Context, scope: Scope, statement: RequireStatement): boolean {
  const { condition, message } = statement;
  const value = context.evaluate(scope, condition);
  if (value.kind === "error" || (value.kind === "boolean" && value.value)) return true;
  if (value.kind === "boolean") {
    const why = message === undefined ? undefined : `${printExpression(condition)} does not hold`;
    const text = message?.value ?? `${printExpression(condition)} does not hold`;
    context.report(condition.span, "requirement", { message: text, why });
    return false;
  }
  context.report(condition.span, "type-mismatch", {
    message: `a requirement is true or false when the model is compiled, but this is ${describe(value)}`,
  });
  return false;
}

/** A number known at compile time and finite; undefined when a problem was reported. */
export function finiteNumber(context: Context, scope: Scope, e: Expression, what: string): number | undefined {
  const value = context.evaluate(scope, e);
  if (value.kind === "error") return undefined;
  if (value.kind !== "number") {
    const message = `${what} must be a number known at compile time, but this is ${describe(value)}`;
    context.report(e.span, "type-mismatch", { message });
    return undefined;
  }
  const problem = Number.isFinite(value.value)
    ? beyondFloat32(value.value)
    : { message: `${what} must be a finite number, but it is ${value.value}` };
  if (problem === undefined) return value.value;
  context.report(e.span, "bad-number", problem);
  return undefined;
}
