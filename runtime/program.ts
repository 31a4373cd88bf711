/** Evaluates an artifact's program and calls its entry points: tensors in, noise drawn, outputs back on the host. */
import type * as core from "@tensorflow/tfjs-core";
import type { EntryPoint, NoiseSignature, TfjsArtifact } from "../compiler/artifact.ts";
import type { Device, Tensorflow } from "./devices.ts";
import { type HostArray, type HostTensor, sizeOf } from "./host-tensor.ts";
import { kept, normal, PURPOSES, type Purpose, uniform } from "./random.ts";
import { createRunKernel, type HostKernel, type RunKernel } from "./run-kernel.ts";
import { UserError } from "./user-error.ts";
import { loadWasmKernel } from "./wasm-kernel.ts";
import { createRunLoop, type RunLoop } from "./wasm-loops.ts";
import { drawnTensor } from "./wasm-noise.ts";

export type TensorRecord = { readonly [name: string]: core.Tensor };
export type EntryFunction = (
  batch: number,
  inputs: TensorRecord,
  parameters: TensorRecord,
  states: TensorRecord,
  hypers: { readonly [name: string]: number },
  noise: TensorRecord,
) => TensorRecord;
/** What an artifact's program text evaluates to; generated modules hold the function itself. */
export type ProgramFactory = (
  tf: Tensorflow,
  runKernel: RunKernel,
  runLoop: RunLoop,
) => { readonly [entry in EntryPoint["name"]]?: EntryFunction } & {
  readonly kernels?: { readonly [name: string]: HostKernel };
  readonly dispose?: () => void;
};

/**
 * The function that an artifact's text denotes. `new Function` is safe as far as the compiler is: it prints numbers,
 * operations and identifiers that it has sanitised, and nothing else of a source reaches the text. An artifact from a
 * stranger is a program from a stranger. Pages whose content security policy forbids evaluation pass the function of a
 * generated module to `instantiate` instead.
 */
export function evaluateProgram(artifact: TfjsArtifact): ProgramFactory {
  return new Function(`"use strict"; return (${artifact.program}\n);`)() as ProgramFactory;
}

export function toTensor(tf: Tensorflow, dtype: "f32" | "i32" | "bool", { shape, data }: HostTensor): core.Tensor {
  return tf.tensor(data, [...shape], dtype === "f32" ? "float32" : dtype === "i32" ? "int32" : "bool");
}

/** A copy: the cpu backend hands out its own memory. */
export function toHost(tensor: core.Tensor): HostTensor {
  return { shape: tensor.shape, data: (tensor.dataSync() as HostArray).slice() };
}

/** The draws as a tensor, made on the device where it can. */
export function noiseTensor(tf: Tensorflow, noise: NoiseSignature, call: NoiseCall): core.Tensor {
  const { seed, purpose, draw, batch } = call;
  const { base, rate = 0 } = noise;
  const shape = noise.batched ? [batch, ...noise.shape] : noise.shape;
  const stream = PURPOSES[purpose] + noise.stream;
  const drawn = base === "normal" ? undefined : drawnTensor(tf, shape, { base, seed, stream, step: draw, rate });
  return drawn ?? toTensor(tf, "f32", drawNoise(noise, seed, purpose, draw, batch));
}

export interface NoiseCall {
  readonly seed: number;
  readonly purpose: Purpose;
  readonly draw: number;
  readonly batch: number;
}

/** The draws of one random leaf: a function of the seed, the leaf's stream, what it is for, and how often before. */
export function drawNoise(
  noise: NoiseSignature,
  seed: number,
  purpose: Purpose,
  draw: number,
  batch: number,
): HostTensor {
  const shape = noise.batched ? [batch, ...noise.shape] : noise.shape;
  const [stream, size] = [PURPOSES[purpose] + noise.stream, sizeOf(shape)];
  switch (noise.base) {
    case "uniform":
      return { shape, data: uniform(seed, stream, draw, size) };
    case "normal":
      return { shape, data: normal(seed, stream, draw, size) };
    case "kept":
      return { shape, data: kept(seed, stream, draw, size, noise.rate ?? 0) };
  }
}

export interface Call {
  readonly batch: number;
  readonly inputs: { readonly [name: string]: HostTensor };
  readonly parameters: TensorRecord;
  readonly states: TensorRecord;
  readonly hypers: { readonly [name: string]: number };
  /** Draws, or what makes a tensor of them. */
  readonly noise: { readonly [name: string]: HostTensor | (() => core.Tensor) };
}

