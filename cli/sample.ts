/** `sstc sample`: soft and hard samples of a model's latents for a few examples, as JSON and as a picture. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Artifact, ExperimentSpec } from "../compiler/artifact.ts";
import type { Source } from "../compiler/diagnostic.ts";
import { checkpointArguments } from "../runtime/checkpoint.ts";
import { createDataset, type Dataset, sliceBatch } from "../runtime/dataset.ts";
import { type Arguments, dataCall, modelArguments, type Variant, variantsOf } from "../runtime/experiment.ts";
import { type HostTensor, sizeOf } from "../runtime/host-tensor.ts";
import { instantiate, type Model } from "../runtime/instantiate.ts";
import { UserError } from "../runtime/user-error.ts";
import { compileModel, deviceOptions, type ExperimentOptions, experimentOf, loadData } from "./experiments.ts";
import { openSource } from "./files.ts";
import { readInput } from "./input.ts";
import { drawable, drawSamples } from "./picture.ts";
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

/** Samples of one latent for one draw, `[examples, …shape]`. */
interface Draw {
  readonly soft: { readonly [latent: string]: HostTensor };
  readonly hard: { readonly [latent: string]: HostTensor };
}

export async function sampleCommand(file: string, options: SampleOptions): Promise<number> {
  const draws = readCount(options.draw, "--draw");
  const wanted = readCount(options.examples, "--examples");
  const source = openSource(file);
  const bytes = options.checkpoint === undefined ? undefined : readCheckpoint(options.checkpoint);
  const plan = planFor(
    source,
    options,
    bytes === undefined ? undefined : checkpointArguments(bytes, options.checkpoint),
  );
  const artifact = compileModel(source, plan.spec?.model, plan.arguments);
  const latent = drawable(artifact);
  if (latent === undefined) throw new UserError(`${artifact.model} has no latent to sample`);
  const examples = await examplesOf(source, artifact, plan, options, wanted);
  const model = await instantiate(artifact, {
    ...deviceOptions(options.device),
    ...(options.seed === undefined ? {} : { seed: readSeed(options.seed) }),
  });
  try {
    if (bytes === undefined) process.stderr.write("sstc: no --checkpoint: these are samples of an untrained model\n");
    else model.load(bytes, options.checkpoint);
    const drawn = await draw(model, examples, draws, options);
    process.stdout.write(`${JSON.stringify(asJson(artifact, examples.size, drawn))}\n`);
    if (options.svg === undefined) return 0;
    writePicture(options.svg, svg(artifact, examples, drawn));
    process.stderr.write(`picture  ${options.svg}\n`);
    return 0;
  } finally {
    model.dispose();
  }
}

function readCheckpoint(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (problem) {
    const missing = (problem as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "there is no such file; sstc run writes best.safetensors" : (problem as Error).message;
    throw new UsageError(`cannot read the checkpoint ${path}: ${why}`);
  }
}

/** The model's arguments and, where the examples come from an experiment, its spec and variant. */
interface Plan {
  readonly arguments: Arguments;
  readonly spec?: ExperimentSpec;
  readonly variant?: Variant;
}

/** A checkpoint's own arguments decide; without one, the first variant of the experiment. */
function planFor(source: Source, options: SampleOptions, stored: Arguments | undefined): Plan {
  if (options.input !== undefined) return { arguments: stored ?? {} };
  const spec = experimentOf(source, options);
  const variants = variantsOf(spec);
  if (stored === undefined) {
    const variant = variants[0]!;
    return { arguments: modelArguments(spec, variant), spec, variant };
  }
  const values = Object.fromEntries(
    spec.vary.flatMap(({ name }) => (Object.hasOwn(stored, name) ? [[name, stored[name]!]] : [])),
  );
  return { arguments: stored, spec, variant: { name: "checkpoint", values } };
}

async function examplesOf(
  source: Source,
  artifact: Artifact,
  { spec, variant }: Plan,
  options: SampleOptions,
  wanted: number,
): Promise<Dataset> {
  const columns =
    options.input !== undefined
      ? readInput(options.input, artifact)
      : (await loadData(source, dataCall(spec!, variant!))).test.columns;
  // A picture can do without the truth, sampling cannot do without what the utilities depend on.
  const needed = artifact.entries.filter(({ name }) => name.startsWith("sample")).flatMap(({ inputs }) => inputs);
  const names = artifact.data
    .map(({ name }) => name)
    .filter((name) => needed.includes(name) || Object.hasOwn(columns, name));
  const all = createDataset(artifact, { columns }, options.input ?? "test data", names);
  const size = Math.min(wanted, all.size);
  return { size, columns: sliceBatch(artifact, all, 0, size) as Dataset["columns"] };
}

async function draw(model: Model, examples: Dataset, draws: number, options: SampleOptions): Promise<Draw[]> {
  const seed = options.seed === undefined ? model.seed : readSeed(options.seed);
  const drawn: Draw[] = [];
  for (let number = 0; number < draws; number++) {
    const soft = await model.sample(examples.columns, { soft: true, seed, draw: number });
    drawn.push({ soft, hard: await model.sample(examples.columns, { seed, draw: number }) });
  }
  return drawn;
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
function svg(artifact: Artifact, examples: Dataset, drawn: readonly Draw[]): string {
  const latent = drawable(artifact)!;
  const together = (kind: "hard" | "soft"): HostTensor => {
    const parts = drawn.map((each) => each[kind][latent.name]!.data as Float32Array);
    return { shape: latent.shape, data: Float32Array.from(parts.flatMap((part) => [...part])) };
  };
  const rows = Array.from({ length: examples.size }, (_, example) =>
    drawn.map((_, number) => ({
      label: drawn.length === 1 ? `${example + 1}` : `${example + 1}.${number + 1}`,
      example,
      sample: number * examples.size + example,
    })),
  ).flat();
  const title = `${artifact.model}: ${latent.name} ~ ${latent.structure}`;
  return drawSamples(title, artifact, examples, [{ title: "", soft: together("soft"), hard: together("hard") }], rows);
}

function writePicture(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (problem) {
    throw new UsageError(`cannot write ${path}: ${(problem as Error).message}`, 1);
  }
}
