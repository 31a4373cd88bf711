/**
 * A model on WebGPU: parameters, states and the optimiser's moments stay on the device, and a training step is one
 * submission. The host sends inputs and reads back what is reported, together with what kernels have found wrong.
 */
import type { EntryPoint, WebGpuArtifact } from "../../compiler/artifact.ts";
import type { WebGpuFault, WebGpuLocation, WebGpuPlan } from "../../compiler/artifact-webgpu.ts";
import { diverged } from "../divergence.ts";
import type { Engine, EngineCall, OptimizerMemory, Outputs } from "../engine.ts";
import { type HostTensor, sizeOf } from "../host-tensor.ts";
import { initializeParameter } from "../initialize.ts";
import { Adam, type AdamOptions, learningRateAt } from "../optimizers/adam.ts";
import { PURPOSES } from "../random.ts";
import { at, Executor } from "./executor.ts";
import { faultError } from "./faults.ts";
import type { Gpu } from "./gpu.ts";

export interface WebGpuEngineOptions {
  readonly seed: number;
  readonly optimizer?: AdamOptions;
}

const NOWHERE = { fixed: 0, perExample: 0 } as const;
const FAULTS = { at: { buffer: "faults", offset: NOWHERE }, words: 4 } as const;
/** Words of the verdict before those of parameters and states. */
const VERDICT_HEAD = 3;
/** Numbers of the optimiser in the uniform `Call`. */
const OPTIMIZER_NUMBERS = 7;
const INFINITE = 0x7f800000;
/** Of a gradient whose square float32 cannot hold. */
const LARGEST_GRADIENT = 0x5f7fffff;

export class WebGpuEngine implements Engine {
  readonly device = { name: "webgpu", memoryLimit: undefined, overlaps: true } as const;
  readonly undisposed = 0;
  readonly executor: Executor;
  private readonly artifact: WebGpuArtifact;
  private readonly gpu: Gpu;
  private readonly sizes: { readonly parameters: number; readonly states: number };
  private options: AdamOptions;
  private updates = 0;
  /** Steps that are on their way; they are through in their order. */
  private pending: Promise<unknown> = Promise.resolve();

  constructor(artifact: WebGpuArtifact, gpu: Gpu, options: WebGpuEngineOptions) {
    this.artifact = artifact;
    this.gpu = gpu;
    this.options = options.optimizer ?? { name: "adam", learningRate: 1e-3 };
    // What no optimiser takes is refused before anything is made.
    new Adam(this.options, 0);
    const total = (all: readonly { readonly shape: readonly number[] }[]) =>
      all.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const [parameters, states] = [total(artifact.parameters), total(artifact.states)];
    this.sizes = { parameters, states };
    const verdict = VERDICT_HEAD + artifact.parameters.length + artifact.states.length;
    this.executor = new Executor(gpu, artifact, {
      parameters,
      states,
      gradients: parameters,
      new_states: states,
      moments: 2 * parameters,
      verdict,
    });
    this.setParameters(
      new Map(artifact.parameters.map((each) => [each.name, initializeParameter(each, options.seed)])),
    );
    for (const { name, shape, value } of artifact.states) {
      this.setState(name, { shape, data: new Float32Array(sizeOf(shape)).fill(value) });
    }
  }

  private plan(entry: EntryPoint): WebGpuPlan {
    return this.artifact.plans.find((plan) => plan.entry === entry.name)!;
  }

  async run(entry: EntryPoint, call: EngineCall, wanted: (output: string) => boolean): Promise<Outputs> {
    const { update: _, ...plan } = this.plan(entry);
    const restore = this.replace(call);
    try {
      const [outputs, faults] = await this.execute(entry, plan, call, wanted, []);
      this.tell(plan, call, faults[0]!);
      return outputs;
    } finally {
      restore();
    }
  }

