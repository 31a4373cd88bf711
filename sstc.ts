/**
 * `sstc` for programs: the compiler as functions from texts to data, the standard library supplied. Nothing here touches
 * files, so it runs in browsers as it does in Node; artifacts are run by `sstc/runtime`.
 */
import type { Artifact } from "./compiler/artifact.ts";
import { check as checkWith } from "./compiler/check.ts";
import { compile as compileWith } from "./compiler/compile.ts";
import type { Diagnostic, Source } from "./compiler/diagnostic.ts";
import type { ImportResolver } from "./compiler/names.ts";
import { library } from "./stdlib/library.ts";

export type { Artifact, Decision, EntryPoint, LatentSummary, MetricTree, Signature } from "./compiler/artifact.ts";
export { type Diagnostic, hasErrors, position, render, type Severity, type Source } from "./compiler/diagnostic.ts";
export type { ImportResolver } from "./compiler/names.ts";

export interface CompileOptions {
  /** `tfjs` unless given. */
  readonly target?: "tfjs" | "webgpu";
  /** Which model, where a text has several; otherwise the first. */
  readonly model?: string;
  /** Arguments of the model: numbers, truth values, and names of structures, such as `{ V: 5, Edges: "TopKEdges" }`. */
  readonly arguments?: { readonly [name: string]: number | boolean | string };
  /** New first values of hypers, such as `{ t: 0.3 }`. */
  readonly hypers?: { readonly [name: string]: number };
  /** The text that `import { … } from "./other.sst"` means; without it such imports are errors. */
  readonly resolveImport?: ImportResolver;
}

export interface CompileResult {
  /** What `instantiate` of `sstc/runtime` runs: plain data, to be kept or sent as JSON. Undefined when there are errors. */
  readonly artifact: Artifact | undefined;
  /** Errors, warnings and notes in the order of the text; `render` writes one for people. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles a model. Never throws for what a text or the options may hold: when something is wrong, `artifact` is
 * undefined and the diagnostics say what, where, why, and what to do.
 *
 * ```ts
 * const { artifact, diagnostics } = compile(text, { arguments: { V: 5 } });
 * for (const diagnostic of diagnostics) console.error(render(diagnostic));
 * const model = await instantiate(artifact, { device: "wasm" });
 * ```
 */
export function compile(source: string | Source, options: CompileOptions = {}): CompileResult {
  const { artifact, diagnostics } = compileWith(named(source), { ...options, library });
  return { artifact, diagnostics };
}

/** Everything that is wrong with a text, used or not: what `sstc check` reports. Never throws for what a text may hold. */
export function check(source: string | Source, options: Pick<CompileOptions, "resolveImport"> = {}): Diagnostic[] {
  return checkWith(named(source), { ...options, library });
}

function named(source: string | Source): Source {
  return typeof source === "string" ? { name: "<source>", text: source } : source;
}
