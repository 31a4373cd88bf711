/**
 * `sstc` for programs: the compiler as functions from texts to data, the standard library supplied. Nothing here
 * touches files, so it runs in browsers as it does in Node; artifacts are run by `sstc/runtime`.
 */
import type { Artifact, ExperimentSpec, TfjsArtifact, WebGpuArtifact } from "./compiler/artifact.ts";
import { check as checkWith } from "./compiler/check.ts";
import { compile as compileWith } from "./compiler/compile.ts";
import type { Diagnostic, Source } from "./compiler/diagnostic.ts";
import { readExperiment as readExperimentWith } from "./compiler/experiment.ts";
import { type Explanation, explain as explainWith } from "./compiler/explain.ts";
import { compileKBest, compileLayer } from "./compiler/layer.ts";
import { compileWebGpuLayer } from "./compiler/layer-webgpu.ts";
import { type ImportResolver, isSource } from "./compiler/names.ts";
import type { Layer, LayerDevice } from "./runtime/layer.ts";
import type { GpuOptions } from "./runtime/webgpu/gpu.ts";
import type { WebGpuLayer } from "./runtime/webgpu/layer.ts";
import type { TensorLayer, WebGpuTensorflow } from "./runtime/webgpu/tensors.ts";
import { library } from "./stdlib/library.ts";

export type {
  Artifact,
  Decision,
  EntryPoint,
  ExperimentSpec,
  LatentSummary,
  MetricTree,
  Signature,
  TfjsArtifact,
  WebGpuArtifact,
} from "./compiler/artifact.ts";
export { type Diagnostic, hasErrors, position, render, type Severity, type Source } from "./compiler/diagnostic.ts";
export type {
  EntryExplanation,
  Explanation,
  LatentExplanation,
  QueryExplanation,
  Temperature,
} from "./compiler/explain.ts";
export { DiagnosticError } from "./compiler/failure.ts";
export type { ImportResolver } from "./compiler/names.ts";
export { type GeneratedModuleText, type ModuleOptions, printModule } from "./compiler/targets/module.ts";
export type { Layer, LayerDevice } from "./runtime/layer.ts";
export type { KBest, LayerInput } from "./runtime/layer-rows.ts";
export type { ExampleOptions } from "./runtime/layer-sizes.ts";
export type { GpuOptions } from "./runtime/webgpu/gpu.ts";
export type { WebGpuInput, WebGpuLayer } from "./runtime/webgpu/layer.ts";
export type { TensorLayer, WebGpuTensorflow } from "./runtime/webgpu/tensors.ts";

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

