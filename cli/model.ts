/** What `compile` and `explain` share: a file's model compiled with the settings of the command line. */
import type { Artifact, Target, TfjsArtifact, WebGpuArtifact } from "../compiler/artifact.ts";
import { type Compilation, compile } from "../compiler/compile.ts";
import { hasErrors, render, type Source } from "../compiler/diagnostic.ts";
import { DiagnosticError } from "../compiler/failure.ts";
import { modelSettings } from "../compiler/model-settings.ts";
import { library } from "../stdlib/library.ts";
import { importFromFiles } from "./files.ts";

export const TARGETS = ["tfjs", "webgpu"] as const satisfies readonly Target[];

export interface ModelOptions {
  /** Which model of the file; the first by default. */
  readonly model?: string;
  /** `NAME=VALUE`, each an argument or a hyper of the model. */
  readonly set?: readonly string[];
}

export type Compiled<A extends Artifact = Artifact> = Compilation<A> & { readonly artifact: A };

/** The model compiled; warnings go to standard error. Throws a DiagnosticError with all that is wrong. */
export function compileSource(source: Source, options: ModelOptions, target?: "tfjs"): Compiled<TfjsArtifact>;
export function compileSource(source: Source, options: ModelOptions, target: "webgpu"): Compiled<WebGpuArtifact>;
export function compileSource(source: Source, options: ModelOptions, target?: Target): Compiled;
export function compileSource(source: Source, options: ModelOptions, target: Target = "tfjs"): Compiled {
  const model = options.model === undefined ? {} : { model: options.model };
  const common = { library, resolveImport: importFromFiles, ...model };
  const settings = modelSettings(source, options.set ?? [], common);
  const { arguments: given, hypers } = settings;
  const compilation = compile(source, { ...common, target, arguments: given, hypers });
  const diagnostics = [...settings.diagnostics, ...compilation.diagnostics];
  const { artifact } = compilation;
  if (artifact === undefined || hasErrors(diagnostics)) throw new DiagnosticError(diagnostics);
  for (const diagnostic of diagnostics) process.stderr.write(`${render(diagnostic)}\n\n`);
  return { ...compilation, artifact };
}
