/** Draws what trained models say about a few test examples: the truth beside soft and hard samples. */
import type { Artifact, ExperimentSpec, LatentSummary } from "../compiler/artifact.ts";
import type { Source } from "../compiler/diagnostic.ts";
import { createDataset, type Dataset, sliceBatch } from "../runtime/dataset.ts";
import { dataCall, type ExperimentData, modelArguments, type VariantResult } from "../runtime/experiment.ts";
import type { HostTensor } from "../runtime/host-tensor.ts";
import { sizeOf } from "../runtime/host-tensor.ts";
import { instantiate, type Model } from "../runtime/instantiate.ts";
import { drawPicture, type Panel, type PictureRow } from "../runtime/picture.ts";
import { compileModel, type DiskFiles, deviceOptions, loadData } from "./experiments.ts";

const EXAMPLES = 4;

/** One model's soft and hard samples of a latent, and which reading of them agrees best with the truth. */
export interface Drawn {
  readonly title: string;
  readonly soft: HostTensor;
  readonly hard: HostTensor;
}

/**
 * Writes a picture for each data set that the variants were tested on, all models of it side by side. Returns the
 * files' names; none when the model has no latent.
 */
export async function picturesOf(
  source: Source,
  spec: ExperimentSpec,
  results: readonly VariantResult[],
  files: DiskFiles,
  device: string,
): Promise<string[]> {
  const groups = new Map<string, VariantResult[]>();
  for (const result of results) {
    const key = JSON.stringify(dataCall(spec, result.variant));
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const names: string[] = [];
  for (const group of groups.values()) {
    const data = await loadData(source, dataCall(spec, group[0]!.variant));
    const varied = spec.vary.filter(({ name }) => new Set(group.map((each) => each.variant.values[name])).size > 1);
    const drawn: Drawn[] = [];
    let first: { artifact: Artifact; examples: Dataset } | undefined;
    for (const { variant, checkpoint } of group) {
      const artifact = compileModel(source, spec.model, modelArguments(spec, variant));
      const latent = drawable(artifact);
      if (latent === undefined) return names;
      const examples = firstExamples(artifact, data);
      first ??= { artifact, examples };
      const model = await instantiate(artifact, deviceOptions(device));
      try {
        model.load(await files.read(checkpoint), checkpoint);
        const title = varied.map(({ name }) => String(variant.values[name])).join(", ") || artifact.model;
        drawn.push({ title, ...(await samplesOf(model, latent, examples, 0)) });
      } finally {
        model.dispose();
      }
    }
    const name = groups.size === 1 ? "picture.svg" : `picture-${names.length + 1}.svg`;
    const title = `${spec.name}: ${EXAMPLES} test examples`;
    await files.write(name, new TextEncoder().encode(drawSamples(title, first!.artifact, first!.examples, drawn)));
    names.push(name);
  }
  return names;
}

/** The first latent that is a set of edges, or else the first of all. */
export function drawable(artifact: Artifact): LatentSummary | undefined {
  return artifact.latents.find((latent) => latent.graph !== undefined) ?? artifact.latents[0];
}

function firstExamples(artifact: Artifact, data: ExperimentData): Dataset {
  const test = createDataset(artifact, data.test, "test data");
  const size = Math.min(EXAMPLES, test.size);
  return { size, columns: sliceBatch(artifact, test, 0, size) as Dataset["columns"] };
}

/** Both kinds of sample at the same noise: the hard sample is the soft one's limit as the temperature goes to zero. */
export async function samplesOf(
  model: Model,
  latent: LatentSummary,
  examples: Dataset,
  draw: number,
): Promise<{ soft: HostTensor; hard: HostTensor }> {
  const [soft, hard] = [true, false].map((isSoft) =>
    model.sample(examples.columns, { soft: isSoft, seed: model.seed, draw }),
  );
  return { soft: (await soft!)[latent.name]!, hard: (await hard!)[latent.name]! };
}

/** The SVG of some examples' samples by several models. */
export function drawSamples(
  title: string,
  artifact: Artifact,
  examples: Dataset,
  drawn: readonly Drawn[],
  rows: readonly { readonly label: string; readonly example: number; readonly sample: number }[] = Array.from(
    { length: examples.size },
    (_, example) => ({ label: `${example + 1}`, example, sample: example }),
  ),
): string {
  const latent = drawable(artifact)!;
  const size = sizeOf(latent.shape);
  const truth = truthOf(artifact, latent, examples);
  const cut = (values: ArrayLike<number>, index: number) =>
    Array.from({ length: size }, (_, i) => values[index * size + i]!);
  const views = drawn.map((each) => ({
    ...each,
    complement: truth !== undefined && readsAsComplement(each.hard.data, truth.data),
  }));
  const pictureRows = rows.map(({ label, example, sample }): PictureRow => {
    const panels = views.flatMap(({ soft, hard, complement }): Panel[] =>
      [
        { kind: "soft" as const, values: cut(soft.data, sample) },
        { kind: "hard" as const, values: cut(hard.data, sample) },
      ].map(({ kind, values }) => ({ kind, values: complement ? values.map((value) => 1 - value) : values })),
    );
    const positions = positionsOf(artifact, latent, examples, example);
    return {
      label,
      panels: truth === undefined ? panels : [{ kind: "truth", values: cut(truth.data, example) }, ...panels],
      ...(positions === undefined ? {} : { positions }),
    };
  });
  const named = (each: (typeof views)[number], kind: string): readonly [string] | readonly [string, string] => {
    const reading = each.complement ? `${kind} (complement)` : kind;
    return views.length === 1 ? [reading] : [each.title, reading];
  };
  return drawPicture({
    title,
    latent,
    columns: [
      ...(truth === undefined ? [] : [["truth"] as const]),
      ...views.flatMap((each) => [named(each, "soft"), named(each, "hard")]),
    ],
    rows: pictureRows,
  });
}

/** Data of the latent's own shape is what it is compared with. */
function truthOf(artifact: Artifact, latent: LatentSummary, examples: Dataset): HostTensor | undefined {
  const found = artifact.data.find(
    ({ batched, shape }) =>
      batched && shape.length === latent.shape.length && shape.every((n, i) => n === latent.shape[i]),
  );
  return found === undefined ? undefined : examples.columns[found.name];
}

/** Data of shape […, vertices, 2] are positions over time; the last ones place the vertices. */
function positionsOf(
  artifact: Artifact,
  latent: LatentSummary,
  examples: Dataset,
  example: number,
): number[] | undefined {
  const vertices = latent.graph?.vertices;
  const found = artifact.data.find(({ batched, shape }) => batched && shape.at(-1) === 2 && shape.at(-2) === vertices);
  if (vertices === undefined || found === undefined) return undefined;
  const end = (example + 1) * sizeOf(found.shape);
  return Array.from(examples.columns[found.name]!.data.subarray(end - 2 * vertices, end));
}

/**
 * A model trained without the truth may use an element for "absent": the metric of recovery reads samples both ways
 * too.
 */
function readsAsComplement(hard: ArrayLike<number>, truth: ArrayLike<number>): boolean {
  let [chosen, hits, absent, misses] = [0, 0, 0, 0];
  for (let i = 0; i < truth.length; i++) {
    const [x, y] = [hard[i]!, truth[i]!];
    chosen += x;
    hits += x * y;
    absent += 1 - x;
    misses += (1 - x) * y;
  }
  return misses / Math.max(absent, 1) > hits / Math.max(chosen, 1);
}
