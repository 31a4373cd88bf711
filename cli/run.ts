/** `sstc run`: carries out an experiment of a file and prints its table; what it learned stays in a directory. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { ExperimentSpec } from "../compiler/artifact.ts";
import { runExperiment, variantsOf } from "../runtime/experiment.ts";
import { formatTable } from "../runtime/table.ts";
import {
  compileModel,
  DiskFiles,
  deviceOptions,
  type ExperimentOptions,
  experimentOf,
  loadData,
} from "./experiments.ts";
import { openSource } from "./files.ts";
import { picturesOf } from "./picture.ts";
import { UsageError } from "./usage-error.ts";
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
  const directory = directoryFor(spec, options);
  const files = new DiskFiles(directory);
  const stop = stopOnInterrupt();
  announce(spec, directory, options);
  try {
    const result = await runExperiment(spec, {
      compile: (given) => compileModel(source, spec.model, given),
      loadData: (call) => loadData(source, call),
      files,
      instantiate: deviceOptions(options.device),
      seed,
      resume: options.resume === true,
      stream: process.stderr,
      signal: stop.signal,
    });
    const { table } = result;
    if (result.results.length > 0) process.stdout.write(`\n${formatTable(table)}\n\n`);
    if (!result.finished) {
      process.stderr.write(`stopped; go on with: ${again(file, options, directory)}\n`);
      return 130;
    }
    await files.write("table.md", new TextEncoder().encode(`${formatTable(table, "markdown")}\n`));
    const pictures = await picturesOf(source, spec, result.results, files, options.device);
    process.stdout.write(`table    ${join(directory, "table.md")}\n`);
    process.stdout.write(`models   ${join(directory, "*", `${kept(spec)}.safetensors`)}\n`);
    for (const name of pictures) process.stdout.write(`picture  ${join(directory, name)}\n`);
    return 0;
  } finally {
    stop.release();
  }
}

function kept(spec: ExperimentSpec): string {
  return spec.train.keepBest === undefined ? "last" : "best";
}

function announce(spec: ExperimentSpec, directory: string, options: RunOptions): void {
  const { batch, steps } = spec.train;
  const variants = variantsOf(spec).length;
  const scale = spec.scale === undefined ? "" : ` at scale ${spec.scale}`;
  const runs = variants === 1 ? "1 training" : `${variants} trainings`;
  process.stderr.write(
    `${spec.name} for ${spec.model}${scale}: ${runs} of ${steps} steps with batches of ${batch}, device ${options.device}\n`,
  );
  process.stderr.write(`everything is kept in ${directory}\n\n`);
}

/**
 * Where results go: `--out`, or runs/EXPERIMENT-SCALE with a number where that is taken. Nothing is ever written over
 * the results of an earlier run; `--resume` continues the newest.
 */
export function directoryFor(spec: ExperimentSpec, options: Pick<RunOptions, "out" | "resume">): string {
  const { out, resume } = options;
  if (out !== undefined) {
    const taken = existsSync(out) && readdirSync(out).length > 0;
    if (taken && resume !== true) {
      throw new UsageError(`${out} already holds something: add --resume to continue that run, or name another --out`);
    }
    if (!taken && resume === true) throw new UsageError(`there is nothing in ${out} to resume`);
    return out;
  }
  const base = join("runs", spec.scale === undefined ? spec.name : `${spec.name}-${spec.scale}`);
  let newest: string | undefined;
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!existsSync(name)) {
      if (resume !== true) return name;
      if (newest === undefined) throw new UsageError(`there is no ${base} to resume: run it without --resume first`);
      return newest;
    }
    newest = name;
  }
}

/** The command line that continues this run. */
function again(file: string, options: RunOptions, directory: string): string {
  const quote = (text: string) => (/^[\w./=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  const parts = ["sstc", "run", file];
  if (options.experiment !== undefined) parts.push("--experiment", options.experiment);
  if (options.scale !== undefined) parts.push("--scale", options.scale);
  for (const setting of options.set ?? []) parts.push("--set", setting);
  if (options.device !== "wasm") parts.push("--device", options.device);
  if (options.seed !== "0") parts.push("--seed", options.seed);
  return [...parts, "--out", directory, "--resume"].map(quote).join(" ");
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
