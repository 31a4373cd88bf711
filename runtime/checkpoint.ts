/**
 * Checkpoints: a model's parameters, states, optimiser state and place in its training, as one safetensors file. A file
 * of another model, or of another tool, is told apart and refused by name.
 */
import type { Artifact } from "../compiler/artifact.ts";
import { type HostTensor, sameShape, sizeOf } from "./host-tensor.ts";
import { findNotFinite, writeValue } from "./not-finite.ts";
import type { AdamOptions } from "./optimizers/adam.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";
import { listNames, UserError, writeShape } from "./user-error.ts";
import { describe } from "./validate.ts";

const FORMAT = "sstc-checkpoint-1";
const STATE = "state:";
const MEAN = "adam.mean:";
const SQUARE = "adam.square:";

/** Where a training run stands; `examples` and `batch` decide the order of batches. */
export interface TrainingPosition {
  readonly examples: number;
  readonly batch: number;
  /** The best value of the metric that decides which model is kept, and the step it was seen at. */
  readonly best?: { readonly metric: string; readonly value: number; readonly step: number };
}

export interface Checkpoint {
  readonly seed: number;
  /** Training steps made. */
  readonly step: number;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly states: ReadonlyMap<string, HostTensor>;
  /** Hyperparameters that were set by hand. */
  readonly hypers: { readonly [name: string]: number };
  readonly optimizer?: {
    readonly options: AdamOptions;
    readonly updates: number;
    readonly mean: ReadonlyMap<string, Float32Array>;
    readonly square: ReadonlyMap<string, Float32Array>;
  };
  readonly training?: TrainingPosition;
}

/** Identifies what a checkpoint fits: the model's name, arguments, parameters and states. */
export function fingerprint(artifact: Artifact): string {
  const parts = [...artifact.parameters, ...artifact.states].map((s) => [s.name, s.dtype, s.shape]);
  return hashText(JSON.stringify([artifact.model, Object.entries(artifact.arguments).sort(), parts]));
}

/** FNV-1a twice, as 16 hexadecimal digits. */
export function hashText(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x01234567;
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(i), 0x85ebca6b) ^ (low >>> 15);
  }
  return [low, high].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

export function encodeCheckpoint(artifact: Artifact, checkpoint: Checkpoint): Uint8Array {
  const tensors = new Map<string, HostTensor>();
  const { optimizer } = checkpoint;
  for (const { name, shape } of artifact.parameters)
    tensors.set(name, { shape, data: checkpoint.parameters.get(name)! });
  for (const { name } of artifact.states) tensors.set(STATE + name, checkpoint.states.get(name)!);
  if (optimizer !== undefined) {
    for (const { name, shape } of artifact.parameters) {
      tensors.set(MEAN + name, { shape, data: optimizer.mean.get(name)! });
      tensors.set(SQUARE + name, { shape, data: optimizer.square.get(name)! });
    }
  }
  const metadata: { [key: string]: string } = {
    format: FORMAT,
    model: artifact.model,
    fingerprint: fingerprint(artifact),
    arguments: JSON.stringify(artifact.arguments),
    seed: String(checkpoint.seed),
    step: String(checkpoint.step),
    hypers: JSON.stringify(checkpoint.hypers),
  };
  if (optimizer !== undefined)
    metadata.optimizer = JSON.stringify({ options: optimizer.options, updates: optimizer.updates });
  if (checkpoint.training !== undefined) metadata.training = JSON.stringify(checkpoint.training, infiniteAsText);
  return writeSafetensors({ tensors, metadata });
}

/** The model that a checkpoint was written by, and its arguments, so that the same model can be compiled. */
export function checkpointModel(bytes: Uint8Array, file = "the checkpoint"): Pick<Artifact, "model" | "arguments"> {
  const { tensors, metadata } = readSafetensors(bytes, file);
  if (metadata.format !== FORMAT) throw foreignTool(file, [...tensors.keys()], metadata.format);
  const given = readJson(metadata.arguments, "arguments", file) as Artifact["arguments"];
  return { model: metadata.model ?? "", arguments: given };
}

/**
 * Reads a checkpoint for this artifact. Throws a UserError beginning with `file` when the bytes are damaged, were not
 * written by sstc, belong to another model, or hold tensors of other shapes. With `exact`, also when the model's
 * arguments differ, as continuing a run requires.
 */
export function decodeCheckpoint(
  artifact: Artifact,
  bytes: Uint8Array,
  file = "the checkpoint",
  exact = false,
): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, file);
  if (metadata.format !== FORMAT) throw foreignTool(file, [...tensors.keys()], metadata.format);
  if (metadata.model !== artifact.model) {
    throw new UserError(`${file} holds the model \`${metadata.model}\`, not \`${artifact.model}\``, {
      help: "name the checkpoint of this model",
    });
  }
  const parameters = new Map<string, Float32Array>();
  for (const signature of artifact.parameters) {
    parameters.set(signature.name, take(tensors, signature.name, signature, "parameter", file).data as Float32Array);
  }
  const states = new Map(
    artifact.states.map((signature) => [
      signature.name,
      take(tensors, STATE + signature.name, signature, "state", file),
    ]),
  );
  refuseUnknown(artifact, [...tensors.keys()], file);
  if (exact && metadata.fingerprint !== fingerprint(artifact)) {
    throw new UserError(
      `${file} was written by \`${artifact.model}\` with other arguments, so the run cannot be continued`,
      {
        help: "start a new run, or compile the model with the arguments of the old one",
      },
    );
  }
  return {
    seed: readCount(metadata.seed, "seed", file),
    step: readCount(metadata.step, "step", file),
    parameters,
    states,
    hypers: readHypers(metadata.hypers, file),
    ...readOptimizer(artifact, tensors, metadata.optimizer, file),
    ...readTraining(metadata.training, file),
  };
}

