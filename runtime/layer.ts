/**
 * One structured layer for programs of their own: hard and soft samples, vector–Jacobian products and log-partitions of
 * tensors, typed arrays or lists of numbers. On tensors they are operations that `tf.grad` differentiates, whatever the
 * backend: the solver runs on the host, in float64.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { CompiledLayer, Decision } from "../compiler/artifact.ts";
import type { DeviceName, DeviceOptions } from "./devices.ts";
import { HostLayer, type Printed } from "./host-layer.ts";
import { type LayerTensorflow, type Operation, operate, pullBack } from "./layer-operation.ts";
import {
  exampleAxes,
  isTensor,
  type LayerInput,
  type PerExample,
  type Reading,
  readRows,
  type SameForm,
  writePerExample,
  writeRows,
} from "./layer-rows.ts";
import { type ExampleOptions, readSizes } from "./layer-sizes.ts";
import { UserError, writeShape } from "./user-error.ts";

export interface LayerDevice extends DeviceOptions {
  /** The backend that is started and made tfjs's current one: `wasm` unless given. */
  readonly device?: DeviceName;
  /** A copy of tfjs that runs already, with whatever backend it has; instead of `device`. */
  readonly tf?: LayerTensorflow;
}

export interface Layer {
  /** As written, with arguments: `KSubset(6, 2)`. */
  readonly structure: string;
  /** Numbers of one example. */
  readonly size: number;
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
}

/** A layer on a device, or on a copy of tfjs that runs already. */
export async function createLayer(compiled: CompiledLayer, options: LayerDevice = {}): Promise<Layer> {
  const { device, tf, ...rest } = options;
  if (tf !== undefined && device !== undefined) {
    throw new UserError("a layer takes `tf` or `device`, not both", {
      help: "leave out `device`: your own tfjs has a backend already",
    });
  }
  if (tf !== undefined) return new StructureLayer(compiled, tf, printedFor(tf.getBackend?.()));
  // Not before it is needed: who brings a tfjs loads no other.
  const { openDevice } = await import("./devices.ts");
  const opened = await openDevice(device ?? "wasm", rest);
  return new StructureLayer(compiled, opened.tf, printedFor(opened.name));
}

/** Where tensors are computed with by WebAssembly, kernels are, too. */
function printedFor(backend: string | undefined): Printed {
  return backend === "wasm" ? "wasm" : "javascript";
}

type Solver = Pick<Operation, "forward" | "backward">;

export class StructureLayer implements Layer {
  private readonly layer: CompiledLayer;
  private readonly host: HostLayer;
  private readonly tf: LayerTensorflow | undefined;

  /** Without `tf` it takes no tensors. */
  constructor(layer: CompiledLayer, tf?: LayerTensorflow, printed?: Printed) {
    const { structure, temperature } = layer;
    if (temperature !== undefined && !(temperature > 0 && Number.isFinite(temperature))) {
      throw new UserError(`the temperature of ${structure} must be a number greater than 0, but it is ${temperature}`);
    }
    this.layer = layer;
    this.host = new HostLayer(layer, printed);
    this.tf = tf;
  }

  get structure(): string {
    return this.layer.structure;
  }
  get size(): number {
    return this.layer.size;
  }
  get count(): number | undefined {
    return this.layer.count;
  }
  get decisions(): readonly Decision[] {
    return this.layer.decisions;
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
    return this.sameForm(u, {
      forward: (rows) => host.soft(rows, t),
      backward: (rows, x, cotangent) => host.vjp(rows, cotangent, t, x),
    });
  }

  vjp<U extends LayerInput>(u: U, cotangent: LayerInput, examples: ExampleOptions = {}): SameForm<U> {
    const t = this.temperature();
    const host = this.hostFor(examples);
    const rows = readRows(u, this.utilities());
    const backward = (given: Float64Array) => host.vjp(rows, given, t);
    this.requireSameForm(u, cotangent);
    if (isTensor(u)) {
      const reading = { utilities: this.utilities(), cotangents: this.cotangents() };
      const result = pullBack({ tf: this.tensorflow(), ...reading }, u, cotangent as core.Tensor, backward);
      return result as SameForm<U>;
    }
    return writeRows(backward(readRows(cotangent, this.cotangents())), u, this.utilities()) as SameForm<U>;
  }

  logPartition<U extends LayerInput>(u: U, examples: ExampleOptions = {}): PerExample<U> {
    const t = this.temperature();
    const host = this.hostFor(examples);
    if (this.layer.logPartition === undefined) {
      throw new UserError(`this relaxation of ${this.structure} has no log-partition`, {
        why: "a log-partition belongs to the exponential family, whose marginals are relax ExpFamily",
        help: "write relax ExpFamily; a structure of your own declares its log_partition by a kernel",
      });
    }
    const solver: Solver = {
      forward: (rows) => host.logPartition(rows, t)!,
      backward: (rows, _, cotangent) => host.logPartitionVjp(rows, cotangent, t)!,
    };
    if (!isTensor(u)) {
      const values = solver.forward(readRows(u, this.utilities()));
      return writePerExample(values, u, this.utilities()) as PerExample<U>;
    }
    const cotangents = { ...this.cotangents(), size: 1 };
    const operation = { tf: this.tensorflow(), utilities: this.utilities(), cotangents, ...solver };
    return operate(operation, u, exampleAxes(u.shape, this.utilities())) as PerExample<U>;
  }

  private hostFor(examples: ExampleOptions): HostLayer {
    const sizes = readSizes(this.layer, examples);
    return sizes === undefined ? this.host : this.host.sized(sizes);
  }

  private sameForm<U extends LayerInput>(u: U, solver: Solver): SameForm<U> {
    const reading = { utilities: this.utilities(), cotangents: this.cotangents() };
    const { utilities } = reading;
    if (!isTensor(u)) return writeRows(solver.forward(readRows(u, utilities)), u, utilities) as SameForm<U>;
    return operate({ tf: this.tensorflow(), ...reading, ...solver }, u, u.shape) as SameForm<U>;
  }

  private requireSameForm(u: LayerInput, cotangent: LayerInput): void {
    const shapes = [u, cotangent].map((each) => {
      if (isTensor(each)) return `a tensor of shape ${writeShape(each.shape)}`;
      return Array.isArray(each[0]) ? `a list of ${each.length} lists` : `an array of ${each.length} numbers`;
    });
    if (shapes[0] === shapes[1]) return;
    throw new UserError(`the utilities are ${shapes[0]}, but the cotangents ${shapes[1]}`, {
      help: "a cotangent has a number for each utility, in the same form",
    });
  }

  private temperature(): number {
    const { soft, structure, temperature } = this.layer;
    if (soft !== undefined && temperature !== undefined) return temperature;
    throw new UserError(`this layer of ${structure} has no relaxation, so that there is only its argmax`, {
      help: `write ${structure} relax ExpFamily at 0.5`,
    });
  }

  private tensorflow(): LayerTensorflow {
    if (this.tf !== undefined) return this.tf;
    throw new UserError("this layer takes no tensors: it was opened without a device");
  }

  private utilities(): Reading {
    return { what: `the utilities of ${this.structure}`, structure: this.structure, size: this.size };
  }

  private cotangents(): Reading {
    return { ...this.utilities(), what: `the cotangents of ${this.structure}` };
  }
}
