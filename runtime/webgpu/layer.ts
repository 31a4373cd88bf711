/**
 * One structured layer on WebGPU: hard and soft samples, vector–Jacobian products and what the exponential family
 * answers. Utilities are numbers on the host, or buffers that are on the device already and give buffers back, without
 * a way over the host.
 */
import type { CompiledWebGpuLayer, WebGpuArtifact } from "../../compiler/artifact.ts";
import type { WebGpuPlan } from "../../compiler/artifact-webgpu.ts";
import { LayerFacts } from "../layer-facts.ts";
import {
  type PerExample,
  type PlainInput,
  type Reading,
  readRows,
  type SameForm,
  writePerExample,
  writeRows,
} from "../layer-rows.ts";
import { type ExampleOptions, readSizes } from "../layer-sizes.ts";
import { PURPOSES } from "../random.ts";
import { UserError } from "../user-error.ts";
import { checkSeed } from "../validate.ts";
import { at, type CallNumbers, Executor, type ExecutorCall } from "./executor.ts";
import { faultError } from "./faults.ts";
import { type Gpu, type GpuOptions, openGpu, USAGE } from "./gpu.ts";

/** Numbers of one example or several on the host; or float32 words of them in a buffer with the usage COPY_SRC. */
export type WebGpuInput = PlainInput | GPUBuffer;
export type WebGpuForm<U extends WebGpuInput> = U extends PlainInput ? SameForm<U> : GPUBuffer;
export type WebGpuPerExample<U extends WebGpuInput> = U extends PlainInput ? PerExample<U> : GPUBuffer;

/** Words of results and faults. */
const NOWHERE = { fixed: 0, perExample: 0 } as const;
const FAULTS = { at: { buffer: "faults", offset: NOWHERE }, words: 4 } as const;

/** Opens a layer on a device; its kernels are compiled before it is there. */
export async function createWebGpuLayer(compiled: CompiledWebGpuLayer, options: GpuOptions = {}): Promise<WebGpuLayer> {
  const gpu = await openGpu(options);
  const layer = new WebGpuLayer(compiled, gpu);
  await layer.prepare();
  return layer;
}

export class WebGpuLayer extends LayerFacts<CompiledWebGpuLayer> {
  /** The device that buffers must be of. */
  readonly device: GPUDevice;
  private readonly gpu: Gpu;
  private readonly executor: Executor;
  /** What calls on buffers have found wrong. */
  private readonly pending: Promise<void>[] = [];

  /** For `createWebGpuLayer`. */
  constructor(layer: CompiledWebGpuLayer, gpu: Gpu) {
    super(layer);
    this.gpu = gpu;
    this.device = gpu.device;
    this.executor = new Executor(gpu, layer as Pick<WebGpuArtifact, "modules" | "tables">, {});
  }

  /** Compiles the kernels of what is asked by these names, or of all; what is not prepared is when it is asked. */
  async prepare(names: readonly string[] = this.layer.plans.map(({ entry }) => entry)): Promise<void> {
    const plans = this.layer.plans.filter(({ entry }) => names.includes(entry));
    await Promise.all(plans.map((plan) => this.executor.prepare(plan)));
  }

  /** The most valuable members. */
  argmax<U extends WebGpuInput>(u: U, examples: ExampleOptions = {}): Promise<WebGpuForm<U>> {
    return this.members("argmax", u, examples);
  }

  /** X_t = argmax over the convex hull of the members of uᵀx − t f(x). */
  soft<U extends WebGpuInput>(u: U, examples: ExampleOptions = {}): Promise<WebGpuForm<U>> {
    return this.members("soft", u, examples);
  }

