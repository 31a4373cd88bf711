/**
 * A model that can be trained, evaluated and sampled: the module API, whatever it runs on. Here are checks, seeds,
 * schedules, metrics and checkpoints; the numbers are the engine's. Nothing here knows tfjs or WebGPU.
 */
import type { Artifact, EntryPoint } from "../compiler/artifact.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type TrainingPosition } from "./checkpoint.ts";
import type { Engine, EngineCall, EngineDevice, Outputs } from "./engine.ts";
import type { HostTensor } from "./host-tensor.ts";
import { checkMemory } from "./memory-estimate.ts";
import { MetricMeans, type Metrics, metricOutputs, resolveMetrics } from "./metrics.ts";
import type { Purpose } from "./random.ts";
import { UserError } from "./user-error.ts";
import {
  type Batch,
  type CheckedBatch,
  checkBatch,
  checkHyper,
  checkSeed,
  checkTensor,
  unknownName,
} from "./validate.ts";

export interface ModelOptions {
  /** Decides initial parameters, noise and the order of batches: an integer below 2^32; 0. */
  readonly seed?: number;
  /** Initial values of some parameters by name, row-major. */
  readonly parameters?: { readonly [name: string]: Float32Array };
}

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

export class Model {
  readonly artifact: Artifact;
  readonly device: EngineDevice;
  private readonly engine: Engine;
  private readonly hyperValues = new Map<string, number>();
  private readonly metricNames: ReadonlySet<string>;
  private seedValue: number;
  private steps = 0;
  private draws = 0;
  private disposed = false;

  /** For `instantiate`. */
  constructor(artifact: Artifact, engine: Engine, options: ModelOptions) {
    this.artifact = artifact;
    this.device = engine.device;
    this.engine = engine;
    this.seedValue = checkSeed(options.seed ?? 0);
    this.metricNames = new Set(["loss", ...Object.values(artifact.metrics).flatMap(metricOutputs)]);
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
    return this.engine.undisposed;
  }

  /**
   * Forward, backward and one update of the parameters on a batch. Throws a UserError, and changes nothing, when the
   * data do not fit or the loss or a gradient is not finite.
   */
  async step(batch: Batch): Promise<StepResult> {
    const entry = this.entry("train");
    const checked = this.check(entry, batch);
    // Steps may be asked for before earlier ones are through, so each takes its number at once.
    const number = this.steps++;
    try {
      const leaves = await this.engine.train(entry, this.call(checked, "train", number, number), this.isLeaf, number);
      return { loss: leaves.loss!.data[0]!, metrics: this.readMetrics(leaves, checked.size), step: number + 1 };
    } catch (problem) {
      this.steps = Math.min(this.steps, number);
      throw problem;
    }
  }

  /** Metrics of a batch at hard samples. `draw` numbers the noise; the same number gives the same samples. */
  async evaluate(batch: Batch, options: { readonly draw?: number } = {}): Promise<Evaluation> {
    const entry = this.entry("evaluate");
    const checked = this.check(entry, batch);
    const leaves = await this.engine.run(entry, this.call(checked, "evaluate", options.draw ?? 0), this.isLeaf);
    return { metrics: this.readMetrics(leaves, checked.size), size: checked.size, leaves };
  }

  /**
   * Samples of every latent, `[batch, …shape]`: members of the structure, or the relaxed samples where `soft`. Every
   * call draws anew; with `seed`, the draw depends on the seed and `draw` (0) alone.
   */
  async sample(
    batch: Batch,
    options: { readonly soft?: boolean; readonly seed?: number; readonly draw?: number } = {},
  ): Promise<Outputs> {
    const entry = this.entry(options.soft === true ? "sample_soft" : "sample");
    const checked = this.check(entry, batch);
    const draw = options.draw ?? (options.seed === undefined ? this.draws++ : 0);
    const seed = checkSeed(options.seed ?? this.seedValue);
    return this.engine.run(entry, { ...this.call(checked, "sample", draw), seed }, () => true);
  }

