/**
 * Runs a structured solver (a host kernel) in the middle of a tfjs program: tensors out of the device, typed arrays in,
 * tensors back.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { Tensorflow } from "./devices.ts";
import { sizeOf } from "./host-tensor.ts";
import { failing, type KernelFailure } from "./kernel-fault.ts";
import { UserError, type UserErrorDetails } from "./user-error.ts";

export type KernelArrayType = Float32Array | Int32Array | Uint8Array;

/** A solver over `batch` problems laid one after the other; reads `inputs`, fills `outputs` (which start at zero). */
export type HostKernel = (
  batch: number,
  inputs: readonly KernelArrayType[],
  outputs: readonly Float32Array[],
  fail: KernelFailure,
) => void;

/**
 * `batch` counts problems: examples, times the copies of a latent that is an array. `outputSizes` are values per
 * problem, `outputShapes` whole shapes, batch axis first. Inputs stay the caller's, outputs become the caller's.
 */
export type RunKernel = (
  name: string,
  kernel: HostKernel,
  batch: number,
  inputs: readonly core.Tensor[],
  outputSizes: readonly number[],
  outputShapes: readonly (readonly number[])[],
) => core.Tensor[];

/** `RunKernel` on a device. Throws a UserError naming the latent and the example where a number is not finite. */
export function createRunKernel(tf: Tensorflow): RunKernel {
  return (name, kernel, batch, inputs, outputSizes, outputShapes) => {
    const examples = outputShapes[0]?.[0] ?? batch;
    const arrays = inputs.map((tensor) => tensor.dataSync() as KernelArrayType);
    for (const array of arrays) checkFinite(`the latent \`${name}\` received`, array, examples, RECEIVED);
    const outputs = outputSizes.map((size) => new Float32Array(batch * size));
    kernel(batch, arrays, outputs, failing(batch, examples));
    for (const output of outputs) checkFinite(`a solver of the latent \`${name}\` made`, output, examples, MADE);
    return outputs.map((output, i) => {
      const shape = outputShapes[i] ?? [batch, outputSizes[i]!];
      if (sizeOf(shape) !== output.length)
        throw new Error(`runKernel(${name}): shape ${shape} does not hold ${output.length} values`);
      return tf.tensor(output, [...shape], "float32");
    });
  };
}

const RECEIVED: UserErrorDetails = {
  why: "a solver needs finite utilities; the network before it has produced a value outside the range of float32",
  help: "lower the learning rate or raise the temperature, and check the data",
};
const MADE: UserErrorDetails = {
  why: "its kernel divided by zero, or left the range of float32",
  help: "raise the temperature; of a structure of your own, look into the kernel",
};

function checkFinite(what: string, array: KernelArrayType, examples: number, details: UserErrorDetails): void {
  const i = array instanceof Float32Array ? findNotFinite(array) : -1;
  if (i < 0) return;
  const perExample = Math.max(1, array.length / Math.max(1, examples));
  const place = `example ${Math.floor(i / perExample)}, position ${i % perExample}`;
  throw new UserError(`${what} ${writeValue(array[i]!)} at ${place}`, details);
}

/** Where the first value is that is NaN or infinite; −1 when all are finite. */
export function findNotFinite(array: Float32Array | Float64Array): number {
  // A loop and no findIndex: this runs over all utilities of every step.
  for (let i = 0; i < array.length; i++) if (!(array[i]! - array[i]! === 0)) return i;
  return -1;
}

export function writeValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "an infinite value" : "a negative infinite value";
}
