/**
 * What a model remembers between calls: parameters (one flat vector on the host, a tensor each on the device) and
 * states (tensors on the device). The host's copy of the parameters is the truth; tensors are remade from it.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { Artifact } from "../compiler/artifact.ts";
import { parameterCount } from "./checkpoint.ts";
import type { Device } from "./devices.ts";
import { type HostTensor, sizeOf } from "./host-tensor.ts";
import { initializeParameter } from "./initialize.ts";
import type { Adam } from "./optimizers/adam.ts";
import { disposeAll, type TensorRecord, toHost, toTensor } from "./program.ts";
import { checkTensor, unknownName } from "./validate.ts";

export class Variables {
  /** How many numbers the parameters are. */
  readonly size: number;
  /** Views of the flat vector, by name. */
  readonly values = new Map<string, Float32Array>();
  readonly parameterTensors = new Map<string, core.Tensor>();
  readonly stateTensors = new Map<string, core.Tensor>();
  private readonly offsets = new Map<string, number>();
  private readonly artifact: Artifact;
  private readonly device: Device;

  constructor(artifact: Artifact, device: Device, seed: number) {
    this.artifact = artifact;
    this.device = device;
    this.size = parameterCount(artifact);
    const flat = new Float32Array(this.size);
    let offset = 0;
    for (const parameter of artifact.parameters) {
      const size = sizeOf(parameter.shape);
      const values = flat.subarray(offset, offset + size);
      values.set(initializeParameter(parameter, seed));
      this.values.set(parameter.name, values);
      this.offsets.set(parameter.name, offset);
      offset += size;
      this.upload(parameter.name, parameter.shape);
    }
    for (const { name, shape, value } of artifact.states) {
      this.setState(name, { shape, data: new Float32Array(sizeOf(shape)).fill(value) });
    }
  }

  /** Replaces some parameters; all are checked before any changes. */
  setParameters(values: { readonly [name: string]: Float32Array }): void {
    const checked = Object.entries(values).map(([name, data]) => {
      const signature = this.artifact.parameters.find((parameter) => parameter.name === name);
      if (signature === undefined) {
        throw unknownName("parameter", name, [...this.values.keys()], this.artifact.model);
      }
      return { signature, data: checkTensor(signature, data, "parameters").data };
    });
    for (const { signature, data } of checked) {
      this.values.get(signature.name)!.set(data);
      this.upload(signature.name, signature.shape);
    }
  }

  setState(name: string, value: HostTensor): void {
    this.device.use();
    this.stateTensors.get(name)?.dispose();
    this.stateTensors.set(name, this.device.tf.keep(toTensor(this.device.tf, "f32", value)));
  }

  /** Copies of the states by name. */
  states(): { [name: string]: HostTensor } {
    return Object.fromEntries([...this.stateTensors].map(([name, tensor]) => [name, toHost(tensor)]));
  }

  /** One update of the parameters that have a gradient. */
  optimize(optimizer: Adam, gradients: ReadonlyMap<string, Float32Array>): void {
    optimizer.begin();
    for (const { name, shape } of this.artifact.parameters) {
      const gradient = gradients.get(name);
      if (gradient === undefined) continue;
      optimizer.update(this.values.get(name)!, gradient, this.offsets.get(name)!);
      this.upload(name, shape);
    }
  }

  /** Keeps the new states among a program's outputs. */
  keepStates(outputs: TensorRecord): void {
    for (const { name } of this.artifact.states) {
      const tensor = outputs[`state:${name}`];
      const previous = this.stateTensors.get(name);
      if (tensor === undefined || tensor === previous) continue;
      previous?.dispose();
      this.stateTensors.set(name, this.device.tf.keep(tensor));
    }
  }

  /** Views of a vector laid out as the parameters are, such as an optimiser's moments. */
  split(flat: Float32Array): Map<string, Float32Array> {
    const views = new Map<string, Float32Array>();
    for (const [name, offset] of this.offsets)
      views.set(name, flat.subarray(offset, offset + this.values.get(name)!.length));
    return views;
  }

  /** Disposes of what a program returned, but for tensors that are kept or were the model's own all along. */
  disposeOutputs(outputs: TensorRecord): void {
    const kept = new Set([...this.stateTensors.values(), ...this.parameterTensors.values()]);
    disposeAll(Object.values(outputs).filter((tensor) => !kept.has(tensor)));
  }

  dispose(): void {
    disposeAll([...this.parameterTensors.values(), ...this.stateTensors.values()]);
  }

  upload(name: string, shape: readonly number[]): void {
    this.device.use();
    this.parameterTensors.get(name)?.dispose();
    // A copy: the backend cpu keeps the array itself, which the optimiser changes in place, and a state that
    // was set to this parameter shares it.
    const value = { shape, data: this.values.get(name)!.slice() };
    this.parameterTensors.set(name, this.device.tf.keep(toTensor(this.device.tf, "f32", value)));
  }
}
