/**
 * Carries out an experiment: every combination of what it varies is compiled, trained, and tested with its best model.
 * Each has a directory with checkpoints and `result.json`, so that an interrupted experiment can go on.
 */
import type { Artifact, ExperimentSpec, StaticArgument } from "../compiler/artifact.ts";
import { createDataset, type Dataset, type Split } from "./dataset.ts";
import { type InstantiateOptions, instantiate, type Model } from "./instantiate.ts";
import { flattenMetrics, metricPaths } from "./metrics.ts";
import { adamOptions } from "./optimizers/adam.ts";
import { Progress, type ProgressStream } from "./progress.ts";
import type { Cell, Table } from "./table.ts";
import { evaluateDataset, train } from "./train.ts";
import { listNames, UserError } from "./user-error.ts";
import { unknownName } from "./validate.ts";

export type PlainArgument = number | boolean | string;
export type Arguments = { readonly [name: string]: PlainArgument };

/**
 * Files under one directory; the command line's are on disk. `write` makes directories, and replaces a file at once or
 * not at all.
 */
export interface Files {
  read(path: string): Promise<Uint8Array>;
  write(path: string, bytes: Uint8Array): Promise<void>;
  exists(path: string): Promise<boolean>;
}

/** What a data module's function returns. */
export interface ExperimentData {
  readonly train: Split;
  readonly valid: Split;
  readonly test: Split;
  /** Results of methods without a model, shown beside the variants: `{ "test.edges.precision": 0.88 }`. */
  readonly baselines?: readonly { readonly name: string; readonly metrics: { readonly [path: string]: number } }[];
}

/** One combination of what is varied. */
export interface Variant {
  /** `Edges=SpanningTree,T=10`, or `default` when nothing is varied; safe as a directory's name. */
  readonly name: string;
  readonly values: Arguments;
}

/** A call of the data module's function, variations filled in. */
export interface DataCall {
  readonly path: string;
  readonly function: string;
  readonly positional: readonly PlainArgument[];
  readonly named: Arguments;
}

export interface ExperimentOptions {
  readonly compile: (modelArguments: Arguments, variant: Variant) => Artifact | Promise<Artifact>;
  readonly loadData: (call: DataCall, variant: Variant) => Promise<ExperimentData>;
  readonly files: Files;
  readonly instantiate?: Pick<InstantiateOptions, "device" | "memoryLimit" | "wasmPaths">;
  readonly seed?: number;
  readonly resume?: boolean;
  /** Progress goes here; nowhere by default. */
  readonly stream?: ProgressStream;
  readonly signal?: AbortSignal;
}

export interface VariantResult {
  readonly variant: Variant;
  readonly seed: number;
  readonly steps: number;
  /** The training step of the model that was tested. */
  readonly step: number;
  /** Every metric of every split: `test.edges.precision`. */
  readonly metrics: { readonly [path: string]: number };
  /** Wall-clock time of this variant's training, in seconds; of the last part when it was resumed. */
  readonly seconds: number;
  readonly checkpoint: string;
}

export interface ExperimentResult {
  /** False when the signal stopped it. */
  readonly finished: boolean;
  readonly results: readonly VariantResult[];
  readonly baselines: readonly {
    readonly name: string;
    readonly variant: Variant;
    readonly metrics: { readonly [path: string]: number };
  }[];
  readonly table: Table;
}

/** The combinations of `vary`, the last name varying fastest. */
export function variantsOf(spec: ExperimentSpec): Variant[] {
  let variants: Arguments[] = [{}];
  for (const { name, values } of spec.vary) {
    variants = variants.flatMap((variant) => values.map((value) => ({ ...variant, [name]: fill(value, variant) })));
  }
  return variants.map((values) => ({ name: variantName(values), values }));
}

function variantName(values: Arguments): string {
  const parts = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? "default" : parts.join(",").replace(/[^A-Za-z0-9_=,.()-]/g, "_");
}

function fill(argument: StaticArgument, values: Arguments): PlainArgument {
  if (typeof argument !== "object") return argument;
  const value = Object.hasOwn(values, argument.vary) ? values[argument.vary] : undefined;
  if (value === undefined)
    throw new UserError(`the experiment refers to \`${argument.vary}\`, which it does not vary`, {
      help: `it varies ${listNames(Object.keys(values))}`,
    });
  return value;
}

function fillAll(named: { readonly [name: string]: StaticArgument }, values: Arguments): Arguments {
  return Object.fromEntries(Object.entries(named).map(([name, argument]) => [name, fill(argument, values)]));
}

/** The call of the data function for a variant. */
export function dataCall(spec: ExperimentSpec, variant: Variant): DataCall {
  const { path, positional, named } = spec.data;
  return {
    path,
    function: spec.data.function,
    positional: positional.map((argument) => fill(argument, variant.values)),
    named: fillAll(named, variant.values),
  };
}

