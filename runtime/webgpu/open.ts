/** Opens a model on WebGPU. */
import type { WebGpuArtifact } from "../../compiler/artifact.ts";
import { Model, type ModelOptions } from "../model.ts";
import type { AdamOptions } from "../optimizers/adam.ts";
import { checkSeed } from "../validate.ts";
import { WebGpuEngine } from "./engine.ts";
import { type GpuOptions, openGpu } from "./gpu.ts";

export interface WebGpuModelOptions extends ModelOptions {
  readonly optimizer?: AdamOptions;
  /** Which device of the system; the one that WebGPU prefers. */
  readonly gpu?: GpuOptions;
}

/** Throws a UserError where there is no WebGPU, or where an adapter's limits are too small for the model. */
export async function openWebGpuModel(artifact: WebGpuArtifact, options: WebGpuModelOptions = {}): Promise<Model> {
  const gpu = await openGpu(options.gpu);
  const seed = checkSeed(options.seed ?? 0);
  const engine = new WebGpuEngine(artifact, gpu, { ...options, seed });
  return new Model(artifact, engine, options);
}
