/** Turns an artifact into a model that can be trained, evaluated and sampled: the module API. */
import type * as core from "@tensorflow/tfjs-core";
import type { Artifact, EntryPoint } from "../compiler/artifact.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type TrainingPosition } from "./checkpoint.ts";
import { type Device, type DeviceOptions, openDevice } from "./devices.ts";
import type { HostTensor } from "./host-tensor.ts";
import { checkMemory } from "./memory-estimate.ts";
import { MetricMeans, type Metrics, metricOutputs, resolveMetrics } from "./metrics.ts";
import { Adam, type AdamOptions, squaredNorm } from "./optimizers/adam.ts";
import {
  disposeAll,
  drawNoise,
  mapRecord,
  Program,
  type ProgramFactory,
  type TensorRecord,
  toHost,
  toTensor,
} from "./program.ts";
import type { Purpose } from "./random.ts";
import { findNotFinite } from "./run-kernel.ts";
import { UserError } from "./user-error.ts";
import {
  type Batch,
  type CheckedBatch,
  checkArtifact,
  checkBatch,
  checkHyper,
  checkSeed,
  checkTensor,
  unknownName,
} from "./validate.ts";
import { Variables } from "./variables.ts";

export interface InstantiateOptions extends DeviceOptions {
  /** A device's name or an open device; `wasm`. */
  readonly device?: string | Device;
  /** Decides initial parameters, noise and the order of batches: an integer below 2^32; 0. */
  readonly seed?: number;
  /** Initial values of some parameters by name, row-major. */
  readonly parameters?: { readonly [name: string]: Float32Array };
  /** Adam with learning rate 1e-3. */
  readonly optimizer?: AdamOptions;
  /** The evaluated program, for pages on which text cannot be evaluated. */
  readonly program?: ProgramFactory;
}

/** The largest float32. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

export interface StepResult {
  readonly loss: number;
  readonly metrics: Metrics;
  /** Training steps made, this one included. */
  readonly step: number;
}
export interface Evaluation {
  readonly metrics: Metrics;
  /** Examples in the batch. */
  readonly size: number;
  /** The metric outputs as the program returned them. */
  readonly leaves: { readonly [name: string]: HostTensor };
}
export interface RunArguments {
  readonly inputs: Batch;
  /** Draws by the noise's name, instead of the model's own. */
  readonly noise?: { readonly [name: string]: HostTensor };
  readonly parameters?: { readonly [name: string]: Float32Array };
  readonly states?: { readonly [name: string]: Float32Array };
  readonly hypers?: { readonly [name: string]: number };
  /** Which draw of the model's own noise; 0. */
  readonly draw?: number;
}

/**
 * Compiles nothing: evaluates the artifact's program on a device and initialises its parameters. Throws a UserError
 * when the device is missing or the model does not fit into its memory.
 */
export async function instantiate(artifact: Artifact, options: InstantiateOptions = {}): Promise<Model> {
  checkArtifact(artifact);
  const given = options.device ?? "wasm";
  const device = typeof given === "string" ? await openDevice(given, options) : given;
  return new Model(artifact, device, options);
}

export class Model {
  readonly artifact: Artifact;
  readonly device: Device;
  private readonly program: Program;
  private readonly variables: Variables;
  private readonly hyperValues = new Map<string, number>();
  private readonly metricNames: ReadonlySet<string>;
  private optimizer: Adam;
  private seedValue: number;
  private steps = 0;
  private draws = 0;
  private disposed = false;

  /** For `instantiate`. */
  constructor(artifact: Artifact, device: Device, options: InstantiateOptions) {
    this.artifact = artifact;
    this.device = device;
    this.seedValue = checkSeed(options.seed ?? 0);
    for (const entry of artifact.entries) checkMemory(artifact, entry, 1, device);
    this.program = new Program(artifact, device, options.program);
    this.variables = new Variables(artifact, device, this.seedValue);
    this.metricNames = new Set(["loss", ...Object.values(artifact.metrics).flatMap(metricOutputs)]);
    this.optimizer = new Adam(options.optimizer ?? { name: "adam", learningRate: 1e-3 }, this.variables.size);
    for (const hyper of artifact.hypers) checkHyper(hyper, hyper.value);
    if (options.parameters !== undefined) this.setParameters(options.parameters);
  }

