/**
 * `compile`: a source text to an artifact, or to diagnostics. This is the flat list of passes, to be read first: parse,
 * resolve names, elaborate (types, shapes, selection) once for each entry point, then assemble: differentiate,
 * simplify, plan memory, print.
 */
import type { ModelDeclaration } from "../grammar/ast.ts";
import type { Artifact, Target, TfjsArtifact, WebGpuArtifact } from "./artifact.ts";
import { type Assembled, assemble } from "./assemble.ts";
import { type Diagnostic, hasErrors, inOrder, type Source } from "./diagnostic.ts";
import { Context, type EntryName } from "./elaborate/context.ts";
import { evaluateExpression } from "./elaborate/expressions.ts";
import { type ElaboratedModel, elaborateModel } from "./elaborate/model.ts";
import type { BoundArgument } from "./elaborate/values.ts";
import { findings, remaining } from "./findings.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import type { TensorProgram } from "./ir/tensor/tensor.ts";
import { chooseModel, hyperValues, modelArguments, requestProblem } from "./model-request.ts";
import { type ImportResolver, type Library, Names } from "./names.ts";
import { resolve } from "./passes/resolve.ts";

export interface CompileOptions {
  readonly library: Library;
  readonly target?: Target;
  /** Which model, where a file has several. */
  readonly model?: string;
  /** Arguments of the model: numbers, truth values, and names of structures. */
  readonly arguments?: { readonly [name: string]: number | boolean | string };
  /** New first values of hypers. */
  readonly hypers?: { readonly [name: string]: number };
  readonly resolveImport?: ImportResolver;
}
export interface Compilation<A extends Artifact = Artifact> {
  readonly artifact: A | undefined;
  readonly diagnostics: readonly Diagnostic[];
  readonly programs: readonly TensorProgram[];
  readonly kernels: readonly Kernel[];
  readonly operations: Assembled["operations"];
}

/** What a compilation that failed leaves. */
const NOTHING = { programs: [], kernels: [], operations: [] } as const;

const ENTRIES: readonly EntryName[] = ["train", "evaluate", "sample", "sample_soft"];

/** Compiles a model. Never throws for what a source may hold: without an artifact, the diagnostics say why. */
export function compile(
  source: Source,
  options: CompileOptions & { readonly target?: "tfjs" },
): Compilation<TfjsArtifact>;
export function compile(
  source: Source,
  options: CompileOptions & { readonly target: "webgpu" },
): Compilation<WebGpuArtifact>;
export function compile(source: Source, options: CompileOptions): Compilation;
export function compile(source: Source, options: CompileOptions): Compilation {
  const target = options.target ?? "tfjs";
  const names = new Names(options.library, options.resolveImport ?? (() => undefined));
  const file = names.load(source);
  const resolved = [...names.diagnostics, ...resolve(names)];
  const failed = (...problems: readonly Diagnostic[]): Compilation => ({
    artifact: undefined,
    diagnostics: inOrder(resolved, problems),
    ...NOTHING,
  });
  const problem = requestProblem(options, source);
  if (problem !== undefined) return failed(problem);
  const model = chooseModel(file.declarations, source, options.model);
  if ("code" in model) return failed(...(hasErrors(resolved) && options.model === undefined ? [] : [model]));
  const given: Diagnostic[] = [];
  const values = modelArguments(names, source, model, options.arguments ?? {}, given);
  const elaborated = elaborateEntries(names, source, model, values, ENTRIES, target);
  const hypers = hyperValues(source, model, options.hypers ?? {}, elaborated.get("train")!.context.hypers, given);
  const diagnostics = inOrder(resolved, given, ...findings(elaborated, remaining(names, resolved)));
  if (hasErrors(diagnostics)) return { artifact: undefined, diagnostics, ...NOTHING };
  return { ...assemble(model, elaborated, hypers, target, source), diagnostics };
}

/**
 * A model elaborated for every entry point, up to one that is too large; what is wrong stays with the context of each.
 * Drawing samples elaborates as evaluation does: where that or training has failed, it would say nothing new.
 */
export function elaborateEntries(
  names: Names,
  source: Source,
  model: ModelDeclaration,
  given: readonly BoundArgument[],
  entries: readonly EntryName[] = ENTRIES,
  target: Target = "tfjs",
): Map<EntryName, ElaboratedModel> {
  const elaborated = new Map<EntryName, ElaboratedModel>();
  for (const entry of entries) {
    const context = new Context(names, source, entry, evaluateExpression, target);
    elaborated.set(entry, elaborateModel(context, model, given));
    if (context.exhausted || (entry === "evaluate" && [...elaborated.values()].some((each) => each.context.failed)))
      break;
  }
  return elaborated;
}