  /** An entry point's outputs as they are, with anything replaced for this call: for tests and gradient checks. */
  async run(name: EntryPoint["name"], given: RunArguments): Promise<Outputs> {
    const entry = this.entry(name);
    const checked = this.check(entry, given.inputs);
    const call = this.call(checked, "train", given.draw ?? this.steps);
    for (const kind of ["parameter", "state"] as const) this.checkReplaced(kind, given[`${kind}s`] ?? {});
    return this.engine.run(
      entry,
      {
        ...call,
        hypers: { ...call.hypers, ...given.hypers },
        noise: given.noise ?? {},
        parameters: given.parameters ?? {},
        states: given.states ?? {},
      },
      () => true,
    );
  }

  private checkReplaced(kind: "parameter" | "state", values: { readonly [name: string]: Float32Array }): void {
    const signatures = this.artifact[`${kind}s`];
    for (const [name, data] of Object.entries(values)) {
      const signature = signatures.find((each) => each.name === name);
      if (signature === undefined) {
        throw unknownName(
          kind,
          name,
          signatures.map((each) => each.name),
          this.artifact.model,
        );
      }
      checkTensor(signature, data, `${kind}s`);
    }
  }

  /** Copies of the parameters by name, row-major. */
  async parameters(): Promise<{ [name: string]: Float32Array }> {
    return Object.fromEntries(await this.engine.parameters());
  }

  /** Copies of the states (running means and the like) by name. */
  async states(): Promise<{ [name: string]: HostTensor }> {
    return Object.fromEntries(await this.engine.states());
  }

  /** Replaces some parameters by name. Throws a UserError when a name is unknown or a length or value is wrong. */
  setParameters(values: { readonly [name: string]: Float32Array }): void {
    this.checkReplaced("parameter", values);
    this.engine.setParameters(new Map(Object.entries(values).map(([name, data]) => [name, Float32Array.from(data)])));
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
  async save(training?: TrainingPosition): Promise<Uint8Array> {
    const [parameters, states, optimizer] = await Promise.all([
      this.engine.parameters(),
      this.engine.states(),
      this.engine.optimizer(),
    ]);
    return encodeCheckpoint(this.artifact, {
      seed: this.seedValue,
      step: this.steps,
      parameters,
      states,
      hypers: Object.fromEntries(this.hyperValues),
      optimizer,
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
    if (checkpoint.optimizer !== undefined) this.engine.setOptimizer(checkpoint.optimizer);
    this.setParameters(Object.fromEntries(checkpoint.parameters));
    for (const [name, value] of checkpoint.states) this.engine.setState(name, value);
    this.seedValue = seed;
    this.steps = checkpoint.step;
    this.hyperValues.clear();
    for (const [name, value] of hypers) this.hyperValues.set(name, value);
    return checkpoint;
  }

  /** Frees the device's memory; the model cannot be used afterwards. */
  dispose(): void {
    this.disposed = true;
    this.engine.dispose();
  }

  private check(entry: EntryPoint, batch: Batch): CheckedBatch {
    if (this.disposed)
      throw new UserError(`this ${this.artifact.model} was disposed of`, { help: "instantiate the model again" });
    const checked = checkBatch(this.artifact.data, entry.inputs, batch, this.artifact.model);
    checkMemory(this.artifact, entry, checked.size, this.device);
    return checked;
  }

  private entry(name: EntryPoint["name"]): EntryPoint {
    const entry = this.artifact.entries.find((candidate) => candidate.name === name);
    if (entry === undefined) throw new Error(`the artifact of ${this.artifact.model} has no entry point ${name}`);
    return entry;
  }

  private call(checked: CheckedBatch, purpose: Purpose, draw: number, step = this.steps): EngineCall {
    return {
      batch: checked.size,
      inputs: checked.tensors,
      hypers: this.hypers(step),
      seed: this.seedValue,
      purpose,
      draw,
    };
  }

  private readonly isLeaf = (output: string): boolean => this.metricNames.has(output);

  /** Values at a step: what was set, else the schedule, else the constant. */
  private hypers(step: number): { [name: string]: number } {
    return Object.fromEntries(
      this.artifact.hypers.map(({ name, value, anneal }) => {
        const scheduled =
          anneal === undefined ? value : anneal.from + (anneal.to - anneal.from) * Math.min(1, step / anneal.steps);
        return [name, this.hyperValues.get(name) ?? scheduled];
      }),
    );
  }

  private readMetrics(leaves: { readonly [name: string]: HostTensor }, size: number): Metrics {
    const means = new MetricMeans();
    means.add(leaves, size);
    return resolveMetrics(this.artifact.metrics, means.means());
  }
}