  /** Training steps made. */
  get stepCount(): number {
    return this.steps;
  }
  get seed(): number {
    return this.seedValue;
  }
  /** Tensors that the generated program forgot to dispose of; zero unless the compiler has a bug. */
  get undisposed(): number {
    return this.program.undisposed;
  }

  /**
   * Forward, backward and one update of the parameters on a batch. Throws a UserError, and changes nothing, when the
   * data do not fit or the loss or a gradient is not finite.
   */
  async step(batch: Batch): Promise<StepResult> {
    const entry = this.program.entry("train");
    const checked = this.check(entry, batch);
    const outputs = this.call(entry, checked, "train", this.steps);
    try {
      const leaves = this.readLeaves(outputs);
      const loss = leaves.loss?.data[0] ?? Number.NaN;
      // Sums on the device wasm may turn NaN into an infinite value, so which of them it is says nothing.
      if (!Number.isFinite(loss)) throw this.diverged("the loss is not finite");
      this.update(outputs);
      this.steps++;
      return { loss, metrics: this.readMetrics(leaves, checked.size), step: this.steps };
    } finally {
      this.variables.disposeOutputs(outputs);
    }
  }

  /** Metrics of a batch at hard samples. `draw` numbers the noise; the same number gives the same samples. */
  async evaluate(batch: Batch, options: { readonly draw?: number } = {}): Promise<Evaluation> {
    const entry = this.program.entry("evaluate");
    const checked = this.check(entry, batch);
    const outputs = this.call(entry, checked, "evaluate", options.draw ?? 0);
    try {
      const leaves = this.readLeaves(outputs);
      return { metrics: this.readMetrics(leaves, checked.size), size: checked.size, leaves };
    } finally {
      this.variables.disposeOutputs(outputs);
    }
  }

  /**
   * Samples of every latent, `[batch, …shape]`: members of the structure, or the relaxed samples where `soft`. Every
   * call draws anew; with `seed`, the draw depends on the seed and `draw` (0) alone.
   */
  async sample(
    batch: Batch,
    options: { readonly soft?: boolean; readonly seed?: number; readonly draw?: number } = {},
  ): Promise<{ [latent: string]: HostTensor }> {
    const entry = this.program.entry(options.soft === true ? "sample_soft" : "sample");
    const checked = this.check(entry, batch);
    const draw = options.draw ?? (options.seed === undefined ? this.draws++ : 0);
    const outputs = this.call(entry, checked, "sample", draw, checkSeed(options.seed ?? this.seedValue));
    try {
      return mapRecord(outputs, toHost);
    } finally {
      this.variables.disposeOutputs(outputs);
    }
  }

  /** An entry point's outputs as they are, with anything replaced for this call: for tests and gradient checks. */
  async run(name: EntryPoint["name"], given: RunArguments): Promise<{ [output: string]: HostTensor }> {
    const entry = this.program.entry(name);
    const checked = this.check(entry, given.inputs);
    const temporary: core.Tensor[] = [];
    const replace = (kind: "parameter" | "state", values: { readonly [name: string]: Float32Array } | undefined) =>
      mapRecord(values ?? {}, (data, key) => {
        const signature = (kind === "parameter" ? this.artifact.parameters : this.artifact.states).find(
          (s) => s.name === key,
        );
        if (signature === undefined)
          throw unknownName(
            kind,
            key,
            this.artifact[`${kind}s`].map((s) => s.name),
            this.artifact.model,
          );
        const tensor = toTensor(this.device.tf, "f32", checkTensor(signature, data, `${kind}s`));
        temporary.push(tensor);
        return tensor;
      });
    try {
      this.device.use();
      const outputs = this.call(entry, checked, "train", given.draw ?? this.steps, this.seedValue, {
        noise: given.noise ?? {},
        parameters: replace("parameter", given.parameters),
        states: replace("state", given.states),
        hypers: given.hypers ?? {},
      });
      const result = mapRecord(outputs, toHost);
      this.variables.disposeOutputs(outputs);
      return result;
    } finally {
      disposeAll(temporary);
    }
  }

