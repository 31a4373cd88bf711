/** Draws what an experiment's models say about a few test examples: the truth beside soft and hard samples. */
import type { Artifact, ExperimentSpec, LatentSummary } from "../compiler/artifact.ts";
import type { ExperimentData } from "../runtime/data-module.ts";
import { createDataset, type Dataset, sliceBatch } from "../runtime/dataset.ts";
import { instantiate } from "../runtime/instantiate.ts";
import { drawableLatent, drawLatents, drawSamples, type LatentSamples } from "../runtime/sample-picture.ts";
import type { Files, VariantResult } from "../runtime/variant-files.ts";
import { type Arguments, type DataCall, dataCall, modelArguments, type Variant } from "../runtime/variants.ts";
import type { RunDevice } from "./experiments.ts";

const EXAMPLES = 4;

/** Where the variants' models and data come from. */
export interface Inputs {
  compile(given: Arguments, variant: Variant): Artifact;
  load(call: DataCall): Promise<ExperimentData>;
}

/** A tested variant, and the latent that is drawn. */
interface Subject {
  readonly result: VariantResult;
  readonly artifact: Artifact;
  readonly latent: LatentSummary;
}

/**
 * Writes a picture for each data set that the variants were tested on, all models of it side by side where their
 * latents look the same. Returns the files' names; none when the models have no latent.
 */
export async function picturesOf(
  spec: ExperimentSpec,
  results: readonly VariantResult[],
  inputs: Inputs,
  files: Files,
  device: RunDevice,
): Promise<string[]> {
  const groups = new Map<string, Subject[]>();
  for (const result of results) {
    const artifact = inputs.compile(modelArguments(spec, result.variant), result.variant);
    const latent = drawableLatent(artifact);
    if (latent === undefined) continue;
    const key = JSON.stringify([dataCall(spec, result.variant), latent.shape, latent.graph]);
    groups.set(key, [...(groups.get(key) ?? []), { result, artifact, latent }]);
  }
  const names: string[] = [];
  for (const group of groups.values()) {
    const name = groups.size === 1 ? "picture.svg" : `picture-${names.length + 1}.svg`;
    await files.write(name, new TextEncoder().encode(await pictureOf(spec, group, inputs, files, device)));
    names.push(name);
  }
  return names;
}

/** The picture of models whose latents look the same and that were tested on the same data. */
async function pictureOf(
  spec: ExperimentSpec,
  group: readonly Subject[],
  inputs: Inputs,
  files: Files,
  device: RunDevice,
): Promise<string> {
  const { artifact, latent, result: first } = group[0]!;
  const data = await inputs.load(dataCall(spec, first.variant));
  const valuesOf = (name: string) => group.map(({ result }) => result.variant.values[name]);
  const differing = spec.vary.filter(({ name }) => new Set(valuesOf(name)).size > 1);
  const shared = spec.vary.filter((each) => each.values.length > 1 && !differing.includes(each));
  const samples: LatentSamples[] = [];
  for (const { artifact, latent, result } of group) {
    const model = await instantiate(artifact, { device });
    try {
      model.load(await files.read(result.checkpoint), result.checkpoint);
      const { soft, hard } = await drawLatents(model, firstExamples(artifact, data), 0);
      const values = differing.map(({ name }) => String(result.variant.values[name]));
      const title = [...(result.variant.label === undefined ? [] : [result.variant.label]), ...values].join(", ");
      samples.push({ title, soft: soft[latent.name]!, hard: hard[latent.name]! });
    } finally {
      model.dispose();
    }
  }
  const examples = firstExamples(artifact, data);
  const settings = shared.map(({ name }) => `, ${name} = ${first.variant.values[name]}`).join("");
  const number = examples.size === 1 ? "a test example" : `${examples.size} test examples`;
  return drawSamples(`${spec.name}: ${latent.name}${settings}, ${number}`, artifact, latent, examples, samples);
}

function firstExamples(artifact: Artifact, data: ExperimentData): Dataset {
  const test = createDataset(artifact, data.test, "test data");
  const size = Math.min(EXAMPLES, test.size);
  return { size, columns: sliceBatch(artifact, test, 0, size) as Dataset["columns"] };
}
