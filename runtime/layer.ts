/**
 * One structured layer for programs of their own: hard and soft samples, vector–Jacobian products, and questions about
 * the exponential family, of tensors, typed arrays or lists of numbers. On tensors they are operations that `tf.grad`
 * differentiates, whatever the backend: the solver runs on the host, in float64.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { CompiledLayer, Decision, PrintedKernel } from "../compiler/artifact.ts";
import type { DeviceName, DeviceOptions } from "./devices.ts";
import type { HostFamily } from "./host-family.ts";
import type { Printed, Results } from "./host-kernels.ts";
import { HostLayer } from "./host-layer.ts";
import { LayerFacts } from "./layer-facts.ts";
import { requireCount, requireSameForm, requireUtilities } from "./layer-forms.ts";
import { type LayerTensorflow, type Operation, operate, pullBack } from "./layer-operation.ts";
import {
  exampleAxes,
  isTensor,
  type KBest,
  type LayerInput,
  type PerExample,
  type Reading,
  readRows,
  type SameForm,
  type Several,
  writePerExample,
  writeRows,
  writeSeveral,
} from "./layer-rows.ts";
import { type ExampleOptions, readSizes } from "./layer-sizes.ts";
import { UserError } from "./user-error.ts";
import { checkSeed } from "./validate.ts";

export interface LayerDevice extends DeviceOptions {
  /** The backend that is started and made tfjs's current one: `wasm` unless given. */
  readonly device?: DeviceName;
  /** A copy of tfjs that runs already, with whatever backend it has; instead of `device`. */
  readonly tf?: LayerTensorflow;
}

export interface Layer {
  /** As written, with arguments: `KSubset(6, 2)`. */
  readonly structure: string;
  /** Numbers of one member, and of one example. */
  readonly size: number;
  /** Utilities of one example: as many, unless the relaxation takes an input of its own (`L2X` takes k rows of n). */
  readonly inputSize: number;
  /** The number of members, where the structure declares it. */
  readonly count: number | undefined;
  /** What the compiler chose, and why. */
  readonly decisions: readonly Decision[];
  /**
   * The most valuable members. Without a gradient, since they are piecewise constant; with `straight_through` they have
   * that of the soft samples.
   */
  argmax<U extends LayerInput>(u: U, examples?: ExampleOptions): SameForm<U>;
  /** X_t = argmax over the convex hull of the members of uᵀx − t f(x). */
  soft<U extends LayerInput>(u: U, examples?: ExampleOptions): SameForm<U>;
  /** (∂X_t/∂u)ᵀ cotangent, in the form of `u`. */
  vjp<U extends LayerInput>(u: U, cotangent: LayerInput, examples?: ExampleOptions): SameForm<U>;
  /** log Σ_x exp(uᵀx / t), one number for each example; its gradient is the marginals, divided by t. */
  logPartition<U extends LayerInput>(u: U, examples?: ExampleOptions): PerExample<U>;
  /** −Σ_x p(x) log p(x) of p(x) ∝ exp(uᵀx / t). */
  entropy<U extends LayerInput>(u: U, examples?: ExampleOptions): PerExample<U>;
  /** log p(x) of a member x for each example, in the form of `u`. */
  logProb<U extends LayerInput>(u: U, x: LayerInput, examples?: ExampleOptions): PerExample<U>;
  /** E[x]: the soft sample of the exponential family, of the utilities as they are. */
  marginals<U extends LayerInput>(u: U, examples?: ExampleOptions): SameForm<U>;
  /** A member drawn from p(x) for each example; the same for the same seed, which is 0 unless given. No gradient. */
  sample<U extends LayerInput>(u: U, options?: SampleOptions & { readonly draws?: undefined }): SameForm<U>;
  /** As many as `draws`: lists of members, or an axis before that of the members' numbers. */
  sample<U extends LayerInput>(u: U, options: SampleOptions & { readonly draws: number }): Several<U>;
  /**
   * The `count` most valuable members by falling value, and their values. Where there are fewer members, lists are
   * shorter, and arrays and tensors end with zeros. No gradient.
   */
  kBest<U extends LayerInput>(u: U, count: number, examples?: ExampleOptions): KBest<U>;
}

export interface SampleOptions extends ExampleOptions {
  /** An integer below 2^32. */
  readonly seed?: number;
}

