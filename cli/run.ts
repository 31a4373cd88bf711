/** `sstc run`: carries out an experiment of a file and prints its table; what it learned stays in a directory. */
import { join, relative } from "node:path";
import type { Artifact, ExperimentSpec, Target } from "../compiler/artifact.ts";
import type { Source } from "../compiler/diagnostic.ts";
import type { ExperimentData } from "../runtime/data-module.ts";
import { runExperiment } from "../runtime/experiment.ts";
import { smallerIsBetter } from "../runtime/metrics.ts";
import { formatTable } from "../runtime/table.ts";
import { type Arguments, type DataCall, specOf, type Variant, variantsOf } from "../runtime/variants.ts";
import {
  compileModel,
  DiskFiles,
  deviceCalled,
  type ExperimentOptions,
  experimentOf,
  loadData,
  targetOf,
} from "./experiments.ts";
import { openSource } from "./files.ts";
import { picturesOf } from "./picture.ts";
import { openRunDirectory, type RunDirectory } from "./run-directory.ts";
import { readSeed } from "./values.ts";

export interface RunOptions extends ExperimentOptions {
  readonly device: string;
  readonly seed: string;
  readonly out?: string;
  readonly resume?: boolean;
}

/** Exit status 0, or 130 when it was interrupted. */
export async function runCommand(file: string, options: RunOptions): Promise<number> {
  const source = openSource(file);
  const spec = experimentOf(source, options);
  const seed = readSeed(options.seed);
  const device = await deviceCalled(options.device);
  const directory = openRunDirectory(spec, options);
  const files = new DiskFiles(directory.path);
  const stop = stopOnInterrupt();
  const inputs = rememberedInputs(source, spec, targetOf(device));
  announce(spec, directory.path, options);
  try {
    const result = await runExperiment(spec, {
      compile: inputs.compile,
      loadData: inputs.load,
      files,
      instantiate: { device },
      seed,
      resume: options.resume === true,
      stream: process.stderr,
      signal: stop.signal,
    });
    const { table, results } = result;
    if (results.length > 0) process.stdout.write(`\n${formatTable(table)}\n\n`);
    if (!result.finished) {
      process.stderr.write(`${interrupted(file, options, directory)}\n`);
      return 130;
    }
    await files.write("table.md", new TextEncoder().encode(`${formatTable(table, "markdown")}\n`));
    const pictures = await picturesOf(spec, results, inputs, files, device);
    process.stdout.write(`table    ${join(directory.path, "table.md")}\n`);
    const kept = spec.train.keepBest === undefined ? "last" : "best";
    process.stdout.write(`models   ${join(directory.path, "*", `${kept}.safetensors`)}\n`);
    for (const name of pictures) process.stdout.write(`picture  ${join(directory.path, name)}\n`);
    return 0;
  } finally {
    stop.release();
    directory.close();
  }
}

/** Models and data as the run and its pictures need them: compiled once, and loaded again only after others. */
function rememberedInputs(source: Source, spec: ExperimentSpec, target: Target) {
  const artifacts = new Map<string, Artifact>();
  let loaded: { readonly key: string; readonly data: ExperimentData } | undefined;
  return {
    compile: (given: Arguments, variant: Variant): Artifact => {
      const { model } = specOf(spec, variant);
      const key = JSON.stringify([model, given]);
      const artifact = artifacts.get(key) ?? compileModel(source, model, given, target);
      artifacts.set(key, artifact);
      return artifact;
    },
    load: async (call: DataCall): Promise<ExperimentData> => {
      const key = JSON.stringify(call);
      if (loaded?.key === key) return loaded.data;
      // The old data must not stay in memory while the new are made.
      loaded = undefined;
      const data = await loadData(source, call);
      loaded = { key, data };
      return data;
    },
  };
}

function announce(spec: ExperimentSpec, directory: string, options: RunOptions): void {
  const { batch, steps, keepBest } = spec.train;
  const variants = variantsOf(spec).length;
  const scale = spec.scale === undefined ? "" : ` at scale ${spec.scale}`;
  const runs = variants === 1 ? "1 training" : `${variants} trainings`;
  const count = (number: number, one: string) => `${number} ${one}${number === 1 ? "" : "s"}`;
  const length = typeof steps === "number" ? `${steps} steps` : count(steps.epochs, "epoch");
  const work = `${runs} of ${length} with batches of ${batch}, device ${options.device}`;
  process.stderr.write(`${spec.name} for ${spec.model}${scale}: ${work}\n`);
  const which = keepBest !== undefined && smallerIsBetter(keepBest.metric) ? "smallest" : "largest";
  const kept = keepBest === undefined ? "last model" : `model with the ${which} ${keepBest.split}.${keepBest.metric}`;
  process.stderr.write(`keeps the ${kept}\n`);
  process.stderr.write(`everything is kept in ${directory}\n\n`);
}

/** How to go on with this run, in words that a shell reads as they are. */
function interrupted(file: string, options: RunOptions, directory: RunDirectory): string {
  const quote = (text: string) => (/^[\w./=,:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const parts = [...ownName(process.argv[1]), "run", file];
  if (options.experiment !== undefined) parts.push("--experiment", options.experiment);
  if (options.scale !== undefined) parts.push("--scale", options.scale);
  for (const label of options.variant ?? []) parts.push("--variant", label);
  if (options.data !== undefined) parts.push("--data", options.data);
  for (const setting of options.set ?? []) parts.push("--set", setting);
  if (options.device !== "wasm") parts.push("--device", options.device);
  if (options.seed !== "0") parts.push("--seed", options.seed);
  const input = file === "-" ? ", with the same standard input" : "";
  if (!directory.isEmpty()) {
    return `stopped; go on${input} with: ${[...parts, "--out", directory.path, "--resume"].map(quote).join(" ")}`;
  }
  if (options.out !== undefined) parts.push("--out", options.out);
  return `stopped before anything was trained; begin again${input} with: ${parts.map(quote).join(" ")}`;
}

/** How this program was called: as an installed command, by npx, or as a script of a clone. */
export function ownName(script = "sstc"): string[] {
  if (/[/\\]\.bin[/\\]/.test(script)) return ["npx", "sstc"];
  return /[/\\]cli\.js$/.test(script) ? ["node", relative("", script)] : ["sstc"];
}

/** The first Ctrl-C ends the run after the present step, with a checkpoint; the second ends the process. */
function stopOnInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write("\nstopping after this step (once more to end at once)\n");
    controller.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  return {
    signal: controller.signal,
    release: () => {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    },
  };
}
