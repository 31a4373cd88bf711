/**
 * The artifact: what a compilation produces and the runtime runs. Plain data (JSON) but for nothing: the program is
 * text, so an artifact can be written to a file, inspected, or sent elsewhere. The runtime knows these types, not the
 * compiler.
 */

import type { WebGpuCode } from "./artifact-webgpu.ts";

/** A tensor that crosses the boundary between program and host. `shape` is per example where `batched`. */
export interface Signature {
  readonly name: string;
  readonly dtype: "f32" | "i32" | "bool";
  readonly shape: readonly number[];
  readonly batched: boolean;
  /** As the user wrote it, such as `f32[T, V, D]`, for messages. */
  readonly written?: string;
  /** Of f32 whose values are 0 and 1: what the language calls `binary`. */
  readonly binary?: true;
  /** Of i32 that are used as indices: values are at least 0 and less than this. */
  readonly below?: number;
}

/** How a parameter starts. Fans are those of the last two dimensions (a vector has fan in 1). */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  /** Uniform on (-bound, bound). */
  | { readonly kind: "uniform"; readonly bound: number }
  /** Normal with mean 0. */
  | { readonly kind: "normal"; readonly deviation: number };

export interface ParameterSignature extends Signature {
  readonly initializer: Initializer;
}
export interface StateSignature extends Signature {
  readonly value: number;
}
/** Uniform on (0, 1); standard normal; `kept`: 0 at a rate, else 1 / (1 − rate), as dropout multiplies with. */
export type NoiseBase = "uniform" | "normal" | "kept";
/** A random leaf: iid draws, a different stream for each; batched as its signature says. */
export interface NoiseSignature extends Signature {
  readonly base: NoiseBase;
  /** Of `kept`, the probability of 0, a multiple of 1/65536. */
  readonly rate?: number;
  /** Identifies the stream: the counter-based generator is keyed by (seed, stream) and counts (step, element). */
  readonly stream: number;
}
/** A scalar from outside: a constant, or a linear schedule in the training step. */
export interface HyperSignature {
  readonly name: string;
  readonly value: number;
  readonly anneal?: { readonly from: number; readonly to: number; readonly steps: number };
  /** Must be greater than 0: temperatures. */
  readonly positive: boolean;
}

/**
 * A value reported to the user: a mean over examples, or whichever reading has the largest mean of its part `by` (a
 * path within the reading, such as `precision`). The choice is made once for a whole set.
 */
export type MetricTree =
  | { readonly kind: "mean"; readonly output: string }
  | { readonly kind: "record"; readonly fields: { readonly [name: string]: MetricTree } }
  | { readonly kind: "best"; readonly by: string; readonly readings: { readonly [name: string]: MetricTree } };

/** One function of the generated program: what it reads and returns. */
export interface EntryPoint {
  readonly name: "train" | "evaluate" | "sample" | "sample_soft";
  readonly inputs: readonly string[];
  readonly parameters: readonly string[];
  readonly states: readonly string[];
  readonly hypers: readonly string[];
  readonly noise: readonly NoiseSignature[];
  /** `gradient:NAME`, `state:NAME`, `loss`, metric leaves, latent names; batched outputs keep their batch axis. */
  readonly outputs: readonly Signature[];
  /** Upper bound of memory alive at once, in bytes: fixed + perExample · batch. */
  readonly memory: { readonly fixed: number; readonly perExample: number };
}

/** A structure's members as drawn by `sstc sample --svg`. */
export interface LatentSummary {
  readonly name: string;
  readonly structure: string;
  readonly shape: readonly number[];
  /** The number of the structure's members, where it declares it. */
  readonly count?: number;
  /** Present when the embedding is a set of edges. */
  readonly graph?: {
    readonly vertices: number;
    readonly directed: boolean;
    readonly edges: readonly (readonly [number, number])[];
  };
}

/** One choice of the compiler with its reasons; `explain` prints it. */
export interface Decision {
  /** The latent variable; or a question about a structure as it is asked, such as `log_prob(KSubset(6, 2))`. */
  readonly latent: string;
  readonly pass: "solver" | "relaxation" | "backward" | "sampler" | "k-best" | "log-partition";
  /** The entry points whose programs carry it out; of a structure on its own there are none. */
  readonly entries?: readonly EntryPoint["name"][];
  readonly chosen: string;
  readonly reason: string;
  /** Declared cost at the actual sizes, in elementary steps per example. */
  readonly cost?: number;
  /** The cost formula with its sizes, such as `edges * log(edges) with edges = 45`. */
  readonly costFormula?: string;
  readonly rejected: readonly { readonly option: string; readonly reason: string }[];
}

/** What programs are generated for. */
export type Target = Artifact["target"];
export type Artifact = TfjsArtifact | WebGpuArtifact;