export interface CompileResult<A extends Artifact = Artifact> {
  /**
   * What `instantiate` of `sstc/runtime` runs: plain data, to be kept or sent as JSON. Undefined when there are
   * errors.
   */
  readonly artifact: A | undefined;
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
export function compile(
  source: string | Source,
  options?: CompileOptions & { readonly target?: "tfjs" },
): CompileResult<TfjsArtifact>;
export function compile(
  source: string | Source,
  options: CompileOptions & { readonly target: "webgpu" },
): CompileResult<WebGpuArtifact>;
export function compile(source: string | Source, options?: CompileOptions): CompileResult;
export function compile(source: string | Source, options: CompileOptions = {}): CompileResult {
  const { artifact, diagnostics } = compileWith(named(source), { ...options, library });
  return { artifact, diagnostics };
}

/**
 * Everything that is wrong with a text, used or not: what `sstc check` reports. Never throws for what a text may hold.
 */
export function check(source: string | Source, options: Pick<CompileOptions, "resolveImport"> = {}): Diagnostic[] {
  return checkWith(named(source), { ...options, library });
}

/**
 * What was chosen for each latent variable, at what cost, what was rejected and why, and the sizes of the model: what
 * `sstc explain --json` prints. The explanation is undefined when there are errors; never throws, like `compile`.
 */
export function explain(
  source: string | Source,
  options: CompileOptions = {},
): { readonly explanation: Explanation | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const from = named(source);
  const { artifact, diagnostics, operations } = compileWith(from, { ...options, library });
  return { explanation: artifact && explainWith(from, artifact, operations), diagnostics };
}

export interface ExperimentRequest extends Pick<CompileOptions, "resolveImport"> {
  /** Which experiment of the text; otherwise the first. */
  readonly experiment?: string;
  /** One of its scales, such as `small`. */
  readonly scale?: string;
  /** Settings laid over both, such as `hidden=64` or `data.train=1000`. */
  readonly settings?: readonly string[];
}

/** An experiment of a text as data; the spec is undefined when there are errors. */
export function readExperiment(
  source: string | Source,
  request: ExperimentRequest = {},
): { readonly spec: ExperimentSpec | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const { spec, diagnostics } = readExperimentWith(named(source), { ...request, library });
  return { spec, diagnostics };
}

export interface LayerOptions extends LayerDevice, Pick<CompileOptions, "resolveImport"> {
  /** A text with structures, relaxations and kernels of your own, which the layer may use besides the library's. */
  readonly source?: string | Source;
}

export interface WebGpuLayerOptions extends Pick<LayerOptions, "resolveImport" | "source"> {
  readonly device: "webgpu";
  /** Which device; the one that WebGPU prefers. */
  readonly gpu?: GpuOptions;
}
/** A layer on the tensors of a tfjs that runs on its backend `webgpu`. */
export interface TensorLayerOptions extends Pick<LayerOptions, "resolveImport" | "source"> {
  readonly device: "webgpu";
  readonly tf: WebGpuTensorflow;
}

/**
 * One structured layer on tensors of tfjs's backend `webgpu`, without a way over the host; `tf.grad` differentiates its
 * soft samples. Rejects with a UserError where tfjs runs on another backend.
 */
export function layer(text: string, options: TensorLayerOptions): Promise<TensorLayer>;
/**
 * One structured layer on WebGPU, in float32, told as for other devices below: methods are asynchronous, and take and
 * give numbers of the host, or buffers of the device without a way over the host. Rejects with a UserError where there
 * is no WebGPU.
 */
export function layer(text: string, options: WebGpuLayerOptions): Promise<WebGpuLayer>;
/**
 * One structured layer for a program of its own: a structure, with its estimator as after `~ Gumbel(theta)` in a model.
 * Its methods take tensors, typed arrays or lists of numbers, one example or several, and `tf.grad` differentiates
 * them. Rejects with a DiagnosticError when the text is wrong, a UserError when the device is.
 *
 * ```ts
 * const tree = await layer("SpanningTree(complete(10)) relax ExpFamily at 0.5");
 * const gradient = tf.grad((u: tf.Tensor) => tf.sum(tf.mul(tree.soft(u), weights)))(utilities);
 * ```
 */
export function layer(text: string, options?: LayerOptions): Promise<Layer>;
export async function layer(
  text: string,
  options: LayerOptions | WebGpuLayerOptions | TensorLayerOptions = {},
): Promise<Layer | WebGpuLayer | TensorLayer> {
  if (typeof text !== "string") {
    throw new TypeError(`a layer is told by a text, such as "KSubset(6, 2)", but this is of type ${typeof text}`);
  }
  const { source, resolveImport } = options;
  const own = source === undefined ? undefined : named(source);
  const request = { structure: text, source: own, resolveImport };
  // Programs that only compile do not load what runs.
  if (options.device === "webgpu" && "tf" in options) {
    const { createTensorLayer } = await import("./runtime/webgpu/tensors.ts");
    return createTensorLayer(compileWebGpuLayer(request, library), options.tf);
  }
  if (options.device === "webgpu") {
    const { createWebGpuLayer } = await import("./runtime/webgpu/layer.ts");
    return createWebGpuLayer(compileWebGpuLayer(request, library), options.gpu);
  }
  const { source: _, resolveImport: __, ...device } = options;
  const compiled = compileLayer(request, library);
  const { createLayer } = await import("./runtime/layer.ts");
  return createLayer(compiled, device, (count) => compileKBest(request, count, library));
}

/** A text under a name; throws a TypeError for what is neither. */
function named(source: string | Source): Source {
  if (typeof source === "string") return { name: "<source>", text: source };
  if (isSource(source)) return source;
  const given = source === null ? "null" : `of type ${typeof source}`;
  throw new TypeError(`the source is ${given}: pass the text of a model, or { name, text }`);
}
