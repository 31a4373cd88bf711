/** `sstc/runtime`: what generated modules and programs that run models use. A chosen surface; the rest is internal. */
export type { Artifact, ExperimentSpec } from "../compiler/artifact.ts";
export type { ExperimentData } from "./data-module.ts";
export type { Dataset, Split } from "./dataset.ts";
export { DEVICE_NAMES, type Device, type DeviceName, type DeviceOptions, openDevice } from "./devices.ts";
export type { GeneratedModel, ModuleTypes } from "./generated-model.ts";
export type { HostArray, HostTensor } from "./host-tensor.ts";
export { type InstantiateOptions, instantiate } from "./instantiate.ts";
export type { Metrics } from "./metrics.ts";
export type { Evaluation, Model, StepResult } from "./model.ts";
export { type CreateOptions, createModule } from "./module.ts";
export type { AdamOptions } from "./optimizers/adam.ts";
export { drawableLatent, drawSamples, type LatentSamples, type SampleRow } from "./sample-picture.ts";
export { type TrainOptions, type TrainResult, train } from "./train.ts";
export { UserError } from "./user-error.ts";
export type { Batch } from "./validate.ts";