  /** (∂X_t/∂u)ᵀ cotangent, in the form of `u`. */
  async vjp<U extends WebGpuInput>(u: U, cotangent: U, examples: ExampleOptions = {}): Promise<WebGpuForm<U>> {
    const plan = this.plan("vjp");
    const rows = this.rowsOf(u, this.utilities());
    if (this.rowsOf(cotangent, this.cotangents()) !== rows) {
      throw new UserError(`there are ${this.rowsOf(cotangent, this.cotangents())} cotangents for ${rows} examples`);
    }
    return this.call(plan, { u, cotangent }, rows, examples, this.inputSize, u, (values) =>
      writeRows(values, u as PlainInput, this.utilities()),
    ) as Promise<WebGpuForm<U>>;
  }

  /** log Σ_x exp(uᵀx / t), one number for each example. */
  async logPartition<U extends WebGpuInput>(u: U, examples: ExampleOptions = {}): Promise<WebGpuPerExample<U>> {
    const rows = this.rowsOf(u, this.utilities());
    return this.call(this.plan("log_partition"), { u }, rows, examples, 1, u, (values) =>
      writePerExample(values, u as PlainInput, this.utilities()),
    ) as Promise<WebGpuPerExample<U>>;
  }

  /** E[x] of p(x) ∝ exp(uᵀx / t). */
  marginals<U extends WebGpuInput>(u: U, examples: ExampleOptions = {}): Promise<WebGpuForm<U>> {
    return this.members("marginals", u, examples);
  }

  /** A member drawn from p(x) for each example; the same for the same seed, which is 0 unless given. */
  sample<U extends WebGpuInput>(
    u: U,
    { seed = 0, ...examples }: ExampleOptions & { readonly seed?: number } = {},
  ): Promise<WebGpuForm<U>> {
    return this.members("sample", u, examples, checkSeed(seed));
  }

  /** Once all calls on buffers are through; throws a UserError for what kernels have found wrong with them. */
  async settled(): Promise<void> {
    const waiting = this.pending.splice(0);
    await Promise.all(waiting);
  }

  /** Frees the device's memory, and the device unless it was given. */
  dispose(): void {
    this.executor.destroy();
    this.gpu.destroy();
  }

  private async members<U extends WebGpuInput>(
    name: string,
    u: U,
    examples: ExampleOptions,
    seed = 0,
  ): Promise<WebGpuForm<U>> {
    const rows = this.rowsOf(u, this.utilities());
    const write = (values: Float64Array) => writeRows(values, u as PlainInput, this.utilities());
    return this.call(this.plan(name), { u }, rows, examples, this.size, u, write, seed) as Promise<WebGpuForm<U>>;
  }

  private plan(name: string): WebGpuPlan {
    const plan = this.layer.plans.find(({ entry }) => entry === name);
    if (plan !== undefined) return plan;
    const what = name.replaceAll("_", "-");
    throw new UserError(
      `this layer of ${this.structure} has no ${what === "soft" || what === "vjp" ? "relaxation" : what}`,
      {
        why: "it was not asked for, or the structure does not have it",
        help: `write ${this.structure} relax ExpFamily at 0.5`,
      },
    );
  }

  private async call(
    plan: WebGpuPlan,
    given: { readonly [name: string]: WebGpuInput },
    batch: number,
    examples: ExampleOptions,
    width: number,
    like: WebGpuInput,
    write: (values: Float64Array) => unknown,
    seed = 0,
  ): Promise<unknown> {
    await this.executor.prepare(plan);
    const sizes = readSizes(this.layer, examples);
    const all = { ...given, ...(sizes === undefined ? {} : { size: sizesFor(sizes, batch) }) };
    if (isBuffer(like)) return this.toBuffer(plan, this.inputsOf(plan, all, batch), batch, width, seed);
    const wanted = [FAULTS, { at: plan.outputs.result!, words: batch * width }];
    const call = { ...this.inputsOf(plan, all, batch), wanted };
    const [faults, words] = await this.executor.submit(plan, this.numbers(plan, batch, seed), call)();
    this.tell(plan, faults!);
    return write(Float64Array.from(new Float32Array(words!.buffer, words!.byteOffset, words!.length)));
  }