/** Compiles what lists a number of best members; throws where the structure cannot. */
export type CompileKBest = (count: number) => PrintedKernel;

/** A layer on a device, or on a copy of tfjs that runs already. */
export async function createLayer(
  compiled: CompiledLayer,
  options: LayerDevice = {},
  compileKBest?: CompileKBest,
): Promise<Layer> {
  const { device, tf, ...rest } = options;
  if (tf !== undefined && device !== undefined) {
    throw new UserError("a layer takes `tf` or `device`, not both", {
      help: "leave out `device`: your own tfjs has a backend already",
    });
  }
  if (tf !== undefined)
    return new StructureLayer(compiled, { tf, printed: printedFor(tf.getBackend?.()), compileKBest });
  // Not before it is needed: who brings a tfjs loads no other.
  const { openDevice } = await import("./devices.ts");
  const opened = await openDevice(device ?? "wasm", rest);
  return new StructureLayer(compiled, { tf: opened.tf, printed: printedFor(opened.name), compileKBest });
}

/** Where tensors are computed with by WebAssembly, kernels are, too. */
function printedFor(backend: string | undefined): Printed {
  return backend === "wasm" ? "wasm" : "javascript";
}

/** From rows of utilities to rows, and back. */
interface Solver {
  readonly forward: (u: Float64Array) => Float64Array;
  readonly backward: (u: Float64Array, value: Float64Array, cotangent: Float64Array) => Float64Array;
}

/** What a layer runs on. Without `tf` it takes no tensors. */
export interface LayerHost {
  readonly tf?: LayerTensorflow | undefined;
  readonly printed?: Printed | undefined;
  readonly compileKBest?: CompileKBest | undefined;
}

export class StructureLayer extends LayerFacts<CompiledLayer> implements Layer {
  private readonly host: HostLayer;
  private readonly tf: LayerTensorflow | undefined;
  private readonly compileKBest: CompileKBest | undefined;
  /** By the number of members. */
  private readonly listing = new Map<number, PrintedKernel>();

  constructor(layer: CompiledLayer, { tf, printed, compileKBest }: LayerHost = {}) {
    super(layer);
    const { structure, temperature } = layer;
    if (temperature !== undefined && !(temperature > 0 && Number.isFinite(temperature))) {
      throw new UserError(`the temperature of ${structure} must be a number greater than 0, but it is ${temperature}`);
    }
    this.host = new HostLayer(layer, printed);
    this.tf = tf;
    this.compileKBest = compileKBest;
  }

  argmax<U extends LayerInput>(u: U, examples: ExampleOptions = {}): SameForm<U> {
    const host = this.hostFor(examples);
    return this.sameForm(u, {
      forward: (rows) => host.argmax(rows),
      backward: (rows, _, cotangent) => {
        if (this.layer.straightThrough) return host.vjp(rows, cotangent, this.temperature());
        throw new UserError(`the hard sample of ${this.structure} has no gradient`, {
          why: "it is piecewise constant in the utilities",
          help: "use soft(u), or write straight_through after the temperature",
        });
      },
    });
  }

  soft<U extends LayerInput>(u: U, examples: ExampleOptions = {}): SameForm<U> {
    const t = this.temperature();
    const host = this.hostFor(examples);
    let results: Results | undefined;
    return this.sameForm(u, {
      forward: (rows) => {
        results = host.run(rows, t);
        return results.get("x")!;
      },
      backward: (rows, _, cotangent) => host.vjp(rows, cotangent, t, results),
    });
  }

  vjp<U extends LayerInput>(u: U, cotangent: LayerInput, examples: ExampleOptions = {}): SameForm<U> {
    const t = this.temperature();
    const host = this.hostFor(examples);
    const rows = readRows(u, this.utilities());
    const backward = (given: Float64Array) => host.vjp(rows, given, t);
    requireSameForm([u, this.utilities()], [cotangent, this.cotangents()], "cotangents");
    if (isTensor(u)) {
      const reading = { utilities: this.utilities(), cotangents: this.cotangents() };
      const result = pullBack({ tf: this.tensorflow(), ...reading }, u, cotangent as core.Tensor, backward);
      return result as SameForm<U>;
    }
    return writeRows(backward(readRows(cotangent, this.cotangents())), u, this.utilities()) as SameForm<U>;
  }

