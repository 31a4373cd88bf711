/**
 * Programs as WebGPU runs them: WGSL modules, and for each entry point a plan of what is dispatched over which memory.
 * Everything is decided here, at compile time; only the batch is left open.
 */
import type { ArtifactOfModel, Signature } from "../artifact.ts";
import type { WebGpuCode, WebGpuPlan } from "../artifact-webgpu.ts";
import type { Kernel } from "../ir/kernel/kernel.ts";
import { sizeOf, type TensorProgram } from "../ir/tensor/tensor.ts";
import { SafeNames } from "./webgpu/names.ts";
import { printUpdate } from "./webgpu/optimizer.ts";
import { printProgram } from "./webgpu/program.ts";
import { Tables } from "./webgpu/tables.ts";

/** `places`: where names of the source are declared, for comments. */
export function printWebGpu(
  programs: readonly TensorProgram[],
  kernels: readonly Kernel[],
  artifact: Pick<ArtifactOfModel, "parameters" | "states" | "hypers">,
  places: ReadonlyMap<string, string> = new Map(),
): WebGpuCode {
  const tables = new Tables();
  const modules = new Modules();
  const changing = new Set(programs.flatMap((program) => [...program.outputs.keys()]));
  const parameters = laidOut(artifact.parameters);
  // States that training changes come first, so that the update is one range.
  const changes = (state: Signature) => changing.has(`state:${state.name}`);
  const states = laidOut([...artifact.states.filter(changes), ...artifact.states.filter((each) => !changes(each))]);
  const context = {
    layout: { parameters, states },
    tables,
    kernels: new Map(kernels.map((kernel) => [kernel.name, kernel])),
    hypers: artifact.hypers.map(({ name }) => name),
    places,
    module: (wanted: string, code: string) => modules.take(wanted, code),
  };
  const plans = programs.map((program): WebGpuPlan => {
    const plan = printProgram(program, context);
    const loss = plan.outputs.loss;
    if (plan.entry !== "train" || loss === undefined) return plan;
    const parts = (all: readonly Signature[], begins: ReadonlyMap<string, number>) =>
      all.map(({ name, shape }) => ({ begin: begins.get(name)!, size: sizeOf(shape) }));
    const update = printUpdate({
      ...context,
      parameters: parts(artifact.parameters, parameters),
      states: parts(artifact.states.filter(changes), states),
      loss,
    });
    return { ...plan, update };
  });
  return {
    modules: modules.texts,
    plans,
    tables: tables.words,
    layout: { parameters: Object.fromEntries(parameters), states: Object.fromEntries(states) },
  };
}

/** One after the other, in words. */
function laidOut(signatures: readonly Signature[]): Map<string, number> {
  let offset = 0;
  return new Map(
    signatures.map(({ name, shape }) => {
      offset += sizeOf(shape);
      return [name, offset - sizeOf(shape)];
    }),
  );
}

/** Modules by name; equal texts are one. */
class Modules {
  readonly texts: { [name: string]: string } = {};
  private readonly names = new SafeNames();
  private readonly known = new Map<string, string>();

  take(wanted: string, code: string): string {
    const known = this.known.get(code);
    if (known !== undefined) return known;
    const name = this.names.fresh(wanted);
    this.known.set(code, name);
    this.texts[name] = code;
    return name;
  }
}
