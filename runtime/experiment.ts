/**
 * Carries out an experiment: every combination of what it varies is compiled, trained, and tested with its best model.
 * Each has a directory with checkpoints and `result.json`, so that an interrupted experiment can go on.
 */
import type { Artifact, ExperimentSpec } from "../compiler/artifact.ts";
import { decodeCheckpoint } from "./checkpoint.ts";
import type { Baseline, ExperimentData } from "./data-module.ts";
import { createDataset, type Dataset, stepsIn } from "./dataset.ts";
import { type InstantiateOptions, instantiate } from "./instantiate.ts";
import { flattenMetrics, metricPaths } from "./metrics.ts";
import type { Model } from "./model.ts";
import { adamOptions } from "./optimizers/adam.ts";
import { Progress, type ProgressStream } from "./progress.ts";
import { type BaselineResult, resultTable } from "./result-table.ts";
import type { Table } from "./table.ts";
import { evaluateDataset, train } from "./train.ts";
import { UserError } from "./user-error.ts";
import { unknownName } from "./validate.ts";
import {
  type Files,
  VariantFiles,
  type VariantResult,
  type VariantSettings,
  variantSettings,
} from "./variant-files.ts";
import {
  type Arguments,
  type DataCall,
  dataCall,
  modelArguments,
  specOf,
  type Variant,
  variantsOf,
  variantTitle,
} from "./variants.ts";

export interface ExperimentOptions {
  readonly compile: (modelArguments: Arguments, variant: Variant) => Artifact | Promise<Artifact>;
  readonly loadData: (call: DataCall, variant: Variant) => Promise<ExperimentData>;
  readonly files: Files;
  readonly instantiate?: Pick<InstantiateOptions, "device" | "memoryLimit" | "wasmPaths">;
  readonly seed?: number;
  /** Goes on with what `files` hold of the same experiment. */
  readonly resume?: boolean;
  /** Progress goes here; nowhere by default. */
  readonly stream?: ProgressStream;
  readonly signal?: AbortSignal;
}

export interface ExperimentResult {
  /** False when the signal stopped it. */
  readonly finished: boolean;
  readonly results: readonly VariantResult[];
  readonly baselines: readonly BaselineResult[];
  readonly table: Table;
}

/** One variant, compiled and ready to begin. */
interface Plan {
  readonly variant: Variant;
  readonly artifact: Artifact;
  readonly settings: VariantSettings;
  readonly files: VariantFiles;
  /** What an earlier run of the experiment left. */
  readonly done: VariantResult | undefined;
}

/**
 * Runs all variants, one after the other. Throws a UserError for anything in the spec or the data that cannot be
 * carried out; what is wrong with the model of any variant is found before the first is trained.
 */
export async function runExperiment(spec: ExperimentSpec, options: ExperimentOptions): Promise<ExperimentResult> {
  const plans: Plan[] = [];
  for (const variant of variantsOf(spec)) plans.push(await planVariant(spec, variant, options));
  const results: VariantResult[] = [];
  const baselines: BaselineResult[] = [];
  const took: number[] = [];
  let cached: { key: string; data: ExperimentData } | undefined;
  const outcome = (finished: boolean): ExperimentResult => ({
    finished,
    results,
    baselines,
    table: resultTable(spec, results, baselines),
  });
  for (const [i, plan] of plans.entries()) {
    if (options.signal?.aborted === true) return outcome(false);
    const call = dataCall(spec, plan.variant);
    const key = JSON.stringify(call);
    // Variants that differ in the model alone share their data.
    if (cached?.key !== key) {
      // The old data must not stay in memory while the new are made.
      cached = undefined;
      cached = { key, data: await options.loadData(call, plan.variant) };
      for (const baseline of cached.data.baselines ?? []) {
        checkBaseline(baseline, spec, plans);
        baselines.push({ ...baseline, variant: plan.variant });
      }
    }
    const toCome = plans.slice(i + 1).filter(({ done }) => done === undefined).length;
    const progress = (every: number) => progressFor(spec, plan, i, { toCome, took, every }, options.stream);
    const result = plan.done ?? (await runVariant(spec, plan, cached.data, progress, options));
    if (result === undefined) return outcome(false);
    if (plan.done === undefined) took.push(result.seconds);
    results.push(result);
  }
  return outcome(true);
}

