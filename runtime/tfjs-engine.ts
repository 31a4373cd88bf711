/** A model on a tfjs backend: the generated program on tensors, and Adam on the host. */
import type * as core from "@tensorflow/tfjs-core";
import type { EntryPoint, TfjsArtifact } from "../compiler/artifact.ts";
import type { Device } from "./devices.ts";
import { diverged } from "./divergence.ts";
import type { Engine, EngineCall, OptimizerMemory, Outputs } from "./engine.ts";
import type { HostTensor } from "./host-tensor.ts";
import { findNotFinite } from "./not-finite.ts";
import { Adam, type AdamOptions, squaredNorm } from "./optimizers/adam.ts";
import {
  disposeAll,
  mapRecord,
  noiseTensor,
  Program,
  type ProgramFactory,
  type TensorRecord,
  toHost,
  toTensor,
} from "./program.ts";
import { checkSeed } from "./validate.ts";
import { Variables } from "./variables.ts";

export interface TfjsEngineOptions {
  readonly seed?: number;
  readonly optimizer?: AdamOptions;
  readonly program?: ProgramFactory;
}

/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

export class TfjsEngine implements Engine {
  readonly device: Device;
  private readonly artifact: TfjsArtifact;
  private readonly program: Program;
  private readonly variables: Variables;
  private adam: Adam;

  constructor(artifact: TfjsArtifact, device: Device, options: TfjsEngineOptions) {
    this.artifact = artifact;
    this.device = device;
    const seed = checkSeed(options.seed ?? 0);
    this.program = new Program(artifact, device, options.program);
    this.variables = new Variables(artifact, device, seed);
    this.adam = new Adam(options.optimizer ?? { name: "adam", learningRate: 1e-3 }, this.variables.size);
  }

  get undisposed(): number {
    return this.program.undisposed;
  }

  async run(entry: EntryPoint, call: EngineCall, wanted: (output: string) => boolean): Promise<Outputs> {
    const outputs = this.call(entry, call);
    try {
      return read(outputs, wanted);
    } finally {
      this.variables.disposeOutputs(outputs);
    }
  }

  async train(
    entry: EntryPoint,
    call: EngineCall,
    wanted: (output: string) => boolean,
    step: number,
  ): Promise<Outputs> {
    const outputs = this.call(entry, call);
    try {
      const leaves = read(outputs, wanted);
      const loss = leaves.loss?.data[0] ?? Number.NaN;
      // Sums on the device wasm may turn NaN into an infinite value, so which of them it is says nothing.
      if (!Number.isFinite(loss)) throw diverged(step, "the loss is not finite");
      this.update(outputs, step);
      return leaves;
    } finally {
      this.variables.disposeOutputs(outputs);
    }
  }

  private call(entry: EntryPoint, call: EngineCall): TensorRecord {
    const { tf } = this.device;
    this.device.use();
    const shapes = new Map(
      [...this.artifact.parameters, ...this.artifact.states].map(({ name, shape }) => [name, shape]),
    );
    const temporary: core.Tensor[] = [];
    const replaced = (values: { readonly [name: string]: Float32Array } = {}) =>
      mapRecord(values, (data, name) => {
        const tensor = toTensor(tf, "f32", { shape: shapes.get(name)!, data });
        temporary.push(tensor);
        return tensor;
      });
    const noise = entry.noise.map((signature) => [
      signature.name,
      call.noise?.[signature.name] ?? (() => noiseTensor(tf, signature, call)),
    ]);
    try {
      return this.program.call(entry, {
        batch: call.batch,
        inputs: call.inputs,
        parameters: { ...Object.fromEntries(this.variables.parameterTensors), ...replaced(call.parameters) },
        states: { ...Object.fromEntries(this.variables.stateTensors), ...replaced(call.states) },
        hypers: call.hypers,
        noise: Object.fromEntries(noise),
      });
    } finally {
      disposeAll(temporary);
    }
  }

  /**
   * Adam on every parameter that has a gradient, and the new states. All are checked before anything changes.
   */
  private update(outputs: TensorRecord, step: number): void {
    const gradients = new Map<string, Float32Array>();
    for (const { name } of this.artifact.parameters) {
      const tensor = outputs[`gradient:${name}`];
      if (tensor === undefined) continue;
      const gradient = tensor.dataSync() as Float32Array;
      const norm = squaredNorm(gradient);
      const wrong = Number.isFinite(norm) ? "too large to be squared in float32" : "not finite";
      // Adam's mean of squares would be infinite, and NaN in the step after.
      if (!(norm <= LARGEST)) throw diverged(step, `the gradient of the parameter \`${name}\` is ${wrong}`);
      gradients.set(name, gradient);
    }
    for (const { name } of this.artifact.states) {
      const next = outputs[`state:${name}`]?.dataSync() as Float32Array | undefined;
      if (next !== undefined && findNotFinite(next) >= 0)
        throw diverged(step, `the new state \`${name}\` is not finite`);
    }
    this.variables.optimize(this.adam, gradients);
    this.variables.keepStates(outputs);
  }

  async parameters(): Promise<Map<string, Float32Array>> {
    return new Map([...this.variables.values].map(([name, values]) => [name, values.slice()]));
  }

  async states(): Promise<Map<string, HostTensor>> {
    return new Map(Object.entries(this.variables.states()));
  }

  async optimizer(): Promise<OptimizerMemory> {
    const { options, state } = this.adam;
    const copied = (flat: Float32Array) => this.variables.split(flat.slice());
    return { options, updates: state.updates, mean: copied(state.mean), square: copied(state.square) };
  }

  setParameters(values: ReadonlyMap<string, Float32Array>): void {
    this.variables.setParameters(Object.fromEntries(values));
  }

  setState(name: string, value: HostTensor): void {
    this.variables.setState(name, value);
  }

  setOptimizer({ options, updates, mean, square }: OptimizerMemory): void {
    const adam = new Adam(options, this.variables.size);
    adam.state.updates = updates;
    for (const [name, view] of this.variables.split(adam.state.mean)) view.set(mean.get(name)!);
    for (const [name, view] of this.variables.split(adam.state.square)) view.set(square.get(name)!);
    this.adam = adam;
  }

  dispose(): void {
    this.variables.dispose();
    this.program.dispose();
  }
}

function read(outputs: TensorRecord, wanted: (output: string) => boolean): Outputs {
  const chosen = Object.entries(outputs).filter(([name]) => wanted(name));
  return Object.fromEntries(chosen.map(([name, tensor]) => [name, toHost(tensor)]));
}
