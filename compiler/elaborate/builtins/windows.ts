/** Functions of windows along the first axis of [length, features]: convolution, and the largest of each window. */
import type { Span } from "../../../grammar/ast.ts";
import { Failure } from "../../failure.ts";
import type { Context } from "../context.ts";
import { numeric, tensor } from "../tensors.ts";
import { type BoundArgument, describe, describeShape, type TensorValue } from "../values.ts";
import { type Builtin, builtin, integersOf, tensorOf } from "./builtin.ts";

const conv1d = builtin("conv1d", ["x", "kernel", "padding?"], (context, { x, kernel, padding }, span) => {
  const value = rowsOf(context, x!);
  const weights = tensorOf(context, kernel);
  if (value === undefined || weights === undefined) return undefined;
  const mode = paddingOf(padding);
  const [length, features] = value.dimensions as [TensorValue["dimensions"][number], TensorValue["dimensions"][number]];
  const [width, inputs, outputs] = weights.dimensions;
  if (weights.dimensions.length !== 3 || inputs!.size !== features.size || weights.node.type.batched) {
    const message = `the kernel of conv1d is a parameter f32[width, ${features.size}, outputs], not ${describe(weights)}`;
    throw new Failure(kernel!.span, "shape-mismatch", message);
  }
  if (mode === "valid" && width!.size > length.size) tooShort(length.size, width!.size, span);
  const node = context.builder.node("conv1d", [numeric(context, value).node, weights.node], { padding: mode });
  return tensor(node, [mode === "same" ? length : { size: node.type.shape[0]! }, outputs!]);
});

const maxPool1d = builtin("max_pool1d", ["x", "width", "stride?"], (context, { x, width, stride }, span) => {
  const value = rowsOf(context, x!);
  if (value === undefined) return undefined;
  const size = positive(width!);
  const step = stride === undefined ? size : positive(stride);
  const [length, features] = value.dimensions as [TensorValue["dimensions"][number], TensorValue["dimensions"][number]];
  if (size > length.size) tooShort(length.size, size, span);
  const count = Math.floor((length.size - size) / step) + 1;
  const places = Array.from({ length: count * size }, (_, k) => Math.floor(k / size) * step + (k % size));
  const build = context.builder;
  const windows = build.gather(numeric(context, value).node, places, 0);
  const largest = build.maximumReduce(build.reshape(windows, [count, size, features.size]), [1]);
  return tensor(largest, [{ size: count }, features]);
});

function rowsOf(context: Context, argument: BoundArgument): TensorValue | undefined {
  const value = tensorOf(context, argument);
  if (value === undefined || value.dimensions.length === 2) return value;
  const message = `windows run over [length, features], but this has the shape ${describeShape(value.dimensions)}`;
  throw new Failure(argument.span, "shape-mismatch", message, { help: "bring it into that shape with reshape" });
}

function paddingOf(argument: BoundArgument | undefined): "same" | "valid" {
  if (argument === undefined) return "same";
  const { value, span } = argument;
  if (value.kind === "string" && (value.value === "same" || value.value === "valid")) return value.value;
  throw new Failure(span, "type-mismatch", `padding is "same" or "valid", but this is ${describe(value)}`);
}

function positive(argument: BoundArgument): number {
  const [first, ...others] = integersOf(argument);
  if (first !== undefined && others.length === 0 && first.size >= 1) return first.size;
  throw new Failure(argument.span, "bad-size", "the width and the stride of windows are positive integers");
}

function tooShort(length: number, width: number, span: Span): never {
  throw new Failure(span, "shape-mismatch", `a window of ${width} does not fit into ${length} places`);
}

export const windowFunctions: readonly [string, Builtin][] = [conv1d, maxPool1d];
