/**
 * What the functions of the language itself share: binding of arguments, and reading of axes, flags, sizes and tensors.
 */
import type { Span } from "../../../grammar/ast.ts";
import { Failure } from "../../failure.ts";
import { assignArguments } from "../../static-evaluate.ts";
import type { Context } from "../context.ts";
import { asTensor } from "../tensors.ts";
import { type BoundArgument, type Dimension, describe, type TensorValue, type Value } from "../values.ts";

export interface Builtin {
  /** How it is called; `?` marks what may be left out. */
  readonly usage: string;
  /** Names of the parameters; undefined where any number of arguments is taken. */
  readonly parameters: readonly string[] | undefined;
  /** The names among them that must be given. */
  readonly required: readonly string[];
  call(context: Context, given: readonly BoundArgument[], span: Span): Value | undefined;
}

/** Arguments by parameter; those that are not optional are there. */
export type Bound = { readonly [name: string]: BoundArgument | undefined };

type Call = (context: Context, bound: Bound, span: Span) => Value | undefined;

/** A builtin with named parameters; those ending in `?` are optional. */
export function builtin(name: string, parameters: readonly string[], call: Call): [string, Builtin] {
  const names = parameters.map((parameter) => parameter.replace("?", ""));
  const required = parameters.filter((parameter) => !parameter.endsWith("?"));
  const usage = `${name}(${parameters.join(", ")})`;
  return [
    name,
    {
      usage,
      parameters: names,
      required,
      call: (context, given, span) => {
        const assigned = assignArguments(names, given, name);
        const missing = required.find((parameter) => !assigned.has(parameter));
        if (missing !== undefined) {
          throw new Failure(span, "missing-argument", `${name} needs ${missing}`, { help: `write ${usage}` });
        }
        return call(context, Object.fromEntries(assigned), span);
      },
    },
  ];
}

/** The tensor that an argument stands for; undefined when that was reported. */
export function tensorOf(context: Context, argument: BoundArgument | undefined): TensorValue | undefined {
  return argument === undefined ? undefined : asTensor(context, argument.value, argument.span);
}

/** An axis from 0; negative ones count from the end. */
export function axisOf(argument: BoundArgument, rank: number): number {
  const { value, span } = argument;
  if (value.kind === "number" && Number.isInteger(value.value) && value.value >= -rank && value.value < rank) {
    return value.value < 0 ? value.value + rank : value.value;
  }
  if (rank === 0) throw new Failure(span, "bad-axis", "a scalar has no axes");
  const message = `an axis is an integer from ${-rank} to ${rank - 1} here, but this is ${describe(value)}`;
  throw new Failure(span, "bad-axis", message);
}

/** A setting that is true or false when the program is compiled; false where it is left out. */
export function flagOf(argument: BoundArgument | undefined): boolean {
  if (argument === undefined) return false;
  if (argument.value.kind === "boolean") return argument.value.value;
  throw new Failure(argument.span, "type-mismatch", `expected true or false but got ${describe(argument.value)}`);
}

/** The sizes of a shape such as `[2, n]`. */
export function sizesOf(argument: BoundArgument): Dimension[] {
  return integersOf(argument).map((item) => {
    if (item.size >= 1) return item;
    throw new Failure(argument.span, "bad-size", `a size must be a positive integer, but one is ${item.size}`);
  });
}

/** A list of integers known at compile time. */
export function integersOf(argument: BoundArgument): Dimension[] {
  const { value, span } = argument;
  const items = value.kind === "list" ? value.items : value.kind === "number" ? [value] : undefined;
  if (items === undefined) {
    const message = `expected a list of integers known at compile time, such as [2, n], but got ${describe(value)}`;
    throw new Failure(span, "type-mismatch", message);
  }
  return items.map((item) => {
    if (item.kind === "number" && Number.isInteger(item.value)) {
      return { size: item.value, ...(item.label === undefined ? {} : { label: item.label }) };
    }
    throw new Failure(span, "type-mismatch", `expected a list of integers, but one item is ${describe(item)}`);
  });
}