  /** The result of a plan that is prepared, from buffers that hold `batch` examples each: at once. */
  submit(name: string, given: { readonly [name: string]: GPUBuffer }, batch: number): GPUBuffer {
    const plan = this.plan(name);
    const width = name === "vjp" ? this.inputSize : this.size;
    return this.toBuffer(plan, this.inputsOf(plan, given, batch), batch, width, 0);
  }

  /** What a plan reads, numbers of the host and buffers, and where. */
  private inputsOf(plan: WebGpuPlan, given: { readonly [name: string]: WebGpuInput }, batch: number) {
    const inputs: { offset: number; words: Float32Array }[] = [];
    const buffers: { offset: number; words: number; buffer: GPUBuffer }[] = [];
    let inputWords = 1;
    for (const [name, value] of Object.entries(given)) {
      const place = plan.inputs[name];
      if (place === undefined) continue;
      const offset = at(place.offset, batch);
      const words = batch * this.readingOf(name).size;
      if (isBuffer(value)) buffers.push({ offset, words, buffer: value });
      else inputs.push({ offset, words: Float32Array.from(readRows(value, this.readingOf(name))) });
      inputWords = Math.max(inputWords, offset + words);
    }
    return { inputs, buffers, inputWords };
  }

  private numbers(plan: WebGpuPlan, batch: number, seed: number): CallNumbers {
    const reals = plan.hypers.map(() => this.layer.temperature ?? 1);
    return { batch, seed, streams: PURPOSES.sample, draw: 0, reals };
  }

  /** The result in a buffer of its own; what kernels find wrong is thrown by `settled`, and nowhere else. */
  private toBuffer(
    plan: WebGpuPlan,
    given: Pick<ExecutorCall, "inputs" | "buffers" | "inputWords">,
    batch: number,
    width: number,
    seed: number,
  ): GPUBuffer {
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyDestination;
    const words = batch * width;
    const buffer = this.device.createBuffer({ label: plan.entry, size: words * 4, usage });
    const results = [{ at: plan.outputs.result!, words, buffer }];
    const call = { ...given, wanted: [FAULTS], results };
    const read = this.executor.submit(plan, this.numbers(plan, batch, seed), call);
    const told = read().then(([faults]) => this.tell(plan, faults!));
    told.catch(() => undefined);
    this.pending.push(told);
    return buffer;
  }

  private tell(plan: WebGpuPlan, [number, row, value]: Uint32Array): void {
    if (number !== 0) throw faultError(plan.faults[number! - 1]!, row!, value!, this.layer.temperature);
  }

  private rowsOf(input: WebGpuInput, reading: Reading): number {
    if (!isBuffer(input)) return readRows(input, reading).length / reading.size;
    const rows = input.size / 4 / reading.size;
    if (Number.isInteger(rows) && rows > 0) return rows;
    throw new UserError(`${reading.what} are a buffer of ${input.size} bytes`, {
      why: `an example has ${reading.size} float32 numbers, which are ${4 * reading.size} bytes`,
      help: "give a buffer that holds examples and nothing else",
    });
  }

  private readingOf(name: string): Reading {
    return name === "cotangent"
      ? this.cotangents()
      : name === "size"
        ? { ...this.utilities(), size: 1 }
        : this.utilities();
  }

  private utilities(): Reading {
    return { what: `the utilities of ${this.structure}`, structure: this.structure, size: this.inputSize };
  }

  private cotangents(): Reading {
    return { what: `the cotangents of ${this.structure}`, structure: this.structure, size: this.size };
  }
}

function isBuffer(value: WebGpuInput): value is GPUBuffer {
  return typeof value === "object" && "mapAsync" in value;
}

/** One for each example. */
function sizesFor(sizes: Float64Array, batch: number): Float64Array {
  return sizes.length === batch ? sizes : new Float64Array(batch).fill(sizes[0]!);
}
