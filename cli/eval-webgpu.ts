/** `sstc eval --device webgpu`: the answers of a layer on WebGPU, in float32. */
import type { CompiledLayer } from "../compiler/artifact.ts";
import type { LayerRequest, Query } from "../compiler/layer-request.ts";
import { compileWebGpuLayer } from "../compiler/layer-webgpu.ts";
import type { ExampleOptions } from "../runtime/layer-sizes.ts";
import { createWebGpuLayer, type WebGpuLayer } from "../runtime/webgpu/layer.ts";
import { library } from "../stdlib/library.ts";
import { UsageError } from "./usage-error.ts";

type Matrix = readonly (readonly number[])[];

export interface GpuQuestions {
  /** Undefined for what `sstc eval` tells without `--query`. */
  readonly queries: readonly Query[] | undefined;
  readonly seed: number;
  readonly draws: number;
}

/** Throws a UserError where there is no WebGPU, and a UsageError for questions that only other devices answer. */
export async function evaluateOnGpu(
  request: LayerRequest,
  compiled: CompiledLayer,
  { u, cotangent }: { readonly u: Matrix; readonly cotangent?: Matrix },
  { queries, seed, draws }: GpuQuestions,
  examples: ExampleOptions,
): Promise<{ readonly [key: string]: unknown }> {
  if (draws !== 1)
    throw new UsageError("--draws: WebGPU draws one sample of each example; give other seeds for others");
  const answers = {
    argmax: (layer) => layer.argmax(u, examples),
    soft: (layer) => layer.soft(u, examples),
    vjp: (layer) => layer.vjp(u, cotangent!, examples),
    log_partition: (layer) => layer.logPartition(u, examples),
    marginals: (layer) => layer.marginals(u, examples),
    // A list of draws for each example, as on other devices.
    sample: async (layer) => (await layer.sample(u, { seed, ...examples })).map((member) => [member]),
  } satisfies { readonly [name: string]: (layer: WebGpuLayer) => Promise<unknown> };
  const known = (name: string): name is keyof typeof answers => Object.hasOwn(answers, name);
  const asked: readonly string[] = queries ?? usual(compiled, cotangent !== undefined);
  const names = asked.filter(known);
  const unanswered = asked.filter((name) => !known(name));
  if (unanswered.length > 0) {
    throw new UsageError(`--query ${unanswered.join(",")}: WebGPU does not answer this; leave out --device webgpu`);
  }
  const layer = await createWebGpuLayer(compileWebGpuLayer(request, library));
  try {
    const results: { [key: string]: unknown } = {};
    for (const name of names) results[name] = await answers[name](layer);
    return results;
  } finally {
    layer.dispose();
  }
}

/** What applies to a structure, as on the host. */
function usual({ soft, family }: CompiledLayer, hasCotangent: boolean): readonly string[] {
  const relaxed = soft === undefined ? [] : ["soft", ...(hasCotangent ? ["vjp"] : [])];
  const hasPartition = family !== undefined && !("missing" in family.logPartition);
  return ["argmax", ...relaxed, ...(hasPartition ? ["log_partition"] : [])];
}