/** Arguments of the model for a variant. */
export function modelArguments(spec: ExperimentSpec, variant: Variant): Arguments {
  return fillAll({ ...spec.modelArguments, ...variant.values }, variant.values);
}

/**
 * Calls `module[call.function](positional…, { named })`. Throws a UserError when the module lacks it or returns
 * something else.
 */
export async function callDataModule(
  module: { readonly [name: string]: unknown },
  call: DataCall,
): Promise<ExperimentData> {
  const load = Object.hasOwn(module, call.function) ? module[call.function] : undefined;
  if (typeof load !== "function") {
    throw new UserError(`the data module ${call.path} exports no function called \`${call.function}\``, {
      help: `it exports ${listNames(Object.keys(module))}`,
    });
  }
  const data = await callOf(load as (...given: unknown[]) => unknown, call);
  for (const split of ["train", "valid", "test"] as const) {
    const value = typeof data === "object" && data !== null ? (data as Partial<ExperimentData>)[split] : undefined;
    if (typeof value?.columns !== "object" || value.columns === null) {
      throw new UserError(`\`${call.function}\` of the data module ${call.path} returned no split \`${split}\``, {
        help: "it must return { train, valid, test }, each { columns: { name: { shape, data } } }",
      });
    }
  }
  return data as ExperimentData;
}

/** What the function returns; what it throws is a mistake in the user's own program, and told as one. */
async function callOf(load: (...given: unknown[]) => unknown, call: DataCall): Promise<unknown> {
  try {
    return await load(...call.positional, call.named);
  } catch (problem) {
    if (problem instanceof UserError) throw problem;
    const what = `\`${call.function}\` of the data module ${call.path} failed`;
    if (!(problem instanceof Error)) throw new UserError(what, { why: `it threw ${String(problem)}` });
    const place = problem.stack?.split("\n").find((line) => /^\s+at /.test(line));
    throw new UserError(what, {
      why: `${problem.name}: ${problem.message}${place === undefined ? "" : `, thrown ${place.trim()}`}`,
    });
  }
}

/**
 * Runs all variants, one after the other. Throws a UserError for anything in the spec or the data that cannot be
 * carried out.
 */
export async function runExperiment(spec: ExperimentSpec, options: ExperimentOptions): Promise<ExperimentResult> {
  const results: VariantResult[] = [];
  const baselines: { name: string; variant: Variant; metrics: { readonly [path: string]: number } }[] = [];
  let cached: { key: string; data: Promise<ExperimentData> } | undefined;
  let finished = true;
  for (const variant of variantsOf(spec)) {
    if (options.signal?.aborted === true) {
      finished = false;
      break;
    }
    const call = dataCall(spec, variant);
    const key = JSON.stringify(call);
    // Variants that differ in the model alone share their data.
    const isNew = cached?.key !== key;
    if (isNew) cached = { key, data: options.loadData(call, variant) };
    const data = await cached!.data;
    if (isNew) for (const baseline of data.baselines ?? []) baselines.push({ ...baseline, variant });
    const result = await runVariant(spec, variant, data, options);
    if (result === undefined) {
      finished = false;
      break;
    }
    results.push(result);
  }
  return { finished, results, baselines, table: resultTable(spec, results, baselines) };
}

async function runVariant(
  spec: ExperimentSpec,
  variant: Variant,
  data: ExperimentData,
  options: ExperimentOptions,
): Promise<VariantResult | undefined> {
  const { files } = options;
  const seed = options.seed ?? 0;
  const resultPath = `${variant.name}/result.json`;
  const lastPath = `${variant.name}/last.safetensors`;
  const given = modelArguments(spec, variant);
  const fresh = JSON.stringify({
    spec: spec.train,
    hypers: spec.hypers,
    modelArguments: given,
    data: dataCall(spec, variant),
    seed,
  });
  if (options.resume === true && (await files.exists(resultPath))) {
    return storedResult(await files.read(resultPath), resultPath, fresh);
  }
  const artifact = await options.compile(given, variant);
  checkMetrics(spec, artifact);
  const train = createDataset(artifact, data.train, "train data");
  const splits = {
    valid: createDataset(artifact, data.valid, "valid data"),
    test: createDataset(artifact, data.test, "test data"),
  };
  const model = await instantiate(artifact, {
    ...options.instantiate,
    seed,
    optimizer: adamOptions(spec.train.optimizer.name, spec.train.optimizer.arguments),
  });
  try {
    for (const [name, value] of Object.entries(spec.hypers)) model.setHyper(name, value);
    const started = performance.now();
    const resumeBytes =
      options.resume === true && (await files.exists(lastPath)) ? await files.read(lastPath) : undefined;
    const done = await trainVariant(spec, variant, model, { train, valid: splits.valid }, resumeBytes, options);
    if (!done) return undefined;
    const seconds = (performance.now() - started) / 1000;
    const result = await testVariant(spec, variant, model, splits, seconds, options);
    await files.write(
      resultPath,
      new TextEncoder().encode(`${JSON.stringify({ ...result, settings: fresh }, null, 2)}\n`),
    );
    return result;
  } finally {
    model.dispose();
  }
}