/** An artifact's program on a device. */
export class Program {
  private readonly entries: ReturnType<ProgramFactory>;
  private readonly artifact: TfjsArtifact;
  private readonly device: Device;
  private readonly modules = new Map<HostKernel, HostKernel>();
  /** Tensors that entry points left behind instead of disposing them: zero for a correct program. */
  undisposed = 0;
  /** Entry points that have run, and so have made the tables that a program keeps from its first call on. */
  private readonly called = new Set<EntryPoint["name"]>();

  constructor(artifact: TfjsArtifact, device: Device, factory?: ProgramFactory) {
    this.artifact = artifact;
    this.device = device;
    device.use();
    const runKernel = createRunKernel(device.tf, (kernel) => this.prepared(kernel));
    const runLoop = createRunLoop(device.tf, artifact.wasmLoops);
    this.entries = (factory ?? evaluateProgram(artifact))(device.tf, runKernel, runLoop);
  }

  /** On the device `wasm`, kernels run as WebAssembly; a module is made when its kernel is first run. */
  private prepared(kernel: HostKernel): HostKernel {
    if (this.device.name !== "wasm") return kernel;
    const known = this.modules.get(kernel);
    if (known !== undefined) return known;
    const name = Object.entries(this.entries.kernels ?? {}).find(([, each]) => each === kernel)?.[0];
    const printed = name === undefined ? undefined : this.artifact.wasmKernels[name];
    const loaded = printed === undefined ? kernel : loadWasmKernel(printed);
    this.modules.set(kernel, loaded);
    return loaded;
  }

  /**
   * Runs an entry point. The outputs become the caller's to dispose. When the program throws, nothing is left behind.
   */
  call(entry: EntryPoint, call: Call): TensorRecord {
    const { tf } = this.device;
    this.device.use();
    const run = this.entries[entry.name];
    if (run === undefined) throw new Error(`the program of ${this.artifact.model} has no function ${entry.name}`);
    const dtypes = new Map(this.artifact.data.map(({ name, dtype }) => [name, dtype]));
    const created: core.Tensor[] = [];
    const create = (dtype: "f32" | "i32" | "bool", value: HostTensor) => {
      const tensor = toTensor(tf, dtype, value);
      created.push(tensor);
      return tensor;
    };
    return tf.tidy(() => {
      const inputs = mapRecord(call.inputs, (value, name) => create(dtypes.get(name) ?? "f32", value));
      const noise = mapRecord(call.noise, (value) => {
        if (typeof value !== "function") return create("f32", value);
        const tensor = value();
        created.push(tensor);
        return tensor;
      });
      const before = tf.engine().state.numTensors;
      const outputs = this.guarded(entry, call.batch, () =>
        run(call.batch, inputs, call.parameters, call.states, call.hypers, noise),
      );
      const returned = new Set(Object.values(outputs)).size;
      if (this.called.has(entry.name)) this.undisposed += tf.engine().state.numTensors - before - returned;
      this.called.add(entry.name);
      for (const tensor of created) tensor.dispose();
      return outputs as { [name: string]: core.Tensor };
    });
  }

  /** Frees what the program keeps between calls; it cannot be called afterwards. */
  dispose(): void {
    this.entries.dispose?.();
  }

  /** A WebAssembly module that gets no more memory reads and writes where there is none, and traps. */
  private guarded<T>(entry: EntryPoint, batch: number, work: () => T): T {
    try {
      return work();
    } catch (problem) {
      if (!(problem instanceof WebAssembly.RuntimeError)) throw problem;
      const what = `the device \`${this.device.name}\` failed in \`${entry.name}\` on a batch of ${batch}`;
      throw new UserError(what, {
        why: `${problem.message}: most often there was no more memory to be had`,
        help: "reduce the batch or the sizes of the model, or use the device `cpu`; if small ones fail, too, report it",
      });
    }
  }
}

export function mapRecord<A, B>(
  record: { readonly [name: string]: A },
  map: (value: A, name: string) => B,
): { [name: string]: B } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

export function disposeAll(tensors: Iterable<core.Tensor>): void {
  for (const tensor of tensors) if (!tensor.isDisposed) tensor.dispose();
}
