/**
 * Runs a structured solver (a host kernel) in the middle of a tfjs program: tensors out of the device, typed arrays in,
 * tensors back.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { Tensorflow } from "./devices.ts";
import { sizeOf } from "./host-tensor.ts";
import { failing, type KernelFailure, type KernelRefusal, refusing } from "./kernel-fault.ts";
import { UserError, type UserErrorDetails } from "./user-error.ts";

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
    // A latent variable is known by its name, a question about a structure by how it is asked.
    const subject = name.includes("(") ? `\`${name}\`` : `the latent \`${name}\``;
    const arrays = inputs.map((tensor) => tensor.dataSync() as KernelArrayType);
    for (const [i, array] of arrays.entries()) {
      if (inputNames[i] === "cotangent") checkFinite(`the gradient of ${subject} holds`, array, examples, AFTER);
      else checkFinite(`${subject} received`, array, examples, received(array, temperature));
    }
    const outputs = outputSizes.map((size, i) =>
      kept.includes(i) ? new Float64Array(batch * size) : new Float32Array(batch * size),
    );
    prepared(kernel)(batch, arrays, outputs, failing(batch, examples), refusing(name, batch, examples, temperature));
    for (const output of outputs) checkFinite(`a solver of ${subject} made`, output, examples, MADE);
    return outputs.map((output, i) => {
      const shape = outputShapes[i] ?? [batch, outputSizes[i]!];
      if (sizeOf(shape) !== output.length)
        throw new Error(`runKernel(${name}): shape ${shape} does not hold ${output.length} values`);
      return output instanceof Float64Array ? new HostValues(output) : tf.tensor(output, [...shape], "float32");
    });
  };
}

const RECEIVED: UserErrorDetails = {
  why: "a solver needs finite utilities; the network before it has produced a value outside the range of float32",
  help: "lower the learning rate or raise the temperature, and check the data",
};
/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/**
 * What to say of utilities that are not finite. Where the temperature they were divided by is so small that ordinary
 * ones leave the range of float32, it is to blame.
 */
function received(values: KernelArrayType, temperature: number | undefined): UserErrorDetails {
  if (temperature === undefined || LARGEST * temperature > ORDINARY) return RECEIVED;
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const most = (LARGEST * temperature).toPrecision(2);
  return {
    why:
      `divided by the temperature t = ${temperature}, utilities beyond ${most} leave the range of float32; ` +
      `the largest that does not is ${(largest * temperature).toPrecision(2)}`,
    help: "raise the temperature, or use hard samples, to which soft ones tend",
  };
}
/** Utilities of this size are nothing unusual. */
const ORDINARY = 1e6;

const AFTER: UserErrorDetails = {
  why: "what is computed from the samples, such as the objective, has a derivative outside the range of float32",
  help: "look at what is made of the samples, and lower the learning rate; what comes before the latent is finite",
};
const MADE: UserErrorDetails = {
  why: "its kernel divided by zero, or left the range of float32",
  help: "raise the temperature; of a structure of your own, look into the kernel",
};

function checkFinite(
  what: string,
  array: KernelArrayType,
  examples: number | undefined,
  details: UserErrorDetails,
): void {
  const i = array instanceof Float32Array || array instanceof Float64Array ? findNotFinite(array) : -1;
  if (i < 0) return;
  const perExample = examples === undefined ? array.length : Math.max(1, array.length / Math.max(1, examples));
  const example = examples === undefined ? "" : `example ${Math.floor(i / perExample)}, `;
  const place = `${example}position ${i % perExample}`;
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
