/**
 * Runs a structured solver (a host kernel) in the middle of a tfjs program: tensors out of the device, typed arrays in,
 * tensors back.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { Tensorflow } from "./devices.ts";
import { sizeOf } from "./host-tensor.ts";
import { failing, type KernelFailure, type KernelRefusal, refusing } from "./kernel-fault.ts";
import { findNotFinite, type NotFiniteKind, notFinite, placeOf, writeValue } from "./not-finite.ts";

export type KernelArrayType = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A solver over `batch` problems laid one after the other; reads `inputs`, fills `outputs` (which start at zero). */
export type HostKernel = (
  batch: number,
  inputs: readonly KernelArrayType[],
  outputs: readonly (Float32Array | Float64Array)[],
  fail: KernelFailure,
  refuse: KernelRefusal,
) => void;

/**
 * `batch` counts problems: examples, times the copies of a latent that is an array. `outputSizes` are values per
 * problem, `outputShapes` whole shapes, batch axis first if `batched` (true). `inputNames` are those in the kernel.
 * `temperature` is what the utilities were divided by, for messages. Outputs whose numbers are in `kept` are for other
 * kernels only: they stay on the host, in float64.
 * Inputs stay the caller's, outputs become the caller's.
 */
export type RunKernel = (
  name: string,
  kernel: HostKernel,
  batch: number,
  inputs: readonly (core.Tensor | HostValues)[],
  outputSizes: readonly number[],
  outputShapes: readonly (readonly number[])[],
  inputNames?: readonly string[],
  batched?: boolean,
  temperature?: number,
  kept?: readonly number[],
) => (core.Tensor | HostValues)[];

/** What one kernel hands to another; programs dispose of it as of a tensor. */
export class HostValues {
  readonly data: Float64Array;

  constructor(data: Float64Array) {
    this.data = data;
  }

  dataSync(): Float64Array {
    return this.data;
  }

  /** Nothing is to be freed. */
  dispose(): void {}
}

/**
 * `RunKernel` on a device, which runs `prepared(kernel)` in the place of a kernel. Throws a UserError naming the latent
 * and the place where a number is not finite.
 */
export function createRunKernel(
  tf: Tensorflow,
  prepared: (kernel: HostKernel) => HostKernel = (kernel) => kernel,
): RunKernel {
  return (
    name,
    kernel,
    batch,
    inputs,
    outputSizes,
    outputShapes,
    inputNames = [],
    batched = true,
    temperature,
    kept = [],
  ) => {
    const examples = batched ? (outputShapes[0]?.[0] ?? batch) : undefined;
    const arrays = inputs.map((tensor) => tensor.dataSync() as KernelArrayType);
    for (const [i, array] of arrays.entries()) {
      checkFinite(inputNames[i] === "cotangent" ? "gradient" : "received", name, array, examples, temperature);
    }
    const outputs = outputSizes.map((size, i) =>
      kept.includes(i) ? new Float64Array(batch * size) : new Float32Array(batch * size),
    );
    prepared(kernel)(batch, arrays, outputs, failing(batch, examples), refusing(name, batch, examples, temperature));
    for (const output of outputs) checkFinite("made", name, output, examples);
    return outputs.map((output, i) => {
      const shape = outputShapes[i] ?? [batch, outputSizes[i]!];
      if (sizeOf(shape) !== output.length)
        throw new Error(`runKernel(${name}): shape ${shape} does not hold ${output.length} values`);
      return output instanceof Float64Array ? new HostValues(output) : tf.tensor(output, [...shape], "float32");
    });
  };
}

function checkFinite(
  kind: NotFiniteKind,
  name: string,
  array: KernelArrayType,
  examples: number | undefined,
  temperature?: number,
): void {
  const i = array instanceof Float32Array || array instanceof Float64Array ? findNotFinite(array) : -1;
  if (i < 0) return;
  const perExample = examples === undefined ? undefined : Math.max(1, array.length / Math.max(1, examples));
  let largest = 0;
  for (const value of array) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  throw notFinite(kind, name, writeValue(array[i]!), placeOf(i, perExample), temperature, largest);
}
