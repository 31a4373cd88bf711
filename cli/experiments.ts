/**
 * What `run` and `sample` share: the experiment of a file, its models compiled, its data modules loaded, its
 * directory.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Artifact, ExperimentSpec, Target } from "../compiler/artifact.ts";
import { compile } from "../compiler/compile.ts";
import { hasErrors, render, type Source } from "../compiler/diagnostic.ts";
import { readExperiment } from "../compiler/experiment.ts";
import { DiagnosticError } from "../compiler/failure.ts";
import { callDataModule, type ExperimentData } from "../runtime/data-module.ts";
import { DEVICE_NAMES, type Device, openDevice } from "../runtime/devices.ts";
import { UserError } from "../runtime/user-error.ts";
import type { Files } from "../runtime/variant-files.ts";
import type { Arguments, DataCall } from "../runtime/variants.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles } from "./files.ts";
import { UsageError } from "./usage-error.ts";

export interface ExperimentOptions {
  readonly experiment?: string;
  readonly scale?: string;
  readonly set?: readonly string[];
  /** Named variants that are asked for. */
  readonly variant?: readonly string[];
  /** A file or directory for the data function, as its option `path`. */
  readonly data?: string;
}

/** The experiment asked for; throws a DiagnosticError with everything that is wrong with it. */
export function experimentOf(source: Source, options: ExperimentOptions): ExperimentSpec {
  const { spec, diagnostics } = read(source, options);
  if (spec === undefined) throw new DiagnosticError(diagnostics);
  return spec;
}

/** The same, but undefined where none is asked for and the file has none. */
export function experimentIfAny(source: Source, options: ExperimentOptions): ExperimentSpec | undefined {
  const { spec, diagnostics } = read(source, options);
  const askedFor = options.experiment !== undefined || options.scale !== undefined;
  if (spec !== undefined) return spec;
  if (!askedFor && diagnostics.every(({ code }) => code === "unknown-experiment")) return undefined;
  throw new DiagnosticError(diagnostics);
}

function read(source: Source, options: ExperimentOptions) {
  const { experiment, scale, set = [], variant, data } = options;
  const settings = data === undefined ? set : [...set, `data.path=${JSON.stringify(dataPath(data))}`];
  return readExperiment(source, {
    library,
    resolveImport: importFromFiles,
    experiment,
    scale,
    settings,
    variants: variant,
  });
}

/** Data modules need not know from where they are run. */
function dataPath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return absolute;
  throw new UsageError(`--data ${path}: there is no such file or directory`);
}

/** The model with these arguments; warnings go to standard error. */
export function compileModel(
  source: Source,
  model: string | undefined,
  given: Arguments,
  target: Target = "tfjs",
): Artifact {
  const { artifact, diagnostics } = compile(source, {
    library,
    target,
    resolveImport: importFromFiles,
    arguments: given,
    ...(model === undefined ? {} : { model }),
  });
  if (artifact === undefined || hasErrors(diagnostics)) throw new DiagnosticError(diagnostics);
  for (const diagnostic of diagnostics) process.stderr.write(`${render(diagnostic)}\n\n`);
  return artifact;
}

/** Runs the data module's function. This is the user's own JavaScript: only `run` and `sample` ever load it. */
export async function loadData(source: Source, call: DataCall): Promise<ExperimentData> {
  if (isAbsolute(call.path) || !/^\.\.?\//.test(call.path)) {
    throw new UserError(`the data module \`${call.path}\` is not a path beside ${source.name}`, {
      help: 'write a path that begins with "./" or "../", relative to the model\'s file',
    });
  }
  const path = resolve(source.name === "<stdin>" ? "." : dirname(source.name), call.path);
  if (!existsSync(path)) {
    throw new UserError(`there is no data module ${path}`, {
      why: `the experiment's data come from "${call.path}"`,
      help: "a data module is a JavaScript file that exports the function named after it",
    });
  }
  return callDataModule(await importModule(path, call), call);
}

async function importModule(path: string, call: DataCall): Promise<{ readonly [name: string]: unknown }> {
  try {
    return (await import(pathToFileURL(path).href)) as { readonly [name: string]: unknown };
  } catch (problem) {
    throw new UserError(`the data module ${call.path} could not be loaded`, {
      why: problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem),
    });
  }
}

/** The device that a command line names. Tensors on `cpu` live in the process's own memory. */
export async function deviceCalled(name: string): Promise<RunDevice> {
  if (name === "webgpu") return "webgpu";
  if (!DEVICE_NAMES.some((known) => known === name)) {
    throw new UsageError(`--device ${name}: choose one of ${[...DEVICE_NAMES, "webgpu"].join(", ")}`);
  }
  return openDevice(name, name === "cpu" ? { memoryLimit: freemem() } : {});
}

/** A tfjs device, or WebGPU, which each model opens for itself. */
export type RunDevice = Device | "webgpu";

/** What models must be compiled for to run on a device. */
export function targetOf(device: RunDevice): Target {
  return device === "webgpu" ? "webgpu" : "tfjs";
}

/** A directory on disk. Files are written beside their place and then renamed, so that none is ever half there. */
export class DiskFiles implements Files {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async read(path: string): Promise<Uint8Array> {
    return readFileSync(join(this.directory, path));
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const target = join(this.directory, path);
    try {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(`${target}.part`, bytes);
      renameSync(`${target}.part`, target);
    } catch (problem) {
      throw new UsageError(`cannot write ${target}: ${(problem as Error).message}`, 1);
    }
  }

  async exists(path: string): Promise<boolean> {
    return existsSync(join(this.directory, path));
  }
}
