/** A temperature in a model: a number or a hyper, which is greater than 0 whenever it is known or set. */
import type { Span } from "../../grammar/ast.ts";
import { Failure } from "../failure.ts";
import { requireTemperature } from "../temperature.ts";
import type { Context } from "./context.ts";
import { asTensor, tensor } from "./tensors.ts";
import { describe, type TensorValue, type Value } from "./values.ts";

/** The temperature as a tensor; undefined when a problem was reported. */
export function temperatureValue(context: Context, value: Value, span: Span): TensorValue | undefined {
  if (value.kind === "error") return undefined;
  if (value.kind === "number") {
    requireTemperature(value.value, span);
    return asTensor(context, value, span);
  }
  const hyper = [...context.hypers.values()].find(({ node }) => value.kind === "tensor" && node === value.node);
  if (hyper !== undefined) {
    requireTemperature(hyper.value, span, hyper.name);
    hyper.positive = true;
    return tensor(hyper.node);
  }
  const message = `a temperature is a number, a hyper or a schedule, but this is ${describe(value)}`;
  throw new Failure(span, "type-mismatch", message, { help: "such as hyper t = 0.5" });
}
