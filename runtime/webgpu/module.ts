/**
 * What generated modules for WebGPU are made of, and all that they need: this file and what it imports become one file
 * without any dependency, which `sstc compile --target webgpu` puts beside the module (`sstc/webgpu` in the package).
 */
import type { WebGpuArtifact } from "../../compiler/artifact.ts";
import { GeneratedModel } from "../generated-model.ts";
import { openWebGpuModel, type WebGpuModelOptions } from "./open.ts";

export type { WebGpuArtifact as Artifact } from "../../compiler/artifact.ts";
export type { GeneratedModel } from "../generated-model.ts";
export type { HostTensor } from "../host-tensor.ts";
export { UserError } from "../user-error.ts";
export type { GpuOptions } from "./gpu.ts";
export { openWebGpuModel } from "./open.ts";

export type CreateOptions = WebGpuModelOptions;

/** What a generated module exports: its artifact, and how to open it. `modules` are its WGSL texts. */
export function createModule(data: Omit<WebGpuArtifact, "modules">, modules: WebGpuArtifact["modules"]) {
  const artifact: WebGpuArtifact = { ...data, modules };
  const create = async (options: CreateOptions = {}): Promise<GeneratedModel> =>
    new GeneratedModel(await openWebGpuModel(artifact, options));
  return { artifact, create };
}
