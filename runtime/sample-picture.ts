/** Draws what models say about a few examples: the truth, where the data have it, beside soft and hard samples. */
import type { Artifact, LatentSummary } from "../compiler/artifact.ts";
import type { Dataset } from "./dataset.ts";
import { type HostTensor, sameShape, sizeOf } from "./host-tensor.ts";
import type { Model } from "./model.ts";
import { drawPicture, type Panel, type PictureRow } from "./picture.ts";

/** One model's soft and hard samples of a latent, `[samples, …shape]`. */
export interface LatentSamples {
  /** The model, where there are several. */
  readonly title: string;
  readonly soft: HostTensor;
  readonly hard: HostTensor;
}

/** One row of the picture: which example it is about, and which of the samples it shows. */
export interface SampleRow {
  readonly label: string;
  readonly example: number;
  readonly sample: number;
}

/** The first latent that is a set of edges, or else the first of all. */
export function drawableLatent(artifact: Artifact): LatentSummary | undefined {
  return artifact.latents.find((latent) => latent.graph !== undefined) ?? artifact.latents[0];
}

/** Both kinds of sample at the same noise: the hard sample is the soft one's limit as the temperature goes to zero. */
export async function drawLatents(
  model: Model,
  examples: Dataset,
  draw: number,
  seed = model.seed,
): Promise<{ readonly [kind in "soft" | "hard"]: { readonly [latent: string]: HostTensor } }> {
  const soft = await model.sample(examples.columns, { soft: true, seed, draw });
  return { soft, hard: await model.sample(examples.columns, { seed, draw }) };
}

/** The SVG of samples of `latent` by several models; `rows`: the sample of each example by default. */
export function drawSamples(
  title: string,
  artifact: Artifact,
  latent: LatentSummary,
  examples: Dataset,
  samples: readonly LatentSamples[],
  rows: readonly SampleRow[] = oneForEach(examples),
): string {
  const size = sizeOf(latent.shape);
  const truth = truthOf(artifact, latent, examples);
  const cut = ({ data }: HostTensor, index: number) => Array.from(data.subarray(index * size, (index + 1) * size));
  const views = samples.map((each) => ({
    ...each,
    complement: truth !== undefined && latent.graph !== undefined && readsAsComplement(each.hard.data, truth.data),
  }));
  const columns = views.flatMap(({ title: model, complement }) =>
    ["soft", "hard"].map((kind): readonly [string] | readonly [string, string] => {
      const reading = complement ? `${kind} (complement)` : kind;
      return views.length === 1 ? [reading] : [model, reading];
    }),
  );
  const drawnRows = rows.map(({ label, example, sample }): PictureRow => {
    const panels = views.flatMap((view): Panel[] =>
      (["soft", "hard"] as const).map((kind) => {
        const values = cut(view[kind], sample);
        return { kind, values: view.complement ? values.map((value) => 1 - value) : values };
      }),
    );
    const positions = positionsOf(artifact, latent, examples, example);
    return {
      label,
      panels: truth === undefined ? panels : [{ kind: "truth", values: cut(truth, example) }, ...panels],
      ...(positions === undefined ? {} : { positions }),
    };
  });
  return drawPicture({
    title,
    latent,
    columns: truth === undefined ? columns : [["truth"], ...columns],
    rows: drawnRows,
  });
}

function oneForEach(examples: Dataset): SampleRow[] {
  return Array.from({ length: examples.size }, (_, example) => ({
    label: `${example + 1}`,
    example,
    sample: example,
  }));
}

/**
 * Data of the latent's own shape that are zeros and ones, and that sampling does not read, are what it is compared
 * with.
 */
function truthOf(artifact: Artifact, latent: LatentSummary, examples: Dataset): HostTensor | undefined {
  const read = artifact.entries.filter(({ name }) => name.startsWith("sample")).flatMap(({ inputs }) => inputs);
  for (const { name, batched, shape } of artifact.data) {
    const column = examples.columns[name];
    if (column === undefined || !batched || read.includes(name) || !sameShape(shape, latent.shape)) continue;
    if (column.data.every((value) => value === 0 || value === 1)) return column;
  }
  return undefined;
}

/** Data of shape […, vertices, 2] are positions over time; the last ones place the vertices. */
function positionsOf(
  artifact: Artifact,
  latent: LatentSummary,
  examples: Dataset,
  example: number,
): number[] | undefined {
  const vertices = latent.graph?.vertices;
  const found = artifact.data.find(
    ({ name, batched, shape }) =>
      batched && shape.at(-1) === 2 && shape.at(-2) === vertices && examples.columns[name] !== undefined,
  );
  if (vertices === undefined || found === undefined) return undefined;
  const end = (example + 1) * sizeOf(found.shape);
  return Array.from(examples.columns[found.name]!.data.subarray(end - 2 * vertices, end));
}

/**
 * A model trained without the truth may use an edge for "absent": the metric of recovery reads samples both ways too,
 * and takes the reading of the higher precision over all examples.
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