  async train(
    entry: EntryPoint,
    call: EngineCall,
    wanted: (output: string) => boolean,
    step: number,
  ): Promise<Outputs> {
    const plan = this.plan(entry);
    const { parameters, states } = this.artifact;
    const updates = ++this.updates;
    const words = VERDICT_HEAD + parameters.length + states.length;
    const verdictAt = { at: { buffer: "verdict", offset: NOWHERE } as const, words };
    const executed = this.execute(entry, plan, call, wanted, [verdictAt], this.optimizerNumbers(updates));
    const before = this.pending;
    this.pending = executed.catch(() => undefined);
    const [outputs, [faults, verdict]] = await executed;
    if (verdict![1] === 1) return outputs;
    this.updates = Math.min(this.updates, updates - 1);
    // Later steps that are on their way find the model halted too; then it may go on.
    await before;
    await this.pending;
    this.executor.write("verdict", new Uint32Array(1));
    this.tell(plan, call, faults!);
    throw diverged(step, this.whatDiverged(verdict!));
  }

  /** `more` is read back besides; before that stand the faults. */
  private async execute(
    entry: EntryPoint,
    plan: WebGpuPlan,
    call: EngineCall,
    wanted: (output: string) => boolean,
    more: readonly { readonly at: WebGpuLocation; readonly words: number }[],
    optimizer: readonly number[] = new Array<number>(OPTIMIZER_NUMBERS).fill(0),
  ): Promise<[Outputs, Uint32Array[]]> {
    const { batch, seed, draw } = call;
    const outputs = entry.outputs.filter(({ name }) => wanted(name));
    const inputs = Object.entries(call.inputs).flatMap(([name, { data }]) => {
      const place = plan.inputs[name];
      return place === undefined ? [] : [{ offset: at(place.offset, batch), words: wordsOf(data) }];
    });
    const noise = call.noise ?? {};
    const read = await this.executor.run(
      plan,
      {
        batch,
        seed,
        streams: PURPOSES[call.purpose],
        draw,
        reals: [...plan.hypers.map((name) => call.hypers[name]!), ...optimizer],
      },
      {
        inputs,
        inputWords: Math.max(1, ...inputs.map(({ offset, words }) => offset + words.length)),
        draws: Object.entries(noise).flatMap(([name, { data }]) => {
          const place = plan.noise[name];
          return place === undefined ? [] : [{ at: place, words: Float32Array.from(data) }];
        }),
        skipped: (step) => step.noise !== undefined && noise[step.noise] !== undefined,
        wanted: [
          FAULTS,
          ...more,
          ...outputs.map(({ name, shape, batched }) => ({
            at: plan.outputs[name]!,
            words: sizeOf(shape) * (batched ? batch : 1),
          })),
        ],
      },
    );
    const rest = read.slice(1 + more.length);
    const made = outputs.map(({ name, shape, batched, dtype }, i): [string, HostTensor] => [
      name,
      { shape: batched ? [batch, ...shape] : [...shape], data: valuesOf(rest[i]!, dtype) },
    ]);
    return [Object.fromEntries(made), read.slice(0, 1 + more.length)];
  }

  /** Throws what a kernel has found wrong. */
  private tell(plan: WebGpuPlan, call: EngineCall, faults: Uint32Array): void {
    const [number, row, value] = faults as unknown as [number, number, number];
    if (number === 0) return;
    const fault: WebGpuFault | undefined = plan.faults[number - 1];
    if (fault === undefined) throw new Error(`a kernel reported fault ${number}, which nobody knows`);
    const { temperature } = fault;
    throw faultError(fault, row, value, typeof temperature === "string" ? call.hypers[temperature] : temperature);
  }

  private whatDiverged(verdict: Uint32Array): string {
    const { parameters } = this.artifact;
    const magnitude = (bits: number) => bits & 0x7fffffff;
    if (magnitude(verdict[2]!) >= INFINITE) return "the loss is not finite";
    const parameter = parameters.findIndex((_, i) => verdict[VERDICT_HEAD + i]! > LARGEST_GRADIENT);
    if (parameter >= 0) {
      const infinite = verdict[VERDICT_HEAD + parameter]! >= INFINITE;
      const wrong = infinite ? "not finite" : "too large to be squared in float32";
      return `the gradient of the parameter \`${parameters[parameter]!.name}\` is ${wrong}`;
    }
    const first = VERDICT_HEAD + parameters.length;
    const changing = this.changingStates();
    const state = changing.findIndex((_, i) => verdict[first + i]! >= INFINITE);
    return state >= 0
      ? `the new state \`${changing[state]}\` is not finite`
      : "an earlier step that was on its way diverged";
  }

