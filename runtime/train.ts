/**
 * The training loop: mini-batches, validation, keeping the best model, checkpoints. Batch order and noise depend on
 * (seed, step) alone, so a run continued from a checkpoint is the uninterrupted run, bit for bit.
 */
import { decodeCheckpoint, type TrainingPosition } from "./checkpoint.ts";
import { type Dataset, gatherBatch, Shuffler, sliceBatch } from "./dataset.ts";
import { checkComparable, MetricMeans, type Metrics, metricAt, resolveMetrics, smallerIsBetter } from "./metrics.ts";
import type { Model } from "./model.ts";
import { UserError } from "./user-error.ts";

export interface KeepBest {
  /** A split's name among `splits`. */
  readonly split: string;
  /** A metric's path, such as `edges.precision`; the largest is kept, or the smallest where `smallerIsBetter`. */
  readonly metric: string;
}

export interface TrainOptions {
  /** Examples in a batch. */
  readonly batch: number;
  /** Training steps in all, those before a resumption included. */
  readonly steps: number;
  /** Steps between validations; the last step is always followed by one. */
  readonly validateEvery: number;
  readonly train: Dataset;
  /** What validation evaluates, by name; usually just `valid`. */
  readonly splits: { readonly [name: string]: Dataset };
  readonly keepBest?: KeepBest;
  /** Bytes of the checkpoint `last` to go on from. */
  readonly resume?: { readonly bytes: Uint8Array; readonly file: string };
  readonly onStep?: (progress: StepProgress) => void;
  readonly onValidation?: (validation: Validation) => void | Promise<void>;
  /** Called after every validation; `best` only when this model is the best so far. */
  readonly onCheckpoint?: (name: "last" | "best", bytes: Uint8Array) => void | Promise<void>;
  /** Stops before the next step; the training result then says `finished: false`. */
  readonly signal?: AbortSignal;
}

export interface StepProgress {
  /** Steps made, and steps in all. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}
export interface Validation {
  readonly step: number;
  readonly steps: number;
  /** Mean loss over the training steps since the last validation. */
  readonly trainLoss: number;
  readonly metrics: { readonly [split: string]: Metrics };
  readonly best: boolean;
}
export interface TrainResult {
  /** False when the signal stopped the loop. */
  readonly finished: boolean;
  readonly steps: number;
  readonly best?: NonNullable<TrainingPosition["best"]>;
  /**
   * The checkpoint of the best model seen in this call; undefined when none was better than those before a resumption.
   */
  readonly bestBytes?: Uint8Array;
}

/**
 * Yields to timers and signals between steps, which tfjs on WASM never does on its own. Browsers have no setImmediate,
 * and let timers wait for 4 ms where they follow one another, but not messages.
 */
const breathe = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });

/**
 * Trains `model` in place. Throws a UserError for impossible options, data or checkpoints, and when training diverges.
 */
export async function train(model: Model, options: TrainOptions): Promise<TrainResult> {
  checkOptions(options);
  let best: TrainingPosition["best"];
  let bestBytes: Uint8Array | undefined;
  if (options.resume !== undefined) best = resume(model, options, options.resume);
  const shuffler = new Shuffler(model.seed, options.train.size, options.batch);
  let losses = 0;
  let lossSteps = 0;
  const result = (finished: boolean): TrainResult => ({
    finished,
    steps: model.stepCount,
    ...(best === undefined ? {} : { best }),
    ...(bestBytes === undefined ? {} : { bestBytes }),
  });
  const begin = () => model.step(gatherBatch(model.artifact, options.train, shuffler.at(model.stepCount)));
  /** The next step, where the device works on it while the loss of the one before is on its way. */
  let ahead: ReturnType<typeof begin> | undefined;
  while (ahead !== undefined || model.stepCount < options.steps) {
    if (options.signal?.aborted === true && ahead === undefined) {
      // Between validations too, so that an interruption loses nothing.
      if (model.stepCount > 0) await options.onCheckpoint?.("last", await model.save(position(options, best)));
      return result(false);
    }
    const current = ahead ?? begin();
    const number = model.stepCount;
    const pauses = number % options.validateEvery === 0 || number === options.steps || options.signal?.aborted === true;
    ahead = model.device.overlaps === true && !pauses ? begin() : undefined;
    // If this one fails, so does the next.
    ahead?.catch(() => undefined);
    const { loss, step } = await current;
    losses += loss;
    lossSteps++;
    options.onStep?.({ step, steps: options.steps, loss });
    await breathe();
    if (step % options.validateEvery !== 0 && step !== options.steps) continue;
    const metrics = await validate(model, options);
    const value = bestValue(model, options.keepBest, metrics);
    const improved =
      value !== undefined && (best === undefined || isBetter(options.keepBest!.metric, value, best.value));
    if (improved) best = { metric: pathOf(options.keepBest!), value, step };
    const bytes = await model.save(position(options, best));
    if (improved) {
      bestBytes = bytes;
      await options.onCheckpoint?.("best", bytes);
    }
    await options.onCheckpoint?.("last", bytes);
    await options.onValidation?.({
      step,
      steps: options.steps,
      trainLoss: losses / lossSteps,
      metrics,
      best: improved,
    });
    losses = 0;
    lossSteps = 0;
  }
  return result(true);
}