/** What artifacts of all targets say of their model. */
export interface ArtifactOfModel {
  readonly format: "sstc-artifact-1";
  readonly model: string;
  readonly arguments: { readonly [name: string]: number | string | boolean };
  readonly data: readonly Signature[];
  readonly parameters: readonly ParameterSignature[];
  readonly states: readonly StateSignature[];
  readonly hypers: readonly HyperSignature[];
  readonly latents: readonly LatentSummary[];
  readonly metrics: { readonly [name: string]: MetricTree };
  readonly objective: { readonly direction: "maximize" | "minimize" };
  readonly entries: readonly EntryPoint[];
  readonly decisions: readonly Decision[];
}

export interface TfjsArtifact extends ArtifactOfModel {
  readonly target: "tfjs";
  /**
   * JavaScript source of one expression: a function `(tf, runKernel, runLoop) => ({ train, evaluate, sample,
   * sample_soft, kernels, dispose })`. Each entry is `(batch, inputs, parameters, states, hypers, noise) => outputs`:
   * plain objects from name to tf.Tensor (hypers: to numbers). Arguments stay the caller's, to be disposed of by it; so
   * is what is returned, each output a tensor of its own (an argument that is returned must be cloned). `kernels` holds
   * the host kernels: `(batch, inputs: TypedArray[], outputs: Float32Array[]) => void`, outputs starting at zero.
   * `runKernel(name, kernel, batch, inputs: tf.Tensor[], outputSizes: number[], outputShapes: number[][], inputNames:
   * string[], batched = true, temperature?: number, kept: number[] = []) => tf.Tensor[]` is the runtime's: it reads
   * tensors, runs the kernel on typed arrays and checks inputs and outputs for NaN and infinities. Outputs whose
   * numbers are in `kept` are read by other kernels only, and may be anything that those take and that has
   * `dispose()`. `name` is the latent's, or a question such as `entropy(KSubset(6, 2))`, and `inputNames` are the
   * kernel's (`u`, `cotangent`), for messages; `batch` counts problems (examples times the copies of an array of
   * latents); `outputSizes` are values per problem; `outputShapes` are whole shapes, the axis of examples first if
   * `batched`.
   * `runLoop(name, plain, operands: { a, b, … }, shape: number[], batch) => tf.Tensor` is the runtime's, too: a new
   * tensor of that shape, which is `plain(batch, operands).result`, or what the loop of that name in `wasmLoops` makes.
   * `train` returns `loss`, which is minimised whatever the objective's direction, and `gradient:NAME` of it.
   * `dispose()`, which may be missing, frees the tensors that the program keeps from call to call; after it nothing may
   * be called.
   */
  readonly program: string;
  /** The program's kernels as WebAssembly, by their names, as far as their arrays fit into a module's memory. */
  readonly wasmKernels: { readonly [kernel: string]: WasmKernel };
  /**
   * The program's loops as one WebAssembly module, in base64: it imports `host.memory`, that of tfjs's backend, and
   * exports a function `(batch, result, a, b, …)` of addresses for each loop by its name. There is at least one
   * example, and the result lies apart from the operands.
   */
  readonly wasmLoops: string;
}

export interface WebGpuArtifact extends ArtifactOfModel, WebGpuCode {
  readonly target: "webgpu";
}

/**
 * A kernel as JavaScript text: an expression for `(batch, inputs, outputs) => void` over typed arrays of batch × size.
 * Outputs are overwritten; `inputs` are the names of the arrays that it reads, in order, and `outputs` those that it
 * fills, with values per example.
 */
export interface PrintedKernel {
  readonly text: string;
  /** The same as WebAssembly; undefined where it needs more memory than a module may have. */
  readonly wasm: WasmKernel | undefined;
  readonly inputs: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly size: number }[];
}

/**
 * A kernel as a WebAssembly module that solves one example. It imports `host.fail(failure, value)`, which is to throw
 * an error of `failures[failure]`, the value put between its words, and `host.log`, `log1p`, `expm1` and `power`; it
 * exports `memory`, `solve()`, and `narrow(offset, length)`, which rounds f64 numbers to f32 ones in the first half of
 * their place. Its arrays lie in memory as f64 (element `f32`) or i32, at these places; outputs must be cleared before.
 */
export interface WasmKernel {
  /** The module's bytes in base64. */
  readonly module: string;
  readonly inputs: readonly WasmArray[];
  readonly outputs: readonly WasmArray[];
  readonly failures: readonly WasmFailure[];
}
/** Words before and after the value, of what the kernel did; or a requirement, of whose size the value is. */
export type WasmFailure =
  | readonly [before: string, after?: string]
  | { readonly requirement: string; readonly sized: boolean };
