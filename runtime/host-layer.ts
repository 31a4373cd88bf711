/**
 * Runs a compiled structure in float64 on the host: hard and soft samples, vector–Jacobian products, best members, for
 * rows of utilities.
 */
import type { CompiledLayer, PrintedKernel } from "../compiler/artifact.ts";
import { HostFamily } from "./host-family.ts";
import { divided, HostKernels, type Printed, type Results } from "./host-kernels.ts";

export class HostLayer {
  /** Questions about p(x) ∝ exp(uᵀx / t), where the layer is of the exponential family. */
  readonly family: HostFamily | undefined;
  private readonly layer: CompiledLayer;
  private readonly kernels: HostKernels;

  constructor(
    layer: CompiledLayer,
    printed: Printed = "javascript",
    kernels = new HostKernels(layer.structure, layer.size, layer.inputSize, printed),
  ) {
    this.layer = layer;
    this.kernels = kernels;
    this.family = layer.family && new HostFamily(layer.family, this.kernels);
  }

  /** The same layer for examples of these sizes: one for each, or one for all. */
  sized(sizes: Float64Array): HostLayer {
    return new HostLayer(this.layer, undefined, this.kernels.sized(sizes));
  }

  /** Utilities of one example. */
  get inputSize(): number {
    return this.layer.inputSize;
  }

  /** The most valuable members, one for each row of `u` (rows × inputSize, row-major). */
  argmax(u: Float64Array): Float64Array {
    const { kernels } = this;
    return kernels.finite("hard sample", kernels.run(this.layer.argmax, new Map([["u", u]])));
  }

  /** X_t = argmax over the polytope of uᵀx − t f(x). */
  soft(u: Float64Array, temperature: number): Float64Array {
    return this.run(u, temperature).get("x")!;
  }

  /** X_t, called x, with whatever else its solver hands to the backward. */
  run(u: Float64Array, temperature: number): Results {
    if (this.layer.soft === undefined) throw new Error("this layer was compiled without a relaxation");
    const { kernels } = this;
    const results = kernels.named(this.layer.soft, kernels.inputs(u, temperature));
    kernels.finite("soft sample", results.get("x")!);
    return results;
  }

  /** (∂X_t/∂u)ᵀ cotangent; `results` are those of `run` on the same utilities, where they are at hand. */
  vjp(u: Float64Array, cotangent: Float64Array, temperature: number, results?: Results): Float64Array {
    const { backward } = this.layer;
    if (backward === undefined) throw new Error("this layer was compiled without a relaxation");
    const { kernels } = this;
    const arrays = kernels.inputs(u, temperature).set("cotangent", cotangent);
    kernels.addResults(arrays, this.layer.soft!, backward.kernel, results);
    return kernels.finite("gradient", divided(kernels.run(backward.kernel, arrays), temperature), this.inputSize);
  }

  /** The `count` best members for each row of `u`, by falling value, and how many there are; `kernel` lists so many. */
  kBest(u: Float64Array, count: number, kernel: PrintedKernel): { members: Float64Array; found: Int32Array } {
    const members = new Float64Array(u.length * count);
    const found = new Int32Array(u.length / this.layer.size);
    this.kernels.fill(kernel, new Map([["u", u]]), [members, found]);
    return { members, found };
  }
}
