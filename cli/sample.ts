/** `sstc sample`: soft and hard samples of a model's latents for a few examples, as JSON and as a picture. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Artifact, ExperimentSpec, LatentSummary, Target } from "../compiler/artifact.ts";
import type { Source } from "../compiler/diagnostic.ts";
import { checkpointModel } from "../runtime/checkpoint.ts";
import { createDataset, type Dataset, sliceBatch } from "../runtime/dataset.ts";
import { type HostTensor, sizeOf } from "../runtime/host-tensor.ts";
import { instantiate } from "../runtime/instantiate.ts";
import type { Model } from "../runtime/model.ts";
import { drawableLatent, drawLatents, drawSamples } from "../runtime/sample-picture.ts";
import { UserError } from "../runtime/user-error.ts";
import {
  type Arguments,
  dataCall,
  modelArguments,
  specOf,
  type Variant,
  variantHypers,
  variantsOf,
} from "../runtime/variants.ts";
import {
  compileModel,
  deviceCalled,
  type ExperimentOptions,
  experimentIfAny,
  experimentOf,
  loadData,
  targetOf,
} from "./experiments.ts";
import { openSource } from "./files.ts";
import { readInput } from "./input.ts";
import { compileSource } from "./model.ts";
import { UsageError } from "./usage-error.ts";
import { readCount, readSeed } from "./values.ts";

export interface SampleOptions extends ExperimentOptions {
  readonly checkpoint?: string;
  readonly draw: string;
  readonly examples: string;
  readonly input?: string;
  readonly svg?: string;
  readonly device: string;
  readonly seed?: string;
}

/** Samples of every latent for one draw, `[examples, …shape]`. */
type Draw = Awaited<ReturnType<typeof drawLatents>>;

/** A checkpoint, and the model that it says it is of. */
interface Stored {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly model: string;
  readonly arguments: Arguments;
}

/** What is sampled, and the experiment and variant that it is part of, if any. */
interface Plan {
  readonly artifact: Artifact;
  readonly experiment?: { readonly spec: ExperimentSpec; readonly variant: Variant };
}

export async function sampleCommand(file: string, options: SampleOptions): Promise<number> {
  const draws = readCount(options.draw, "--draw");
  const wanted = readCount(options.examples, "--examples");
  const seed = options.seed === undefined ? undefined : readSeed(options.seed);
  if (file === "-" && options.input === "-") {
    throw new UsageError("the model and --input cannot both be standard input");
  }
  const source = openSource(file);
  const stored = options.checkpoint === undefined ? undefined : readCheckpoint(options.checkpoint);
  const device = await deviceCalled(options.device);
  const plan = planFor(source, options, stored, targetOf(device));
  const { artifact } = plan;
  const latent = drawableLatent(artifact);
  if (latent === undefined) throw new UserError(`${artifact.model} has no latent to sample`);
  const examples = await examplesOf(source, plan, options, wanted);
  const model = await instantiate(artifact, { device, ...(seed === undefined ? {} : { seed }) });
  try {
    prepare(model, plan, stored);
    const drawn: Draw[] = [];
    for (let number = 0; number < draws; number++) drawn.push(await drawLatents(model, examples, number, seed));
    process.stdout.write(`${JSON.stringify(asJson(artifact, examples.size, drawn))}\n`);
    if (options.svg === undefined) return 0;
    writePicture(options.svg, svg(artifact, latent, examples, drawn));
    process.stderr.write(`picture  ${options.svg}\n`);
    return 0;
  } finally {
    model.dispose();
  }
}