  /** Copies of the parameters by name, row-major. */
  parameters(): { [name: string]: Float32Array } {
    return Object.fromEntries([...this.variables.values].map(([name, values]) => [name, values.slice()]));
  }

  /** Copies of the states (running means and the like) by name. */
  states(): { [name: string]: HostTensor } {
    return this.variables.states();
  }

  /** Replaces some parameters by name. Throws a UserError when a name is unknown or a length or value is wrong. */
  setParameters(values: { readonly [name: string]: Float32Array }): void {
    this.variables.setParameters(values);
  }

  /**
   * Fixes a hyperparameter from now on, schedules included. Throws a UserError for a temperature that is not positive.
   */
  setHyper(name: string, value: number): void {
    this.hyperValues.set(name, this.checkedHyper(name, value));
  }

  private checkedHyper(name: string, value: number): number {
    const hyper = this.artifact.hypers.find((candidate) => candidate.name === name);
    if (hyper === undefined)
      throw unknownName(
        "hyperparameter",
        name,
        this.artifact.hypers.map((h) => h.name),
        this.artifact.model,
      );
    return checkHyper(hyper, value);
  }

  /** Everything needed to go on as if nothing had happened, as the bytes of a safetensors file. */
  save(training?: TrainingPosition): Uint8Array {
    const { options, state } = this.optimizer;
    const { variables } = this;
    return encodeCheckpoint(this.artifact, {
      seed: this.seedValue,
      step: this.steps,
      parameters: variables.values,
      states: new Map(Object.entries(variables.states())),
      hypers: Object.fromEntries(this.hyperValues),
      optimizer: {
        options,
        updates: state.updates,
        mean: variables.split(state.mean),
        square: variables.split(state.square),
      },
      ...(training === undefined ? {} : { training }),
    });
  }

  /**
   * Restores what `save` wrote. `file` names the bytes in messages; with `exact` the model's arguments must agree too.
   * Throws a UserError, and changes nothing, when the bytes are damaged or do not fit the model.
   */
  load(bytes: Uint8Array, file = "the checkpoint", exact = false): Checkpoint {
    const checkpoint = decodeCheckpoint(this.artifact, bytes, file, exact);
    // All that may be refused, before anything changes.
    const seed = checkSeed(checkpoint.seed);
    const hypers = Object.entries(checkpoint.hypers).map(
      ([name, value]) => [name, this.checkedHyper(name, value)] as const,
    );
    const optimizer = checkpoint.optimizer === undefined ? this.optimizer : this.restored(checkpoint.optimizer);
    this.setParameters(Object.fromEntries(checkpoint.parameters));
    for (const [name, value] of checkpoint.states) this.variables.setState(name, value);
    this.seedValue = seed;
    this.steps = checkpoint.step;
    this.hyperValues.clear();
    for (const [name, value] of hypers) this.hyperValues.set(name, value);
    this.optimizer = optimizer;
    return checkpoint;
  }

  private restored({ options, updates, mean, square }: NonNullable<Checkpoint["optimizer"]>): Adam {
    const optimizer = new Adam(options, this.variables.size);
    optimizer.state.updates = updates;
    for (const [name, view] of this.variables.split(optimizer.state.mean)) view.set(mean.get(name)!);
    for (const [name, view] of this.variables.split(optimizer.state.square)) view.set(square.get(name)!);
    return optimizer;
  }