function foreignTool(file: string, names: readonly string[], format: string | undefined): UserError {
  const pytorch =
    format === "pt" || names.some((name) => /\.(weight|bias|running_mean|num_batches_tracked)$/.test(name));
  return new UserError(`${file} is a safetensors file, but not a checkpoint of sstc`, {
    why: `${pytorch ? "it looks like a PyTorch model" : "its metadata do not say so"}; it holds ${listNames(names, 4)}`,
    help: "train with `sstc run`, or copy the values into a model with `setParameters`",
  });
}

function take(
  tensors: ReadonlyMap<string, HostTensor>,
  key: string,
  signature: Parameters<typeof describe>[0],
  kind: string,
  file: string,
): HostTensor {
  const tensor = tensors.get(key);
  if (tensor === undefined) {
    throw new UserError(`${file} lacks the ${kind} \`${signature.name}\` of shape ${writeShape(signature.shape)}`, {
      why: "the model was changed after the checkpoint was written, or the checkpoint belongs to another model",
    });
  }
  if (!sameShape(tensor.shape, signature.shape)) {
    const [found, needed] = [writeShape(tensor.shape), writeShape(signature.shape)];
    throw new UserError(
      `${file} holds the ${kind} \`${signature.name}\` with shape ${found}, and the model needs ${needed}`,
      {
        why: `the model declares ${describe(signature)}`,
        help: "compile the model with the arguments it was trained with",
      },
    );
  }
  if (!(tensor.data instanceof Float32Array) && signature.dtype === "f32") {
    throw new UserError(`${file} holds the ${kind} \`${signature.name}\` with elements that are not F32`);
  }
  const wrong = tensor.data instanceof Float32Array ? findNotFinite(tensor.data) : -1;
  if (wrong >= 0) {
    throw new UserError(
      `${file} holds the ${kind} \`${signature.name}\` with ${writeValue(tensor.data[wrong]!)} at position ${wrong}`,
      { why: "the file was changed, or its training had diverged", help: "take an earlier checkpoint" },
    );
  }
  return tensor;
}

function refuseUnknown(artifact: Artifact, names: readonly string[], file: string): void {
  const known = new Set(artifact.parameters.flatMap(({ name }) => [name, MEAN + name, SQUARE + name]));
  for (const { name } of artifact.states) known.add(STATE + name);
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new UserError(`${file} holds ${listNames(unknown, 4)}, which \`${artifact.model}\` does not have`, {
    why: "the model was changed after the checkpoint was written",
  });
}

function readJson(text: string | undefined, key: string, file: string): { [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value === "object" && value !== null) return value as { [name: string]: unknown };
  } catch {
    // Falls through to the error below.
  }
  throw new UserError(`${file} has bad metadata: \`${key}\` is not a JSON object`);
}

function readCount(text: string | undefined, key: string, file: string): number {
  const value = Number(text);
  if (text === undefined || !Number.isSafeInteger(value) || value < 0)
    throw new UserError(`${file} has bad metadata: \`${key}\` is not a count`);
  return value;
}

function readHypers(text: string | undefined, file: string): { [name: string]: number } {
  const hypers = readJson(text, "hypers", file);
  if (!Object.values(hypers).every((value) => typeof value === "number"))
    throw new UserError(`${file} has bad metadata: \`hypers\` must be numbers`);
  return hypers as { [name: string]: number };
}

/** JSON writes infinite numbers as null, and a metric such as the logarithm of 0 is one. */
function infiniteAsText(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? String(value) : value;
}

function readTraining(text: string | undefined, file: string): Pick<Checkpoint, "training"> {
  if (text === undefined) return {};
  const { examples, batch, best } = readJson(text, "training", file);
  const counts = [examples, batch].every((count) => Number.isSafeInteger(count) && (count as number) > 0);
  const { metric, value, step } = (best ?? {}) as { readonly [name: string]: unknown };
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (
    !counts ||
    (best !== undefined && (typeof metric !== "string" || Number.isNaN(number) || !Number.isInteger(step)))
  )
    throw new UserError(`${file} has bad metadata: \`training\` is incomplete`);
  const position = { examples: examples as number, batch: batch as number };
  if (best === undefined) return { training: position };
  return { training: { ...position, best: { metric: metric as string, value: number, step: step as number } } };
}

function readOptimizer(
  artifact: Artifact,
  tensors: ReadonlyMap<string, HostTensor>,
  text: string | undefined,
  file: string,
): Pick<Checkpoint, "optimizer"> {
  if (text === undefined) return {};
  const { options, updates } = readJson(text, "optimizer", file) as { options?: AdamOptions; updates?: number };
  if (options === undefined || typeof options.learningRate !== "number" || updates === undefined) {
    throw new UserError(`${file} has bad metadata: \`optimizer\` is incomplete`);
  }
  if (!Number.isSafeInteger(updates) || updates < 0)
    throw new UserError(`${file} has bad metadata: the updates of \`optimizer\` are not a count`);
  const moments = (prefix: string) =>
    new Map(
      artifact.parameters.map((p) => [
        p.name,
        take(tensors, prefix + p.name, p, "optimiser state of", file).data as Float32Array,
      ]),
    );
  return { optimizer: { options, updates, mean: moments(MEAN), square: moments(SQUARE) } };
}

/** How many numbers the parameters of a model are. */
export function parameterCount(artifact: Artifact): number {
  return artifact.parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
}