/** The result of a variant that was finished before; throws a UserError where it is not one of these settings. */
function storedResult(bytes: Uint8Array, path: string, settings: string): VariantResult {
  let stored: VariantResult & { readonly settings: string };
  try {
    stored = JSON.parse(new TextDecoder().decode(bytes)) as typeof stored;
  } catch {
    throw new UserError(`${path} is not a result that a run has written: it is no JSON`, {
      help: "remove it to train this variant again",
    });
  }
  if (stored.settings === settings) return stored;
  throw new UserError(`${path} belongs to a run with other settings`, {
    help: "choose another directory, or run without --resume",
  });
}

async function trainVariant(
  spec: ExperimentSpec,
  variant: Variant,
  model: Model,
  data: { readonly train: Dataset; readonly valid: Dataset },
  resumeBytes: Uint8Array | undefined,
  options: ExperimentOptions,
): Promise<boolean> {
  const progress =
    options.stream === undefined
      ? undefined
      : new Progress(options.stream, variant.name === "default" ? spec.name : variant.name);
  const { batch, steps, validateEvery, keepBest } = spec.train;
  try {
    const { finished } = await train(model, {
      batch,
      steps,
      validateEvery,
      train: data.train,
      splits: { valid: data.valid },
      ...(keepBest === undefined ? {} : { keepBest }),
      ...(resumeBytes === undefined
        ? {}
        : { resume: { bytes: resumeBytes, file: `${variant.name}/last.safetensors` } }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onStep: (step) => progress?.step(step),
      onValidation: (validation) => progress?.validation(validation),
      onCheckpoint: (name, bytes) => options.files.write(`${variant.name}/${name}.safetensors`, bytes),
    });
    return finished;
  } finally {
    progress?.clear();
  }
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

/** Metrics of the kept model on `valid` and `test`. */
async function testVariant(
  spec: ExperimentSpec,
  variant: Variant,
  model: Model,
  splits: { readonly valid: Dataset; readonly test: Dataset },
  seconds: number,
  options: ExperimentOptions,
): Promise<VariantResult> {
  const kept = spec.train.keepBest === undefined ? "last" : "best";
  const checkpoint = `${variant.name}/${kept}.safetensors`;
  const { step } = model.load(await options.files.read(checkpoint), checkpoint);
  const metrics: { [path: string]: number } = {};
  for (const [name, split] of Object.entries(splits)) {
    Object.assign(metrics, flattenMetrics(await evaluateDataset(model, split, spec.train.batch), `${name}.`));
  }
  return { variant, seed: options.seed ?? 0, steps: model.stepCount, step, metrics, seconds, checkpoint };
}

/** One row for each variant and baseline: the varied names, then the reported metrics. */
export function resultTable(
  spec: ExperimentSpec,
  results: ExperimentResult["results"],
  baselines: ExperimentResult["baselines"],
): Table {
  const varied = spec.vary.map(({ name }) => name);
  const reported = spec.report.map(({ split, metric }) => `${split}.${metric}`);
  const first = varied.length === 0 ? ["model"] : varied;
  const values = (metrics: { readonly [path: string]: number }): Cell[] => reported.map((path) => metrics[path]);
  // Data without a variation of their own were used by every variant; a baseline then has no value for the varied
  // names.
  const usedByData = new Set(
    [...spec.data.positional, ...Object.values(spec.data.named)].flatMap((a) =>
      typeof a === "object" ? [a.vary] : [],
    ),
  );
  const baselineRow = (name: string, variant: Variant): Cell[] => {
    const cells: Cell[] = first.map((column) => (usedByData.has(column) ? String(variant.values[column]) : undefined));
    const free = Math.max(
      0,
      first.findIndex((column) => !usedByData.has(column)),
    );
    cells[free] = cells[free] === undefined ? name : `${name}, ${cells[free]}`;
    return cells;
  };
  return {
    columns: [...first, ...reported],
    rows: [
      ...results.map(({ variant, metrics }) => [
        ...(varied.length === 0 ? [spec.model] : varied.map((name) => String(variant.values[name]))),
        ...values(metrics),
      ]),
      ...baselines.map(({ name, variant, metrics }) => [...baselineRow(name, variant), ...values(metrics)]),
    ],
  };
}
