/** Sizes of the examples that a layer is given: `tree.soft(u, { size: [5, 12] })`. */
import type * as core from "@tensorflow/tfjs-core";
import type { CompiledLayer } from "../compiler/artifact.ts";
import { isTensor } from "./layer-rows.ts";
import { UserError } from "./user-error.ts";

/** What examples bring besides their utilities. */
export interface ExampleOptions {
  /** How many of its items or vertices take part: a number for each example, or one for all of them. */
  readonly size?: number | readonly number[] | Int32Array | Float32Array | Float64Array | core.Tensor;
}

/** The sizes as numbers; undefined for a layer whose examples have none. Kernels check whether they are in range. */
export function readSizes(
  layer: Pick<CompiledLayer, "structure" | "sizes">,
  { size }: ExampleOptions,
): Float64Array | undefined {
  const { structure, sizes } = layer;
  if (sizes === undefined) {
    if (size === undefined) return undefined;
    throw new UserError(`the examples of ${structure} have no sizes of their own`, {
      help: "write size = length among its arguments",
    });
  }
  if (size === undefined) {
    throw new UserError(`the examples of ${structure} have sizes, and none are given`, {
      why: `${sizes.label} is a number of each example`,
      help: "give { size: [5, 12] }, one for each example",
    });
  }
  const given = typeof size === "number" ? [size] : isTensor(size) ? (size.dataSync() as Float32Array) : size;
  const values = Float64Array.from(given as ArrayLike<number>);
  const wrong = values.findIndex((value) => !Number.isInteger(value));
  if (wrong < 0) return values;
  const place = typeof size === "number" ? "" : ` in example ${wrong}`;
  const written = JSON.stringify((given as ArrayLike<unknown>)[wrong]);
  throw new UserError(`the size of ${structure} is ${written}${place}: it must be a whole number`);
}