export interface WasmArray {
  readonly element: "f32" | "i32" | "bool";
  /** In bytes. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
}

/** What is known of p(x) ∝ exp(uᵀx / t). Of what the structure does not have there is the reason. */
export interface CompiledFamily {
  /** From u / t to log Σ_x exp(uᵀx / t). */
  readonly logPartition: PrintedKernel | Missing;
  /** From u / t to E[x]; and from u / t, E[x] (called x) and cotangent to the covariance of x times cotangent. */
  readonly marginals: { readonly kernel: PrintedKernel; readonly backward: PrintedKernel } | Missing;
  /** From u / t and so many uniform numbers, called noise, to a member. */
  readonly sampler: { readonly kernel: PrintedKernel; readonly noise: number } | Missing;
}
export interface Missing {
  readonly missing: string;
  readonly why?: string;
  readonly help?: string;
}

/** One structure on its own, with a relaxation or without: what `sstc eval` and `layer()` run. */
export interface CompiledLayer {
  /** As written, with arguments: `KSubset(6, 2)`. */
  readonly structure: string;
  /** Values of one member: parts of a composite embedding one after the other, matrices row-major. */
  readonly size: number;
  /** Utilities of one example: as many as values of a member, unless the relaxation takes an input of its own. */
  readonly inputSize: number;
  /** The shape of such an input. */
  readonly inputShape: readonly number[] | undefined;
  /** What a member is made of, one after the other. */
  readonly parts: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Present when the embedding is a set of edges. */
  readonly graph?: LatentSummary["graph"];
  /** The number of members, where the structure declares it. */
  readonly count: number | undefined;
  /** Where each example has a size: a whole number between 1 and `most`, the kernels' input `size`. */
  readonly sizes: { readonly most: number; readonly label: string } | undefined;
  /** The temperature t, where the text says it. */
  readonly temperature: number | undefined;
  /** The hard sample has the gradient of the soft one. */
  readonly straightThrough: boolean;
  /** From u to the hard sample. */
  readonly argmax: PrintedKernel;
  /** From u / t to the soft sample. */
  readonly soft: PrintedKernel | undefined;
  /**
   * From u / t (called u), the soft sample (x), further outputs of `soft` and cotangent, as far as it reads them, to
   * t · (∂x/∂u)ᵀ cotangent.
   */
  readonly backward: { readonly strategy: string; readonly kernel: PrintedKernel } | undefined;
  /** Undefined where a relaxation other than ExpFamily is asked for. */
  readonly family: CompiledFamily | undefined;
  readonly decisions: readonly Decision[];
}

/**
 * One structure on its own for WebGPU: plans named `argmax`, `soft`, `vjp`, `log_partition`, `marginals` and `sample`,
 * as far as they are there, from the inputs `u`, `cotangent` and `size` and the noise `noise` to the output `result`.
 */
export interface CompiledWebGpuLayer
  extends Omit<CompiledLayer, "argmax" | "soft" | "backward" | "family">,
    WebGpuCode {}

/** What an experiment asks for, as data; the runner in runtime/ carries it out. */
export interface ExperimentSpec {
  readonly name: string;
  readonly model: string;
  readonly vary: readonly { readonly name: string; readonly values: readonly StaticArgument[] }[];
  /** Arguments for the model: those that are varied, and those of the chosen scale. */
  readonly modelArguments: { readonly [name: string]: StaticArgument };
  readonly data: {
    readonly path: string;
    readonly function: string;
    /** `named` and `positional` may mention varied names: `{ vary: "T" }`. */
    readonly positional: readonly StaticArgument[];
    readonly named: { readonly [name: string]: StaticArgument };
  };
  readonly hypers: { readonly [name: string]: StaticNumber };
  readonly train: {
    readonly optimizer: {
      readonly name: "adam" | "adamw";
      readonly arguments: { readonly [name: string]: StaticNumber };
    };
    readonly batch: number;
    readonly steps: TrainingLength;
    readonly validateEvery: TrainingLength;
    /** `valid.elbo`: split and metric; the largest wins, or the smallest for a loss. */
    readonly keepBest?: { readonly split: string; readonly metric: string };
  };
  /** Columns such as `test.elbo`, `test.edges.precision`. */
  readonly report: readonly { readonly split: string; readonly metric: string }[];
  readonly scale?: string;
  /**
   * Where the experiment names its variants: what each trains, in place of what stands here, which then only tells what
   * they have in common. Of the reported columns a variant has those that its model has.
   */
  readonly named?: readonly { readonly label: string; readonly spec: ExperimentSpec }[];
}
/** A compile-time argument in plain form: a number, a boolean, a structure's name, or a name to be varied. */
export type StaticArgument = number | boolean | string | { readonly vary: string };
/** Steps, or passes over the training data: how many steps these are, the data tell. */
export type TrainingLength = number | { readonly epochs: number };
/** A number, or the name of one that is varied. */
export type StaticNumber = number | { readonly vary: string };
