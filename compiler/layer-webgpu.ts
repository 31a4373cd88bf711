/**
 * Compiles one structure, on its own, for WebGPU: a small program for each thing that can be asked of it, and the WGSL
 * of all of them. Utilities are divided by the temperature on the device.
 */
import type { CompiledWebGpuLayer } from "./artifact.ts";
import { logPartitionOf, marginalsOf, type Question } from "./exponential-family.ts";
import { Failure } from "./failure.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { Builder } from "./ir/tensor/builder.ts";
import { type KernelBackward, kernelAttributes } from "./ir/tensor/kernel-node.ts";
import { type Node, sizeOf, type TensorProgram } from "./ir/tensor/tensor.ts";
import { type LayerParts, layerParts } from "./layer.ts";
import type { LayerRequest } from "./layer-request.ts";
import type { Library } from "./names.ts";
import { gradients } from "./passes/differentiate.ts";
import type { Backward } from "./passes/select-backward.ts";
import { selectSampler } from "./passes/select-sampler.ts";
import { simplify } from "./passes/simplify.ts";
import { TEMPERATURE } from "./relaxation-input.ts";
import { printWebGpu } from "./targets/webgpu.ts";

/** Compiles a structure; throws a DiagnosticError that says what does not fit and where. */
export function compileWebGpuLayer(request: LayerRequest, library: Library): CompiledWebGpuLayer {
  const parts = layerParts(request, library, "webgpu");
  const { facts, argmax, relaxed } = parts;
  const programs = new ProgramMaker(parts);
  programs.add("argmax", (build, u) => programs.run(build, argmax.value, u));
  if (relaxed !== undefined) {
    const { soft, backward } = relaxed;
    programs.add("soft", (build, u) => programs.run(build, soft, programs.warmed(build, u)));
    programs.add("vjp", (build, u) => {
      const x = programs.run(build, soft, programs.warmed(build, u), backward);
      const cotangent = build.input("cotangent", x.type);
      return gradients(build.batchSum(build.sum(build.multiply(x, cotangent))), [u], build)[0]!;
    });
    if (relaxed.isFamily) programs.addFamily();
  }
  const hypers = [{ name: TEMPERATURE, value: facts.temperature ?? 1, positive: true }];
  return {
    ...facts,
    ...printWebGpu(programs.made, [...programs.kernels.values()], { parameters: [], states: [], hypers }),
    decisions: [argmax.decision, ...(relaxed?.decisions ?? [])].map((decision) => ({ latent: "", ...decision })),
  };
}

class ProgramMaker {
  readonly made: TensorProgram[] = [];
  readonly kernels = new Map<string, Kernel>();
  private readonly parts: LayerParts;

  constructor(parts: LayerParts) {
    this.parts = parts;
  }

  /** The program of that name, from the utilities to its one output. */
  add(name: string, result: (build: Builder, u: Node) => Node): void {
    const build = new Builder();
    const { inputSize } = this.parts.facts;
    const u = build.input("u", { dtype: "f32", shape: [inputSize], batched: true });
    const made = result(build, u);
    const node = made.type.batched ? made : build.batchBroadcast(made);
    const program = { name, outputs: new Map([["result", node]]), labels: build.labels };
    this.made.push(simplify(program, "final").program);
  }

  /** u / t */
  warmed(build: Builder, u: Node): Node {
    return build.divide(u, build.hyper(TEMPERATURE));
  }

  /** What the exponential family answers, as far as the structure has it. */
  addFamily(): void {
    const { structure, declarations, pieces } = this.parts;
    const { span } = pieces.structure.value;
    const question = (query: string): Question => ({ query, structure, declarations, target: "webgpu", span });
    this.attempt(() => {
      const { kernel } = logPartitionOf(question("log_partition"));
      this.add("log_partition", (build, u) => build.reshape(this.run(build, kernel, this.warmed(build, u)), []));
    });
    this.attempt(() => {
      const { kernel } = marginalsOf(question("marginals"));
      this.add("marginals", (build, u) => this.run(build, kernel, this.warmed(build, u)));
    });
    this.attempt(() => {
      const { value } = selectSampler(structure, declarations, "webgpu", span);
      this.add("sample", (build, u) => this.run(build, value, this.warmed(build, u)));
    });
  }

  /** What a structure has no kernel for is not there. */
  private attempt(work: () => void): void {
    try {
      work();
    } catch (problem) {
      if (!(problem instanceof Failure)) throw problem;
    }
  }

  run(build: Builder, kernel: Kernel, u: Node, backward?: Backward): Node {
    this.kernels.set(kernel.name, kernel);
    if (backward !== undefined) this.kernels.set(backward.kernel.name, backward.kernel);
    const vjp: KernelBackward =
      backward === undefined
        ? { strategy: "none", reason: "nobody asks for it" }
        : { strategy: "custom", kernel: backward.kernel };
    const inputs = kernel.inputs.map(({ name, shape }, i) => {
      if (i === 0) return build.reshape(u, shape);
      if (name === TEMPERATURE) return build.reshape(build.hyper(TEMPERATURE), shape);
      if (name === "noise") return build.noise("noise", 0, "uniform", shape);
      return build.input(name, { dtype: "f32", shape, batched: true });
    });
    const { structure } = this.parts.facts;
    const [output] = kernel.outputs as readonly [Kernel["outputs"][number]];
    const attributes = kernelAttributes(
      kernel,
      output.name,
      vjp,
      structure,
      backward === undefined ? undefined : TEMPERATURE,
    );
    return build.reshape(build.node("kernel", inputs, attributes), [sizeOf(output.shape)]);
  }
}
