/** Opens a device and a model on it. */
import type { Artifact, TfjsArtifact } from "../compiler/artifact.ts";
import { DEVICE_NAMES, type Device, type DeviceOptions, openDevice } from "./devices.ts";
import { checkMemory } from "./memory-estimate.ts";
import { Model, type ModelOptions } from "./model.ts";
import type { AdamOptions } from "./optimizers/adam.ts";
import type { ProgramFactory } from "./program.ts";
import { TfjsEngine } from "./tfjs-engine.ts";
import { listNames, UserError } from "./user-error.ts";
import { checkArtifact } from "./validate.ts";

export interface InstantiateOptions extends DeviceOptions, ModelOptions {
  /** A device's name or an open device; `wasm`, or `webgpu` for an artifact of that target. */
  readonly device?: string | Device;
  /** Adam with learning rate 1e-3. */
  readonly optimizer?: AdamOptions;
  /** The evaluated program, for pages on which text cannot be evaluated. */
  readonly program?: ProgramFactory;
}

/**
 * Compiles nothing: opens the artifact's program on a device and initialises its parameters. Throws a UserError when
 * the device is missing, is not one that the artifact was compiled for, or has too little memory for the model.
 */
export async function instantiate(artifact: Artifact, options: InstantiateOptions = {}): Promise<Model> {
  checkArtifact(artifact);
  const given = options.device ?? (artifact.target === "webgpu" ? "webgpu" : "wasm");
  if (artifact.target === "webgpu") {
    if (given !== "webgpu") throw otherTarget(artifact, typeof given === "string" ? given : given.name, ["webgpu"]);
    const { openWebGpuModel } = await import("./webgpu/open.ts");
    return openWebGpuModel(artifact, options);
  }
  if (given === "webgpu") throw otherTarget(artifact, given, DEVICE_NAMES);
  const device = typeof given === "string" ? await openDevice(given, options) : given;
  return openTfjsModel(artifact, device, options);
}

function openTfjsModel(artifact: TfjsArtifact, device: Device, options: InstantiateOptions): Model {
  for (const entry of artifact.entries) checkMemory(artifact, entry, 1, device);
  const engine = new TfjsEngine(artifact, device, options);
  return new Model(artifact, engine, options);
}

function otherTarget({ model, target }: Artifact, device: string, devices: readonly string[]): UserError {
  const wanted = target === "webgpu" ? "tfjs" : "webgpu";
  return new UserError(`${model} was compiled for the target ${target}, which the device \`${device}\` does not run`, {
    why: "programs for tfjs and for WebGPU are different ones",
    help: `compile it with the target ${wanted}, or use ${devices.length > 1 ? "one of " : "the device "}${listNames(devices)}`,
  });
}