  /** Frees the device's memory; the model cannot be used afterwards. */
  dispose(): void {
    this.disposed = true;
    this.variables.dispose();
    this.program.dispose();
  }

  private check(entry: EntryPoint, batch: Batch): CheckedBatch {
    if (this.disposed)
      throw new UserError(`this ${this.artifact.model} was disposed of`, { help: "instantiate the model again" });
    const checked = checkBatch(this.artifact.data, entry.inputs, batch, this.artifact.model);
    checkMemory(this.artifact, entry, checked.size, this.device);
    return checked;
  }

  private call(
    entry: EntryPoint,
    checked: CheckedBatch,
    purpose: Purpose,
    draw: number,
    seed = this.seedValue,
    replaced: {
      noise?: { readonly [name: string]: HostTensor };
      parameters?: TensorRecord;
      states?: TensorRecord;
      hypers?: { readonly [name: string]: number };
    } = {},
  ): TensorRecord {
    const noise = entry.noise.map((signature) => [
      signature.name,
      replaced.noise?.[signature.name] ?? drawNoise(signature, seed, purpose, draw, checked.size),
    ]);
    return this.program.call(entry, {
      batch: checked.size,
      inputs: checked.tensors,
      parameters: { ...Object.fromEntries(this.variables.parameterTensors), ...replaced.parameters },
      states: { ...Object.fromEntries(this.variables.stateTensors), ...replaced.states },
      hypers: { ...this.hypers(), ...replaced.hypers },
      noise: Object.fromEntries(noise),
    });
  }

  /** Values at the current step: what was set, else the schedule, else the constant. */
  private hypers(): { [name: string]: number } {
    return Object.fromEntries(
      this.artifact.hypers.map(({ name, value, anneal }) => {
        const scheduled =
          anneal === undefined
            ? value
            : anneal.from + (anneal.to - anneal.from) * Math.min(1, this.steps / anneal.steps);
        return [name, this.hyperValues.get(name) ?? scheduled];
      }),
    );
  }

  private readLeaves(outputs: TensorRecord): { [name: string]: HostTensor } {
    const leaves = Object.entries(outputs).filter(([name]) => this.metricNames.has(name));
    return Object.fromEntries(leaves.map(([name, tensor]) => [name, toHost(tensor)]));
  }

  private readMetrics(leaves: { readonly [name: string]: HostTensor }, size: number): Metrics {
    const means = new MetricMeans();
    means.add(leaves, size);
    return resolveMetrics(this.artifact.metrics, means.means());
  }

  /**
   * Adam on every parameter that has a gradient, and the new states. All are checked before anything changes.
   */
  private update(outputs: TensorRecord): void {
    const gradients = new Map<string, Float32Array>();
    for (const { name } of this.artifact.parameters) {
      const tensor = outputs[`gradient:${name}`];
      if (tensor === undefined) continue;
      const gradient = tensor.dataSync() as Float32Array;
      const norm = squaredNorm(gradient);
      const wrong = Number.isFinite(norm) ? "too large to be squared in float32" : "not finite";
      // Adam's mean of squares would be infinite, and NaN in the step after.
      if (!(norm <= LARGEST)) throw this.diverged(`the gradient of the parameter \`${name}\` is ${wrong}`);
      gradients.set(name, gradient);
    }
    for (const { name } of this.artifact.states) {
      const next = outputs[`state:${name}`]?.dataSync() as Float32Array | undefined;
      if (next !== undefined && findNotFinite(next) >= 0)
        throw this.diverged(`the new state \`${name}\` is not finite`);
    }
    this.variables.optimize(this.optimizer, gradients);
    this.variables.keepStates(outputs);
  }

  private diverged(what: string): UserError {
    return new UserError(`training step ${this.steps}: ${what}`, {
      why: "training has diverged; parameters and optimiser are as they were before this step",
      help: "lower the learning rate, raise the temperature, or look at this batch",
    });
  }
}
