/**
 * Runs a compiled structure in float64 on the host: hard and soft samples, vector–Jacobian products, log-partitions,
 * for rows of utilities.
 */
import type { CompiledLayer, PrintedKernel } from "../compiler/artifact.ts";

type HostKernel = (batch: number, inputs: readonly Float64Array[], outputs: readonly Float64Array[]) => void;

export class HostLayer {
  private readonly layer: CompiledLayer;
  private readonly kernels = new Map<PrintedKernel, HostKernel>();

  constructor(layer: CompiledLayer) {
    this.layer = layer;
  }

  /** The most valuable members, one for each row of `u` (rows × size, row-major). */
  argmax(u: Float64Array): Float64Array {
    return this.run(this.layer.argmax, new Map([["u", u]]), u.length);
  }

  /** X_t = argmax over the polytope of uᵀx − t f(x). */
  soft(u: Float64Array, temperature: number): Float64Array {
    if (this.layer.soft === undefined) throw new Error("this layer was compiled without a relaxation");
    return this.run(this.layer.soft, new Map([["u", scale(u, 1 / temperature)]]), u.length);
  }

  /** (∂X_t/∂u)ᵀ cotangent; `x` is X_t where it is known already. */
  vjp(u: Float64Array, cotangent: Float64Array, temperature: number, x?: Float64Array): Float64Array {
    const { backward, soft } = this.layer;
    if (backward === undefined || soft === undefined) throw new Error("this layer was compiled without a relaxation");
    const arrays = new Map([
      ["u", scale(u, 1 / temperature)],
      ["cotangent", cotangent],
    ]);
    if (backward.kernel.inputs.includes("x")) arrays.set("x", x ?? this.run(soft, arrays, u.length));
    return scale(this.run(backward.kernel, arrays, u.length), 1 / temperature);
  }

  /** log Σ_x exp(uᵀx / t) for each row; undefined where the structure or its relaxation has none. */
  logPartition(u: Float64Array, temperature: number): Float64Array | undefined {
    const kernel = this.layer.logPartition?.kernel;
    const scaled = new Map([["u", scale(u, 1 / temperature)]]);
    return kernel && this.run(kernel, scaled, u.length / this.layer.size);
  }

  /** The gradient of Σ_rows cotangent · logPartition: marginals / t, weighted row by row. */
  logPartitionVjp(u: Float64Array, cotangent: Float64Array, temperature: number): Float64Array | undefined {
    const kernel = this.layer.logPartition?.marginals;
    const marginals = kernel && this.run(kernel, new Map([["u", scale(u, 1 / temperature)]]), u.length);
    const { size } = this.layer;
    return marginals?.map((marginal, i) => (marginal * cotangent[Math.floor(i / size)]!) / temperature);
  }

  private run(kernel: PrintedKernel, arrays: ReadonlyMap<string, Float64Array>, outputSize: number): Float64Array {
    let compiled = this.kernels.get(kernel);
    if (compiled === undefined) {
      // The text is the compiler's own output: identifiers are sanitised and no text of the user's is in it.
      compiled = new Function(`return ${kernel.text};`)() as HostKernel;
      this.kernels.set(kernel, compiled);
    }
    const output = new Float64Array(outputSize);
    compiled(
      arrays.get("u")!.length / this.layer.size,
      kernel.inputs.map((name) => arrays.get(name)!),
      [output],
    );
    return output;
  }
}

function scale(values: Float64Array, factor: number): Float64Array {
  return values.map((value) => value * factor);
}
