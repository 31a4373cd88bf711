/**
 * Kernels of one structure in float64 on the host, over rows of utilities: compiled when they first run, their inputs
 * and outputs checked.
 */
import type { PrintedKernel } from "../compiler/artifact.ts";
import { failing, type KernelFailure, type KernelRefusal, refusing } from "./kernel-fault.ts";
import { findNotFinite, writeValue } from "./not-finite.ts";
import { UserError } from "./user-error.ts";
import { loadWasmKernel } from "./wasm-kernel.ts";

type HostArray = Float64Array | Int32Array;
type HostKernel = (
  batch: number,
  inputs: readonly Float64Array[],
  outputs: readonly HostArray[],
  fail: KernelFailure,
  refuse: KernelRefusal,
) => void;

/** What a forward kernel made, by the names that backwards read it by. */
export type Results = ReadonlyMap<string, Float64Array>;
/** Which printing of the kernels is run. */
export type Printed = "javascript" | "wasm";

export class HostKernels {
  /** As written, for messages. */
  readonly structure: string;
  /** Values of one member. */
  readonly size: number;
  /** Utilities of one example. */
  readonly inputSize: number;
  private readonly printed: Printed;
  private readonly sizes: Float64Array | undefined;
  private readonly kernels: Map<PrintedKernel, HostKernel>;

  /** For examples of these sizes: one for each, or one for all. */
  constructor(
    structure: string,
    size: number,
    inputSize: number,
    printed: Printed,
    sizes?: Float64Array,
    kernels = new Map<PrintedKernel, HostKernel>(),
  ) {
    this.structure = structure;
    this.size = size;
    this.inputSize = inputSize;
    this.printed = printed;
    this.sizes = sizes;
    this.kernels = kernels;
  }

  /** The same kernels for examples of other sizes. */
  sized(sizes: Float64Array): HostKernels {
    return new HostKernels(this.structure, this.size, this.inputSize, this.printed, sizes, this.kernels);
  }

  /** u / t; throws a UserError that names the example where that leaves the range of numbers. */
  scaled(u: Float64Array, temperature: number): Float64Array {
    const values = divided(u, temperature);
    const i = findNotFinite(values);
    if (i < 0) return values;
    const what = `the utilities of ${this.structure} divided by the temperature ${temperature}`;
    const largest = u.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    throw new UserError(`${what} hold ${writeValue(values[i]!)} at ${this.place(i, this.inputSize)}`, {
      why: `a solver needs finite numbers, and the largest utility is ${largest}`,
      help: "raise the temperature, or scale the utilities down",
    });
  }

  /** What a kernel made; throws a UserError that names the example where it is no finite number. */
  finite(what: string, values: Float64Array, width = this.size): Float64Array {
    const i = findNotFinite(values);
    if (i < 0) return values;
    throw new UserError(`the ${what} of ${this.structure} holds ${writeValue(values[i]!)} at ${this.place(i, width)}`, {
      why: "its kernel divided by zero, or left the range of numbers",
      help: "raise the temperature, or scale the numbers down; of a structure of your own, look into the kernel",
    });
  }

  /** The first output for all rows of u together. */
  run(kernel: PrintedKernel, arrays: ReadonlyMap<string, Float64Array>): Float64Array {
    return this.results(kernel, arrays)[0]!;
  }

  /** All outputs for all rows of u together. */
  results(kernel: PrintedKernel, arrays: ReadonlyMap<string, Float64Array>): Float64Array[] {
    const rows = arrays.get("u")!.length / this.inputSize;
    const outputs = kernel.outputs.map(({ size }) => new Float64Array(rows * size));
    this.fill(kernel, arrays, outputs);
    return outputs;
  }

  /** All outputs of a forward kernel as backwards call them: the first is x, others have their own names. */
  named(forward: PrintedKernel, arrays: ReadonlyMap<string, Float64Array>): Results {
    const results = this.results(forward, arrays);
    return new Map(forward.outputs.map(({ name }, i) => [i === 0 ? "x" : name, results[i]!]));
  }

  /** Adds what a backward reads of the forward run, of which some or all may be known already. */
  addResults(
    arrays: Map<string, Float64Array>,
    forward: PrintedKernel,
    backward: PrintedKernel,
    known: Results = new Map(),
  ): void {
    for (const [name, result] of known) arrays.set(name, result);
    const names = forward.outputs.map(({ name }, i) => (i === 0 ? "x" : name));
    if (names.every((name) => arrays.has(name) || !backward.inputs.includes(name))) return;
    for (const [name, result] of this.named(forward, arrays)) arrays.set(name, result);
  }

  /** Fills all outputs, which begin at 0. */
  fill(kernel: PrintedKernel, arrays: ReadonlyMap<string, Float64Array>, outputs: readonly HostArray[]): void {
    let compiled = this.kernels.get(kernel);
    if (compiled === undefined) {
      compiled = load(kernel, this.printed);
      this.kernels.set(kernel, compiled);
    }
    const rows = arrays.get("u")!.length / this.inputSize;
    const inputs = kernel.inputs.map((name) => arrays.get(name) ?? this.sizesOf(rows));
    const t = arrays.get("temperature")?.[0];
    compiled(rows, inputs, outputs, failing(rows, rows), refusing(this.structure, rows, rows, t));
  }

  /** What the kernels of a relaxation read of each example, besides cotangents: u / t, and t where they want it. */
  inputs(u: Float64Array, temperature: number): Map<string, Float64Array> {
    return new Map([
      ["u", this.scaled(u, temperature)],
      ["temperature", new Float64Array(u.length / this.inputSize).fill(temperature)],
    ]);
  }

  /** The only input besides those that a run is given. */
  private sizesOf(rows: number): Float64Array {
    const sizes = this.sizes!;
    if (sizes.length === rows) return sizes;
    if (sizes.length === 1) return new Float64Array(rows).fill(sizes[0]!);
    const given = `${sizes.length} sizes are given for ${rows} example${rows === 1 ? "" : "s"}`;
    throw new UserError(`${given} of ${this.structure}`, { help: "give one for each example, or one for all" });
  }

  private place(index: number, width: number): string {
    return `example ${Math.floor(index / width)}, position ${index % width}`;
  }
}

function load({ text, wasm }: PrintedKernel, printed: Printed): HostKernel {
  if (printed === "wasm" && wasm !== undefined) return loadWasmKernel(wasm);
  // The text is the compiler's own output: identifiers are sanitised and no text of the user's is in it.
  return new Function(`return ${text};`)() as HostKernel;
}

/** All numbers by one divisor. */
export function divided(values: Float64Array, divisor: number): Float64Array {
  return values.map((value) => value / divisor);
}