  logPartition<U extends LayerInput>(u: U, examples: ExampleOptions = {}): PerExample<U> {
    const [family, t] = this.family("log-partition", examples);
    return this.perExample(u, {
      forward: (rows) => family.logPartition(rows, t),
      backward: (rows, _, cotangent) => family.logPartitionVjp(rows, cotangent, t),
    });
  }

  entropy<U extends LayerInput>(u: U, examples: ExampleOptions = {}): PerExample<U> {
    const [family, t] = this.family("entropy", examples);
    return this.perExample(u, {
      forward: (rows) => family.entropy(rows, t),
      backward: (rows, _, cotangent) => family.entropyVjp(rows, cotangent, t),
    });
  }

  logProb<U extends LayerInput>(u: U, x: LayerInput, examples: ExampleOptions = {}): PerExample<U> {
    const [family, t] = this.family("log-probabilities", examples);
    const utilities = this.utilities();
    const members = { ...utilities, what: `the members of ${this.structure}` };
    requireSameForm([u, utilities], [x, members], "members");
    if (!isTensor(u)) {
      const values = family.logProb(readRows(u, utilities), readRows(x, members), t);
      return writePerExample(values, u, utilities) as PerExample<U>;
    }
    const operation: Operation = {
      tf: this.tensorflow(),
      inputs: [utilities, members],
      cotangents: { ...this.cotangents(), size: 1 },
      forward: (rows, drawn) => family.logProb(rows!, drawn!, t),
      backward: ([rows, drawn], _, cotangent) => {
        const gradient = family.logProbVjp(rows!, drawn!, cotangent, t);
        return [gradient.u, gradient.x];
      },
    };
    return operate(operation, [u, x as core.Tensor], exampleAxes(u.shape, utilities)) as PerExample<U>;
  }

  marginals<U extends LayerInput>(u: U, examples: ExampleOptions = {}): SameForm<U> {
    const [family, t] = this.family("marginals", examples);
    return this.sameForm(u, {
      forward: (rows) => family.marginals(rows, t),
      backward: (rows, x, cotangent) => family.marginalsVjp(rows, cotangent, t, x),
    });
  }

  sample<U extends LayerInput>(u: U, options?: SampleOptions & { readonly draws?: undefined }): SameForm<U>;
  sample<U extends LayerInput>(u: U, options: SampleOptions & { readonly draws: number }): Several<U>;
  sample(
    u: LayerInput,
    { seed = 0, draws, ...examples }: SampleOptions & { readonly draws?: number | undefined } = {},
  ) {
    const [family, t] = this.family("samples", examples);
    checkSeed(seed);
    if (draws !== undefined) requireCount(draws, "draws");
    const forward = (rows: Float64Array) => family.sample(rows, t, seed, draws ?? 1);
    const backward = () => this.refuseGradient("a sample", "use marginals(u), the mean of samples");
    return draws === undefined
      ? this.sameForm(u, { forward, backward })
      : this.several(u, draws, { forward, backward });
  }

  kBest<U extends LayerInput>(u: U, count: number, examples: ExampleOptions = {}): KBest<U> {
    requireCount(count, "members");
    requireUtilities(this.layer);
    const kernel = this.listingOf(count);
    const rows = readRows(u, this.utilities());
    const { members, found } = this.hostFor(examples).kBest(rows, count, kernel);
    const { size } = this;
    const values = Float64Array.from({ length: found.length * count }, (_, at) => {
      const row = Math.floor(at / count) * size;
      let value = 0;
      for (let i = 0; i < size; i++) value += rows[row + i]! * members[at * size + i]!;
      return value;
    });
    const counts = Float64Array.from(found);
    if (!isTensor(u)) {
      const reading = this.utilities();
      return {
        members: writeSeveral(members, u, { width: size, counts: found }, reading),
        values: writeSeveral(values, u, { width: undefined, counts: found }, reading),
        found: writePerExample(counts, u, reading),
      } as KBest<U>;
    }
    const lead = exampleAxes(u.shape, this.utilities());
    const own = u.shape.slice(lead.length);
    const backward = () => this.refuseGradient("a list of best members", "use soft(u)");
    const held = (numbers: Float64Array, shape: readonly number[]) =>
      this.operation(u, { forward: () => numbers, backward }, shape);
    return {
      members: held(members, [...lead, count, ...own]),
      values: held(values, [...lead, count]),
      found: held(counts, lead),
    } as KBest<U>;
  }

