/**
 * Starting values of parameters: a function of the seed and the parameter's name, so that adding one changes no other.
 */
import type { ParameterSignature } from "../compiler/artifact.ts";
import { sizeOf } from "./host-tensor.ts";
import { normal, PURPOSES, streamOfName, uniform } from "./random.ts";

/** Row-major values of the parameter's shape. */
export function initializeParameter(parameter: ParameterSignature, seed: number): Float32Array {
  const size = sizeOf(parameter.shape);
  const stream = PURPOSES.initialize + streamOfName(parameter.name);
  const initializer = parameter.initializer;
  switch (initializer.kind) {
    case "constant":
      return new Float32Array(size).fill(initializer.value);
    case "uniform":
      return uniform(seed, stream, 0, size).map((u) => (2 * u - 1) * initializer.bound);
    case "normal":
      return normal(seed, stream, 0, size).map((z) => z * initializer.deviation);
  }
}