function position({ train, batch }: TrainOptions, best: TrainingPosition["best"]): TrainingPosition {
  return { examples: train.size, batch, ...(best === undefined ? {} : { best }) };
}

function checkOptions(options: TrainOptions): void {
  // Callers without types leave out what they like.
  const datasets: [string, Partial<Dataset> | undefined][] = Object.entries(options.splits ?? { valid: undefined });
  for (const [name, dataset] of [["train", options.train] as const, ...datasets]) {
    if (Number.isInteger(dataset?.size) && typeof dataset?.columns === "object") continue;
    throw new UserError(`\`${name}\` of the training is no data set`, {
      help: "a data set is { size, columns }, with a column { shape, data } for each of the model's data",
    });
  }
  for (const name of ["batch", "steps", "validateEvery"] as const) {
    const value = options[name];
    if (!Number.isInteger(value) || value < 1)
      throw new UserError(`\`${name}\` of the training is ${value}`, {
        help: "it must be a whole number of at least 1",
      });
  }
  const split = options.keepBest?.split;
  if (split !== undefined && !Object.hasOwn(options.splits, split)) {
    throw new UserError(`the best model is to be kept by the split \`${split}\`, which validation does not evaluate`, {
      help: `choose one of ${Object.keys(options.splits)
        .map((name) => `\`${name}\``)
        .join(", ")}`,
    });
  }
}

function pathOf({ split, metric }: KeepBest): string {
  return `${split}.${metric}`;
}

/** All that may be refused, before the model changes. */
function resume(
  model: Model,
  options: TrainOptions,
  { bytes, file }: { bytes: Uint8Array; file: string },
): TrainingPosition["best"] {
  const { training, step } = decodeCheckpoint(model.artifact, bytes, file, true);
  if (training !== undefined && (training.examples !== options.train.size || training.batch !== options.batch)) {
    const run = (examples: number, batch: number) => `${examples} examples in batches of ${batch}`;
    const [written, now] = [run(training.examples, training.batch), run(options.train.size, options.batch)];
    throw new UserError(`${file} was written by a run on ${written}, this one has ${now}`, {
      why: "continuing would not be the same run",
      help: "start a new run, or restore the old settings",
    });
  }
  const [kept, now] = [training?.best?.metric, options.keepBest === undefined ? undefined : pathOf(options.keepBest)];
  if (kept !== undefined && kept !== now) {
    const keeps = now === undefined ? "keeps none" : `keeps the one of the best \`${now}\``;
    throw new UserError(`${file} was written by a run that kept the model of the best \`${kept}\`, this one ${keeps}`, {
      why: "values of different metrics cannot be compared",
      help: "start a new run, or keep the best model by the old metric",
    });
  }
  if (step > options.steps)
    throw new UserError(`${file} is at step ${step}, beyond the ${options.steps} steps of this run`);
  model.load(bytes, file, true);
  return training?.best;
}

async function validate(model: Model, options: TrainOptions): Promise<{ [split: string]: Metrics }> {
  const metrics: { [split: string]: Metrics } = {};
  for (const [name, dataset] of Object.entries(options.splits))
    metrics[name] = await evaluateDataset(model, dataset, options.batch);
  return metrics;
}

function bestValue(
  model: Model,
  keepBest: KeepBest | undefined,
  metrics: { readonly [split: string]: Metrics },
): number | undefined {
  if (keepBest === undefined) return undefined;
  return checkComparable(keepBest.metric, metricAt(metrics[keepBest.split]!, keepBest.metric, model.artifact.model));
}

function isBetter(metric: string, value: number, than: number): boolean {
  return smallerIsBetter(metric) ? value < than : value > than;
}

/**
 * Metrics of a whole data set, every example weighing the same. The noise depends on the seed and the batch's place
 * alone, so two models of one seed are compared on the same draws.
 */
export async function evaluateDataset(model: Model, dataset: Dataset, batch: number): Promise<Metrics> {
  const means = new MetricMeans();
  let draw = 0;
  for (let from = 0; from < dataset.size; from += batch) {
    const to = Math.min(from + batch, dataset.size);
    const { leaves } = await model.evaluate(sliceBatch(model.artifact, dataset, from, to), { draw: draw++ });
    means.add(leaves, to - from);
    await breathe();
  }
  return resolveMetrics(model.artifact.metrics, means.means());
}