  private hostFor(examples: ExampleOptions): HostLayer {
    const sizes = readSizes(this.layer, examples);
    return sizes === undefined ? this.host : this.host.sized(sizes);
  }

  private listingOf(count: number): PrintedKernel {
    const known = this.listing.get(count);
    if (known !== undefined) return known;
    if (this.compileKBest === undefined) {
      throw new UserError(`this layer of ${this.structure} was compiled without lists of best members`, {
        help: "make it with layer() of sstc",
      });
    }
    const kernel = this.compileKBest(count);
    this.listing.set(count, kernel);
    return kernel;
  }

  private sameForm<U extends LayerInput>(u: U, solver: Solver): SameForm<U> {
    const utilities = this.utilities();
    if (!isTensor(u)) return writeRows(solver.forward(readRows(u, utilities)), u, utilities) as SameForm<U>;
    const shape = this.takesMembers() ? u.shape : [...exampleAxes(u.shape, utilities), ...this.memberShape()];
    return this.operation(u, solver, shape) as SameForm<U>;
  }

  /** Whether utilities have the shape of members. */
  private takesMembers(): boolean {
    return this.inputSize === this.size;
  }

  private memberShape(): readonly number[] {
    const { parts, size } = this.layer;
    return parts.length === 1 ? parts[0]!.shape : [size];
  }

  private perExample<U extends LayerInput>(u: U, solver: Solver): PerExample<U> {
    const utilities = this.utilities();
    if (!isTensor(u)) return writePerExample(solver.forward(readRows(u, utilities)), u, utilities) as PerExample<U>;
    return this.operation(u, solver, exampleAxes(u.shape, utilities), 1) as PerExample<U>;
  }

  private several<U extends LayerInput>(u: U, count: number, solver: Solver): Several<U> {
    const utilities = this.utilities();
    if (!isTensor(u)) {
      const rows = readRows(u, utilities);
      const counts = Array.from({ length: rows.length / this.size }, () => count);
      return writeSeveral(solver.forward(rows), u, { width: this.size, counts }, utilities) as Several<U>;
    }
    const lead = exampleAxes(u.shape, utilities);
    return this.operation(u, solver, [...lead, count, ...u.shape.slice(lead.length)]) as Several<U>;
  }

  /** `width`: numbers of one example in what is returned. */
  private operation(u: core.Tensor, { forward, backward }: Solver, shape: readonly number[], width = this.size) {
    const operation: Operation = {
      tf: this.tensorflow(),
      inputs: [this.utilities()],
      cotangents: { ...this.cotangents(), size: width },
      forward: (rows) => forward(rows!),
      backward: ([rows], value, cotangent) => [backward(rows!, value, cotangent)],
    };
    return operate(operation, [u], shape);
  }

  private refuseGradient(what: string, help: string): never {
    const why = "it is piecewise constant in the utilities";
    throw new UserError(`${what} of ${this.structure} has no gradient`, { why, help });
  }

  private temperature(): number {
    const { soft, family, structure, temperature } = this.layer;
    if ((soft ?? family) !== undefined && temperature !== undefined) return temperature;
    throw new UserError(`this layer of ${structure} has no relaxation, so that there is only its argmax`, {
      help: `write ${structure} relax ExpFamily at 0.5`,
    });
  }

  /** The exponential family, which has `what` is asked for, and the temperature. */
  private family(what: string, examples: ExampleOptions): readonly [HostFamily, number] {
    const t = this.temperature();
    const { family } = this.hostFor(examples);
    if (family !== undefined) return [family, t];
    throw new UserError(`this relaxation of ${this.structure} has no ${what}`, {
      why: `${what} belong to the exponential family, whose marginals are relax ExpFamily`,
      help: "write relax ExpFamily",
    });
  }

  private tensorflow(): LayerTensorflow {
    if (this.tf !== undefined) return this.tf;
    throw new UserError("this layer takes no tensors: it was opened without a device");
  }

  private utilities(): Reading {
    return { what: `the utilities of ${this.structure}`, structure: this.structure, size: this.inputSize };
  }

  private cotangents(): Reading {
    return { what: `the cotangents of ${this.structure}`, structure: this.structure, size: this.size };
  }
}