async function planVariant(spec: ExperimentSpec, variant: Variant, options: ExperimentOptions): Promise<Plan> {
  const artifact = await options.compile(modelArguments(spec, variant), variant);
  checkMetrics(specOf(spec, variant), artifact);
  const device = options.instantiate?.device ?? "wasm";
  const settings = variantSettings(spec, variant, artifact, {
    seed: options.seed ?? 0,
    device: typeof device === "string" ? device : device.name,
  });
  const files = new VariantFiles(options.files, variant);
  if (options.resume !== true) return { variant, artifact, settings, files, done: undefined };
  await files.check(settings);
  return { variant, artifact, settings, files, done: await files.result() };
}

/** What the report and model selection read must exist: found out before hours of training, not after. */
function checkMetrics(spec: ExperimentSpec, artifact: Artifact): void {
  const paths = metricPaths(artifact.metrics);
  const { keepBest } = spec.train;
  for (const { split, metric } of [...spec.report, ...(keepBest === undefined ? [] : [keepBest])]) {
    if (split !== "valid" && split !== "test") {
      throw new UserError(`the experiment \`${spec.name}\` asks for \`${split}.${metric}\``, {
        help: "metrics are computed on the splits `valid` and `test`",
      });
    }
    if (!paths.includes(metric)) throw unknownName("metric", metric, paths, artifact.model);
  }
}

/** A value under a name that no metric has would be missing from the table without a word. */
function checkBaseline({ name, metrics }: Baseline, spec: ExperimentSpec, plans: readonly Plan[]): void {
  const paths = [...new Set(plans.flatMap(({ artifact }) => metricPaths(artifact.metrics)))];
  const columns = spec.report.map(({ split, metric }) => `${split}.${metric}`);
  const known = [
    ...new Set([...["valid", "test"].flatMap((split) => paths.map((path) => `${split}.${path}`)), ...columns]),
  ];
  const models = [...new Set(plans.map(({ artifact }) => artifact.model))].join(", ");
  const wrong = Object.keys(metrics).find((path) => !known.includes(path));
  if (wrong !== undefined) throw unknownName("metric", wrong, known, `the baseline \`${name}\`: ${models}`);
}

/** Tells the metric that decides, then those that are reported, as they are on the validation split. */
function progressFor(
  spec: ExperimentSpec,
  { variant }: Plan,
  index: number,
  { every, ...others }: { readonly toCome: number; readonly took: readonly number[]; readonly every: number },
  stream: ProgressStream | undefined,
): Progress | undefined {
  if (stream === undefined) return undefined;
  const own = specOf(spec, variant);
  const { keepBest } = own.train;
  const decides = keepBest === undefined ? [] : [`valid.${keepBest.metric}`];
  const metrics = [...new Set([...decides, ...own.report.map(({ metric }) => `valid.${metric}`)])];
  const title = variantTitle(spec, variant);
  const count = variantsOf(spec).length;
  return new Progress(stream, title === "" ? spec.name : `${index + 1}/${count} ${title}`, {
    metrics,
    validateEvery: every,
    others,
  });
}