function readCheckpoint(file: string): Stored {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (problem) {
    const missing = (problem as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is no such file; sstc run writes best.safetensors" : (problem as Error).message;
    throw new UsageError(`cannot read the checkpoint ${file}: ${why}`);
  }
  return { file, bytes, ...checkpointModel(bytes, file) };
}

/**
 * The checkpoint's own arguments decide; without one, the first variant of the experiment; without that, where the
 * examples are given, the model's own.
 */
function planFor(source: Source, options: SampleOptions, stored: Stored | undefined, target: Target): Plan {
  const spec = options.input === undefined ? experimentOf(source, options) : experimentIfAny(source, options);
  if (spec === undefined) {
    if (stored === undefined) return { artifact: compileSource(source, { set: options.set ?? [] }, target).artifact };
    return { artifact: compileModel(source, stored.model, stored.arguments, target) };
  }
  const models = [...new Set((spec.named ?? [{ spec }]).map((each) => each.spec.model))];
  if (stored !== undefined && !models.includes(stored.model)) {
    throw new UserError(`${stored.file} holds the model \`${stored.model}\`, not \`${models.join("` or `")}\``, {
      why: `the experiment ${spec.name} is for ${models.join(" and ")}`,
      help: "name the checkpoint of this model, or with --experiment one of the other",
    });
  }
  if (stored === undefined) {
    const variant = variantsOf(spec)[0]!;
    const artifact = compileModel(source, specOf(spec, variant).model, modelArguments(spec, variant), target);
    return { artifact, experiment: { spec, variant } };
  }
  const values = Object.fromEntries(
    spec.vary.flatMap(({ name }) => {
      const value = Object.hasOwn(stored.arguments, name) ? stored.arguments[name] : undefined;
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const artifact = compileModel(source, stored.model, stored.arguments, target);
  const label = spec.named?.find((each) => each.spec.model === stored.model)?.label;
  const variant = { name: "checkpoint", values, ...(label === undefined ? {} : { label }) };
  return { artifact, experiment: { spec, variant } };
}

/** The model as it was trained; otherwise with the experiment's hypers. */
function prepare(model: Model, { experiment }: Plan, stored: Stored | undefined): void {
  if (stored !== undefined) {
    model.load(stored.bytes, stored.file);
    return;
  }
  process.stderr.write("sstc: no --checkpoint: these are samples of an untrained model\n");
  if (experiment === undefined) return;
  const hypers = variantHypers(experiment.spec, experiment.variant);
  for (const [name, value] of Object.entries(hypers)) model.setHyper(name, value);
}

async function examplesOf(
  source: Source,
  { artifact, experiment }: Plan,
  options: SampleOptions,
  wanted: number,
): Promise<Dataset> {
  const columns =
    options.input !== undefined
      ? readInput(options.input, artifact)
      : (await loadData(source, dataCall(experiment!.spec, experiment!.variant))).test.columns;
  // A picture can do without the truth, sampling cannot do without what the utilities depend on.
  const needed = artifact.entries.filter(({ name }) => name.startsWith("sample")).flatMap(({ inputs }) => inputs);
  const names = artifact.data
    .map(({ name }) => name)
    .filter((name) => needed.includes(name) || Object.hasOwn(columns, name));
  const all = createDataset(artifact, { columns }, options.input === undefined ? "test data" : "the input", names);
  const size = Math.min(wanted, all.size);
  return { size, columns: sliceBatch(artifact, all, 0, size) as Dataset["columns"] };
}

/** `{ "examples": [{ "z": { "hard": [[…], …], "soft": [[…], …] } }] }`: for each latent, one row for each draw. */
function asJson(artifact: Artifact, size: number, drawn: readonly Draw[]) {
  const rows = (pick: (draw: Draw) => HostTensor, width: number, example: number) =>
    drawn.map((each) => [...pick(each).data.subarray(example * width, (example + 1) * width)]);
  return {
    model: artifact.model,
    latents: artifact.latents,
    examples: Array.from({ length: size }, (_, example) =>
      Object.fromEntries(
        artifact.latents.map(({ name, shape }) => {
          const width = sizeOf(shape);
          const part = (kind: "hard" | "soft") => rows((each) => each[kind][name]!, width, example);
          return [name, { hard: part("hard"), soft: part("soft") }];
        }),
      ),
    ),
  };
}

/** A row for each draw of each example. */
function svg(artifact: Artifact, latent: LatentSummary, examples: Dataset, drawn: readonly Draw[]): string {
  const together = (kind: "hard" | "soft"): HostTensor => {
    const parts = drawn.map((each) => each[kind][latent.name]!.data);
    const size = sizeOf(latent.shape) * examples.size;
    const data = new Float32Array(drawn.length * size);
    for (const [number, part] of parts.entries()) data.set(part, number * size);
    return { shape: [drawn.length * examples.size, ...latent.shape], data };
  };
  const rows = Array.from({ length: examples.size }, (_, example) =>
    drawn.map((_, number) => ({
      label: drawn.length === 1 ? `${example + 1}` : `${example + 1}.${number + 1}`,
      example,
      sample: number * examples.size + example,
    })),
  ).flat();
  const title = `${artifact.model}: ${latent.name} ~ ${latent.structure}`;
  const samples = [{ title: "", soft: together("soft"), hard: together("hard") }];
  return drawSamples(title, artifact, latent, examples, samples, rows);
}

function writePicture(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (problem) {
    throw new UsageError(`cannot write ${path}: ${(problem as Error).message}`, 1);
  }
}
