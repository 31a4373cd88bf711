/** Functions of each element: exp and the like, min and max of two, choice by a condition. */
import { Failure } from "../../failure.ts";
import { binary, broadcastTo, numeric, sameSizes, tensor, unary } from "../tensors.ts";
import { describe, describeShape, type TensorValue } from "../values.ts";
import { type Builtin, builtin, tensorOf } from "./builtin.ts";

const elementwise = (name: string) =>
  builtin(name, ["x"], (context, { x }) => {
    const value = tensorOf(context, x);
    return value === undefined ? undefined : unary(context, name, numeric(context, value));
  });

const extreme = (name: string, op: string) =>
  builtin(name, ["a", "b"], (context, { a, b }, span) => {
    const [left, right] = [tensorOf(context, a), tensorOf(context, b)];
    return left === undefined || right === undefined ? undefined : binary(context, op, left, right, span);
  });

const where = builtin("where", ["condition", "a", "b"], (context, { condition, a, b }, span) => {
  const [test, left, right] = [tensorOf(context, condition), tensorOf(context, a), tensorOf(context, b)];
  if (test === undefined || left === undefined || right === undefined) return undefined;
  const all = [test, left, right];
  const largest = all.reduce((best, each) => (each.dimensions.length > best.dimensions.length ? each : best));
  const odd = all.find((each) => each.dimensions.length > 0 && !sameSizes(each.dimensions, largest.dimensions));
  if (odd !== undefined) {
    const shapes = `${describeShape(largest.dimensions)} and ${describeShape(odd.dimensions)}`;
    throw new Failure(span, "shape-mismatch", `where needs tensors of one shape, or scalars, but it meets ${shapes}`, {
      help: "to repeat a smaller tensor say so: broadcast(small, like = large)",
    });
  }
  if (test.node.type.dtype !== "bool") {
    const message = `the condition of where must be bool, but it is ${describe(test)}`;
    throw new Failure(condition!.span, "type-mismatch", message, { help: "compare it with something: x > 0" });
  }
  const spread = (value: TensorValue) => broadcastTo(context, value, largest.dimensions, span)!;
  const [yes, no] = [numeric(context, spread(left)), numeric(context, spread(right))];
  return tensor(context.builder.select(spread(test).node, yes.node, no.node), largest.dimensions);
});

const stopGradient = builtin("stop_gradient", ["x"], (context, { x }) => {
  const value = tensorOf(context, x);
  return value === undefined ? undefined : unary(context, "stop_gradient", value);
});

const UNARY = [
  ...["exp", "log", "log1p", "expm1", "sqrt", "abs", "sign", "floor"],
  ...["sigmoid", "tanh", "softplus", "sin", "cos", "relu", "elu"],
];

export const elementwiseFunctions: readonly [string, Builtin][] = [
  ...UNARY.map(elementwise),
  extreme("min", "minimum"),
  extreme("max", "maximum"),
  where,
  stopGradient,
];
