/** Lists, comprehensions and scans: loops over compile-time ranges, unrolled. */
import type { Expression, RangeExpression, ScanExpression, Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { staticNumber } from "../static-value.ts";
import type { Context } from "./context.ts";
import { Scope } from "./scope.ts";
import { asTensor, sameSizes, stack } from "./tensors.ts";
import { describe, describeShape, ERROR, isStatic, type TensorValue, type Value } from "./values.ts";

/** Loops are unrolled; more rounds than this are a slip. */
const LONGEST_LOOP = 10_000;

export function evaluateList(context: Context, scope: Scope, items: readonly Expression[]): Value {
  const first = items[0];
  const values: Value[] = [];
  if (items.length === 1 && first?.kind === "comprehension") {
    const range = rangeOf(context, scope, first.source);
    if (range === undefined) return ERROR;
    for (const i of range) {
      const inner = new Scope(scope);
      inner.define(first.variable.name, staticNumber(i));
      if (first.condition !== undefined) {
        const keep = context.evaluate(inner, first.condition);
        if (keep.kind === "error") return ERROR;
        if (keep.kind !== "boolean") {
          const message = `this condition must be known at compile time, but it is ${describe(keep)}`;
          throw new Failure(first.condition.span, "type-mismatch", message);
        }
        if (!keep.value) continue;
      }
      values.push(context.evaluate(inner, first.body));
    }
  } else values.push(...items.map((item) => context.evaluate(scope, item)));
  if (values.some((value) => value.kind === "error")) return ERROR;
  return values.every(isStatic) ? { kind: "list", items: values } : { kind: "sequence", items: values };
}

/** The integers of a compile-time range; undefined when a problem was reported. */
function rangeOf(context: Context, scope: Scope, source: Expression | RangeExpression): number[] | undefined {
  const at = (e: Expression): number | undefined => {
    const value = context.evaluate(scope, e);
    if (value.kind === "error") return undefined;
    if (value.kind === "number" && Number.isInteger(value.value)) return value.value;
    const message = `a range's ends must be integers known at compile time, but this is ${describe(value)}`;
    throw new Failure(e.span, "dynamic-size", message);
  };
  const end = source.kind === "range" ? source.to : source;
  if (end === undefined) throw new Failure(source.span, "bad-range", "this range needs an end");
  const from = source.kind === "range" && source.from !== undefined ? at(source.from) : 0;
  const to = at(end);
  if (from === undefined || to === undefined) return undefined;
  if (to - from > LONGEST_LOOP) {
    throw new Failure(source.span, "too-large", `${to - from} rounds are more than ${LONGEST_LOOP}`, {
      why: "loops over compile-time ranges are unrolled",
    });
  }
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}

/** The states after each round, stacked; of a state that is a record, each of its fields. */
export function evaluateScan(context: Context, scope: Scope, e: ScanExpression): Value {
  const first = stateOf(context, context.evaluate(scope, e.initial), e.initial.span);
  const range = rangeOf(context, scope, e.source);
  if (first === undefined || range === undefined) return ERROR;
  if (range.length === 0) {
    throw new Failure(e.source.span, "bad-range", "this scan has no rounds, so its result would be empty");
  }
  let state = first;
  const frames: State[] = [];
  for (const i of range) {
    const inner = new Scope(scope);
    inner.define(e.state.name, stateValue(state));
    inner.define(e.variable.name, staticNumber(i));
    const { span } = e.body.result;
    const next = stateOf(context, context.evaluate(inner, e.body), span);
    if (next === undefined) return ERROR;
    checkKept(e.state.name, first, next, span);
    state = next;
    frames.push(state);
  }
  const stacked: [string, TensorValue][] = [];
  for (const name of first.keys()) {
    const whole = stack(
      context,
      frames.map((frame) => frame.get(name)!),
      e.span,
    );
    if (whole === undefined) return ERROR;
    stacked.push([name, whole]);
  }
  return stateValue(new Map(stacked));
}

/** The state of a scan: a tensor, which has no name, or those of a record. */
type State = ReadonlyMap<string, TensorValue>;
const ALONE = "";

function stateOf(context: Context, value: Value, span: Span): State | undefined {
  const state = new Map<string, TensorValue>();
  for (const [name, field] of value.kind === "record" ? value.fields : [[ALONE, value] as const]) {
    const found = asTensor(context, field, span);
    if (found === undefined) return undefined;
    state.set(name, found);
  }
  return state;
}

function stateValue(state: State): Value {
  return state.get(ALONE) ?? { kind: "record", fields: state };
}

function checkKept(state: string, first: State, next: State, span: Span): void {
  const written = ({ size, keys }: { size: number; keys: string[] }) =>
    size === 1 && keys[0] === ALONE ? "one tensor" : `the fields ${keys.join(", ")}`;
  const [had, has] = [first, next].map((each) => ({ size: each.size, keys: [...each.keys()] }));
  if (had!.size !== has!.size || !had!.keys.every((name) => next.has(name))) {
    const message = `the state of a scan keeps its parts, but ${state} begins as ${written(had!)} and becomes ${written(has!)}`;
    throw new Failure(span, "shape-mismatch", message);
  }
  for (const [name, { dimensions }] of first) {
    const now = next.get(name)!.dimensions;
    if (sameSizes(now, dimensions)) continue;
    const shapes = `begins as ${describeShape(dimensions)} and becomes ${describeShape(now)}`;
    const label = name === ALONE ? state : `${state}.${name}`;
    throw new Failure(span, "shape-mismatch", `the state of a scan keeps its shape, but ${label} ${shapes}`);
  }
}
