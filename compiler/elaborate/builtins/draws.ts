/** Functions that make draws of a distribution from uniform noise where no formula does: kernels of the library. */
import { Failure } from "../../failure.ts";
import { GENERAL_SOURCE } from "../../general-clauses.ts";
import { lowerKernel } from "../../kernel-language/lower.ts";
import { staticNumber } from "../../static-value.ts";
import { declarationsOf } from "../declarations.ts";
import { numeric, tensor } from "../tensors.ts";
import { describe } from "../values.ts";
import { type Builtin, builtin, tensorOf } from "./builtin.ts";

const KERNEL = "gamma_tail";

/** A gamma variable of scale 1 from a uniform number, which it is beyond with that probability. No gradient passes. */
const gammaQuantile = builtin("gamma_quantile", ["shape", "v"], (context, { shape, v }) => {
  const given = tensorOf(context, v);
  if (given === undefined || shape!.value.kind === "error") return undefined;
  if (shape!.value.kind !== "number") {
    const message = `the shape of a gamma variable is a number known at compile time, not ${describe(shape!.value)}`;
    throw new Failure(shape!.span, "type-mismatch", message);
  }
  const { value } = shape!.value;
  if (!(value > 0 && value <= 1)) {
    const message = `the shape of a gamma variable must be greater than 0 and at most 1 here, but it is ${value}`;
    throw new Failure(shape!.span, "bad-number", message);
  }
  const build = context.builder;
  const { node, dimensions } = numeric(context, given);
  const sizes = dimensions.map(({ size }) => size);
  const count = sizes.reduce((a, b) => a * b, 1);
  // Whatever the file declares, this is the library's.
  const declarations = declarationsOf(context).from(GENERAL_SOURCE);
  const { declaration, source } = declarations.kernel(KERNEL)!;
  const values = new Map([
    ["n", staticNumber(count)],
    ["shape", staticNumber(value)],
  ]);
  const name = `${KERNEL}_${count}_${String(value).replace(/[^0-9]/g, "_")}`;
  const kernel = lowerKernel(declaration, values, declarations.from(source), name);
  context.kernels.set(name, kernel);
  const uniform = build.reshape(build.stopGradient(node), [count]);
  return tensor(build.reshape(build.kernel(kernel, [uniform], kernel.outputs[0]!.name), sizes), dimensions);
});

export const drawFunctions: readonly [string, Builtin][] = [gammaQuantile];