/** Trains a variant and tests it; undefined when the signal stopped it. */
async function runVariant(
  experiment: ExperimentSpec,
  { variant, artifact, settings, files }: Plan,
  data: ExperimentData,
  progressEvery: (validateEvery: number) => Progress | undefined,
  options: ExperimentOptions,
): Promise<VariantResult | undefined> {
  const { seed, hypers } = settings;
  const spec = specOf(experiment, variant);
  const { optimizer } = settings.train;
  const training = createDataset(artifact, data.train, "train data");
  const splits = {
    valid: createDataset(artifact, data.valid, "valid data"),
    test: createDataset(artifact, data.test, "test data"),
  };
  const { batch } = spec.train;
  const lengths = {
    steps: stepsIn(spec.train.steps, training.size, batch),
    validateEvery: stepsIn(spec.train.validateEvery, training.size, batch),
  };
  const model = await instantiate(artifact, {
    ...options.instantiate,
    seed,
    optimizer: adamOptions(optimizer.name, optimizer.arguments),
  });
  try {
    for (const [name, value] of Object.entries(hypers)) model.setHyper(name, value);
    const goesOn = options.resume === true && (await files.exists("last.safetensors"));
    const last = goesOn ? await files.read("last.safetensors") : undefined;
    if (last !== undefined) await requireBest(artifact, last, files);
    else setInitial(model, artifact, data.initial);
    await files.begin(settings);
    const started = performance.now();
    const progress = progressEvery(lengths.validateEvery);
    const given = { training, valid: splits.valid, last, ...lengths };
    if (!(await trainModel(spec, model, given, files, progress, options.signal))) {
      return undefined;
    }
    const seconds = (performance.now() - started) / 1000;
    const tested = await testModel(spec, model, splits, files);
    const result = { variant, seed, steps: lengths.steps, ...tested, seconds };
    await files.finish(result);
    return result;
  } finally {
    model.dispose();
  }
}

/** Gives parameters the first values that come with the data. */
function setInitial(model: Model, artifact: Artifact, initial: ExperimentData["initial"] = {}): void {
  for (const [name, { shape, data }] of Object.entries(initial)) {
    const own = artifact.parameters.find((parameter) => parameter.name === name)?.shape;
    if (own !== undefined && own.join() !== shape.join()) {
      throw new UserError(`the data give the parameter \`${name}\` first values of shape [${shape.join(", ")}]`, {
        why: `in ${artifact.model} its shape is [${own.join(", ")}]`,
        help: "make the model's sizes those of the data, or leave the values out",
      });
    }
    model.setParameters({ [name]: data });
  }
}

/** A run that saw a best model goes on only beside its file: later models are better than it, or are not kept. */
async function requireBest(artifact: Artifact, last: Uint8Array, files: VariantFiles): Promise<void> {
  const { training } = decodeCheckpoint(artifact, last, files.path("last.safetensors"), true);
  if (training?.best === undefined || (await files.exists("best.safetensors"))) return;
  throw files.damaged("best.safetensors", `it is missing; it was the model of step ${training.best.step}`);
}

/** Whether the training came to its end. */
async function trainModel(
  spec: ExperimentSpec,
  model: Model,
  data: {
    readonly training: Dataset;
    readonly valid: Dataset;
    readonly last: Uint8Array | undefined;
    readonly steps: number;
    readonly validateEvery: number;
  },
  files: VariantFiles,
  progress: Progress | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { batch, keepBest } = spec.train;
  const resume = { bytes: data.last, file: files.path("last.safetensors") };
  try {
    const { finished } = await train(model, {
      batch,
      steps: data.steps,
      validateEvery: data.validateEvery,
      train: data.training,
      splits: { valid: data.valid },
      ...(keepBest === undefined ? {} : { keepBest }),
      ...(resume.bytes === undefined ? {} : { resume: { bytes: resume.bytes, file: resume.file } }),
      ...(signal === undefined ? {} : { signal }),
      onStep: (step) => progress?.step(step),
      onValidation: (validation) => progress?.validation(validation),
      onCheckpoint: (name, bytes) => files.write(`${name}.safetensors`, bytes),
    });
    return finished;
  } finally {
    progress?.clear();
  }
}

/** Metrics of the kept model on `valid` and `test`. */
async function testModel(
  spec: ExperimentSpec,
  model: Model,
  splits: { readonly valid: Dataset; readonly test: Dataset },
  files: VariantFiles,
): Promise<Pick<VariantResult, "step" | "metrics" | "checkpoint">> {
  const kept = spec.train.keepBest === undefined ? "last.safetensors" : "best.safetensors";
  const checkpoint = files.path(kept);
  const { step } = model.load(await files.read(kept), checkpoint);
  const metrics: { [path: string]: number } = {};
  for (const [name, split] of Object.entries(splits)) {
    Object.assign(metrics, flattenMetrics(await evaluateDataset(model, split, spec.train.batch), `${name}.`));
  }
  return { step, metrics, checkpoint };
}
