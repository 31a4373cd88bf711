/**
 * What a model runs on: tfjs with one of its backends, or WebGPU. An engine holds what the model remembers (parameters,
 * states, the optimiser's moments) and carries out entry points; everything else about a model is in model.ts.
 */
import type { EntryPoint } from "../compiler/artifact.ts";
import type { HostTensor } from "./host-tensor.ts";
import type { AdamOptions } from "./optimizers/adam.ts";
import type { Purpose } from "./random.ts";

export interface EngineDevice {
  readonly name: string;
  /** Bytes that may be in use at once; undefined where nobody knows. */
  readonly memoryLimit: number | undefined;
  /**
   * Whether a step may be asked for before the one before it is through, so that the device need not wait for the host.
   */
  readonly overlaps?: true;
}

/** What one call of an entry point reads. Batches have been checked. */
export interface EngineCall {
  readonly batch: number;
  readonly inputs: { readonly [name: string]: HostTensor };
  readonly hypers: { readonly [name: string]: number };
  /** Which draws of the model's own noise: the engine makes them, on the device if it can. */
  readonly seed: number;
  readonly purpose: Purpose;
  readonly draw: number;
  /** In the place of the model's own, for this call. */
  readonly noise?: { readonly [name: string]: HostTensor };
  readonly parameters?: { readonly [name: string]: Float32Array };
  readonly states?: { readonly [name: string]: Float32Array };
}

export type Outputs = { [output: string]: HostTensor };

export interface OptimizerMemory {
  readonly options: AdamOptions;
  readonly updates: number;
  readonly mean: ReadonlyMap<string, Float32Array>;
  readonly square: ReadonlyMap<string, Float32Array>;
}

export interface Engine {
  readonly device: EngineDevice;
  /** The outputs of an entry point whose names are wanted. */
  run(entry: EntryPoint, call: EngineCall, wanted: (output: string) => boolean): Promise<Outputs>;
  /**
   * Training step number `step`: runs `train`, updates parameters and states, returns the outputs wanted. Steps may be
   * asked for before earlier ones are through. Throws a UserError, and changes nothing, when the loss, a gradient or a
   * new state is not finite.
   */
  train(entry: EntryPoint, call: EngineCall, wanted: (output: string) => boolean, step: number): Promise<Outputs>;
  /** Copies by name, row-major. */
  parameters(): Promise<Map<string, Float32Array>>;
  states(): Promise<Map<string, HostTensor>>;
  optimizer(): Promise<OptimizerMemory>;
  /** Values fit the artifact's signatures. */
  setParameters(values: ReadonlyMap<string, Float32Array>): void;
  setState(name: string, value: HostTensor): void;
  /** Throws a UserError for options that no optimiser takes. */
  setOptimizer(memory: OptimizerMemory): void;
  /** What the generated program forgot to free; zero unless the compiler has a bug. */
  readonly undisposed: number;
  dispose(): void;
}