  /** States that training changes, in the order of the verdict. */
  private changingStates(): string[] {
    const train = this.artifact.entries.find(({ name }) => name === "train")!;
    const changing = new Set(train.outputs.map(({ name }) => name));
    return this.artifact.states.map(({ name }) => name).filter((name) => changing.has(`state:${name}`));
  }

  private optimizerNumbers(updates: number): number[] {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, name } = this.options;
    const learningRate = learningRateAt(this.options, updates);
    return [
      learningRate / (1 - beta1 ** updates),
      1 - beta1,
      1 - beta2,
      1 / (1 - beta2 ** updates),
      epsilon,
      name === "adam" ? weightDecay : 0,
      name === "adamw" ? 1 - learningRate * weightDecay : 1,
    ];
  }

  /** Puts other values in the place of parameters and states; what is returned takes that back. */
  private replace({ parameters = {}, states = {} }: EngineCall): () => void {
    const { layout } = this.artifact;
    const restore = [
      this.executor.replace(
        "parameters",
        Object.entries(parameters).map(([name, words]) => ({ offset: layout.parameters[name]!, words })),
      ),
      this.executor.replace(
        "states",
        Object.entries(states).map(([name, words]) => ({ offset: layout.states[name]!, words })),
      ),
    ];
    return () => {
      for (const each of restore) each();
    };
  }

  private async split(
    buffer: "parameters" | "states" | "moments",
    of: "parameters" | "states",
    first = 0,
  ): Promise<Map<string, Float32Array>> {
    const size = this.sizes[of];
    const words = await this.executor.read(buffer, first + size);
    const values = new Float32Array(words.buffer, words.byteOffset + first * 4, size);
    return new Map(
      this.artifact[of].map(({ name, shape }) => {
        const begin = this.artifact.layout[of][name]!;
        return [name, values.slice(begin, begin + sizeOf(shape))];
      }),
    );
  }

  parameters(): Promise<Map<string, Float32Array>> {
    return this.split("parameters", "parameters");
  }

  async states(): Promise<Map<string, HostTensor>> {
    const values = await this.split("states", "states");
    return new Map(
      this.artifact.states.map(({ name, shape }) => [name, { shape: [...shape], data: values.get(name)! }]),
    );
  }

  async optimizer(): Promise<OptimizerMemory> {
    const mean = await this.split("moments", "parameters");
    const square = await this.split("moments", "parameters", this.sizes.parameters);
    return { options: new Adam(this.options, 0).options, updates: this.updates, mean, square };
  }

  setParameters(values: ReadonlyMap<string, Float32Array>): void {
    for (const [name, words] of values) this.executor.write("parameters", words, this.artifact.layout.parameters[name]);
  }

  setState(name: string, { data }: HostTensor): void {
    this.executor.write("states", Float32Array.from(data), this.artifact.layout.states[name]);
  }

  setOptimizer({ options, updates, mean, square }: OptimizerMemory): void {
    new Adam(options, 0);
    this.options = options;
    this.updates = updates;
    for (const { name } of this.artifact.parameters) {
      const begin = this.artifact.layout.parameters[name]!;
      this.executor.write("moments", mean.get(name)!, begin);
      this.executor.write("moments", square.get(name)!, this.sizes.parameters + begin);
    }
  }

  dispose(): void {
    this.executor.destroy();
    this.gpu.destroy();
  }
}

/** What the device holds of a value: truth values are words. */
function wordsOf(data: HostTensor["data"]): Float32Array | Int32Array | Uint32Array {
  return data instanceof Uint8Array ? Uint32Array.from(data) : (data as Float32Array | Int32Array);
}

function valuesOf(words: Uint32Array, dtype: "f32" | "i32" | "bool"): HostTensor["data"] {
  const copy = words.slice();
  if (dtype === "bool") return Uint8Array.from(copy);
  return dtype === "f32" ? new Float32Array(copy.buffer) : new Int32Array(copy.buffer);
}
