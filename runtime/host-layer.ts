/**
 * Runs a compiled structure in float64 on the host: hard and soft samples, vector–Jacobian products, log-partitions,
 * for rows of utilities.
 */
import type { CompiledLayer, PrintedKernel } from "../compiler/artifact.ts";
import { failing, type KernelFailure, type KernelRefusal, refusing } from "./kernel-fault.ts";
import { findNotFinite, writeValue } from "./run-kernel.ts";
import { UserError } from "./user-error.ts";
import { loadWasmKernel } from "./wasm-kernel.ts";

type HostKernel = (
  batch: number,
  inputs: readonly Float64Array[],
  outputs: readonly Float64Array[],
  fail: KernelFailure,
  refuse: KernelRefusal,
) => void;

/** Which printing of the kernels is run. */
export type Printed = "javascript" | "wasm";

export class HostLayer {
  private readonly layer: CompiledLayer;
  private readonly sizes: Float64Array | undefined;
  private readonly kernels: Map<PrintedKernel, HostKernel>;

  private readonly printed: Printed;

  /** For examples of these sizes: one for each, or one for all. */
  constructor(
    layer: CompiledLayer,
    printed: Printed = "javascript",
    sizes?: Float64Array,
    kernels = new Map<PrintedKernel, HostKernel>(),
  ) {
    this.layer = layer;
    this.printed = printed;
    this.sizes = sizes;
    this.kernels = kernels;
  }

  /** The same layer for examples of other sizes. */
  sized(sizes: Float64Array): HostLayer {
    return new HostLayer(this.layer, this.printed, sizes, this.kernels);
  }

  /** The most valuable members, one for each row of `u` (rows × size, row-major). */
  argmax(u: Float64Array): Float64Array {
    return this.finite("hard sample", this.run(this.layer.argmax, new Map([["u", u]]), u.length));
  }

  /** X_t = argmax over the polytope of uᵀx − t f(x). */
  soft(u: Float64Array, temperature: number): Float64Array {
    if (this.layer.soft === undefined) throw new Error("this layer was compiled without a relaxation");
    const scaled = new Map([["u", this.scaled(u, temperature)]]);
    return this.finite("soft sample", this.run(this.layer.soft, scaled, u.length));
  }

  /** (∂X_t/∂u)ᵀ cotangent; `x` is X_t where it is known already. */
  vjp(u: Float64Array, cotangent: Float64Array, temperature: number, x?: Float64Array): Float64Array {
    const { backward } = this.layer;
    if (backward === undefined) throw new Error("this layer was compiled without a relaxation");
    const arrays = new Map([
      ["u", this.scaled(u, temperature)],
      ["cotangent", cotangent],
    ]);
    if (backward.kernel.inputs.includes("x")) arrays.set("x", x ?? this.soft(u, temperature));
    return this.finite("gradient", divided(this.run(backward.kernel, arrays, u.length), temperature));
  }

  /** log Σ_x exp(uᵀx / t) for each row; undefined where the structure or its relaxation has none. */
  logPartition(u: Float64Array, temperature: number): Float64Array | undefined {
    const kernel = this.layer.logPartition?.kernel;
    const scaled = new Map([["u", this.scaled(u, temperature)]]);
    return kernel && this.finite("log-partition", this.run(kernel, scaled, u.length / this.layer.size), 1);
  }

  /** The gradient of Σ_rows cotangent · logPartition: marginals / t, weighted row by row. */
  logPartitionVjp(u: Float64Array, cotangent: Float64Array, temperature: number): Float64Array | undefined {
    const kernel = this.layer.logPartition?.marginals;
    const marginals = kernel && this.run(kernel, new Map([["u", this.scaled(u, temperature)]]), u.length);
    const { size } = this.layer;
    const weighted = marginals?.map((marginal, i) => (marginal * cotangent[Math.floor(i / size)]!) / temperature);
    return weighted && this.finite("gradient", weighted);
  }

  private scaled(u: Float64Array, temperature: number): Float64Array {
    const values = divided(u, temperature);
    const i = findNotFinite(values);
    if (i < 0) return values;
    const what = `the utilities of ${this.layer.structure} divided by the temperature ${temperature}`;
    throw new UserError(`${what} hold ${writeValue(values[i]!)} at ${this.place(i)}`, {
      why: "a solver needs finite numbers",
      help: "raise the temperature, or scale the utilities down",
    });
  }

  /** What a kernel made; throws a UserError that names the example where it is no finite number. */
  private finite(what: string, values: Float64Array, width = this.layer.size): Float64Array {
    const i = findNotFinite(values);
    if (i < 0) return values;
    const { structure } = this.layer;
    throw new UserError(`the ${what} of ${structure} holds ${writeValue(values[i]!)} at ${this.place(i, width)}`, {
      why: "its kernel divided by zero, or left the range of numbers",
      help: "raise the temperature, or scale the numbers down; of a structure of your own, look into the kernel",
    });
  }

  private place(index: number, width = this.layer.size): string {
    return `example ${Math.floor(index / width)}, position ${index % width}`;
  }

  /** The only input besides those that a run is given. */
  private sizesOf(rows: number): Float64Array {
    const sizes = this.sizes!;
    if (sizes.length === rows) return sizes;
    if (sizes.length === 1) return new Float64Array(rows).fill(sizes[0]!);
    const given = `${sizes.length} sizes are given for ${rows} example${rows === 1 ? "" : "s"}`;
    throw new UserError(`${given} of ${this.layer.structure}`, { help: "give one for each example, or one for all" });
  }

  private run(kernel: PrintedKernel, arrays: ReadonlyMap<string, Float64Array>, outputSize: number): Float64Array {
    let compiled = this.kernels.get(kernel);
    if (compiled === undefined) {
      compiled = load(kernel, this.printed);
      this.kernels.set(kernel, compiled);
    }
    const output = new Float64Array(outputSize);
    const rows = arrays.get("u")!.length / this.layer.size;
    const inputs = kernel.inputs.map((name) => arrays.get(name) ?? this.sizesOf(rows));
    compiled(rows, inputs, [output], failing(rows, rows), refusing(this.layer.structure, rows, rows));
    return output;
  }
}

function load({ text, wasm }: PrintedKernel, printed: Printed): HostKernel {
  if (printed === "wasm" && wasm !== undefined) return loadWasmKernel(wasm);
  // The text is the compiler's own output: identifiers are sanitised and no text of the user's is in it.
  return new Function(`return ${text};`)() as HostKernel;
}

function divided(values: Float64Array, divisor: number): Float64Array {
  return values.map((value) => value / divisor);
}
