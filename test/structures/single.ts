/**
 * The kernels of a structure as a device computes them: lowered for float32 and interpreted in it, beside those that
 * the host has in float64. Both are given the same numbers, which float32 holds.
 */
import { type Declarations, declarationsFor } from "../../compiler/declarations.ts";
import { Failure } from "../../compiler/failure.ts";
import { interpretKernel, type KernelArithmetic } from "../../compiler/ir/kernel/interpret.ts";
import type { Kernel } from "../../compiler/ir/kernel/kernel.ts";
import { SINGLE } from "../../compiler/ir/kernel/single.ts";
import { logPartitionKernel } from "../../compiler/kernel-language/structure-kernel.ts";
import { Names } from "../../compiler/names.ts";
import { type BackwardRequest, STRATEGIES, selectBackward } from "../../compiler/passes/select-backward.ts";
import { selectRelaxation } from "../../compiler/passes/select-relaxation.ts";
import { selectSolver } from "../../compiler/passes/select-solver.ts";
import { precisionOf } from "../../compiler/precision.ts";
import type { Relaxed } from "../../compiler/selected.ts";
import { evaluateStatic } from "../../compiler/static-evaluate.ts";
import { applyStructure, type Structure } from "../../compiler/structure.ts";
import { parseExpression } from "../../grammar/parse.ts";
import { library } from "../../stdlib/library.ts";

const NOWHERE = { start: 0, end: 0 };
const names = new Names(library, () => undefined);

/** A device, or the host. */
interface Machine {
  readonly target: "webgpu" | "host";
  readonly arithmetic?: KernelArithmetic;
}
export const DEVICE: Machine = { target: "webgpu", arithmetic: SINGLE };
export const HOST: Machine = { target: "host" };

/** Arrays by the names that kernels know them by. */
export type Arrays = Readonly<Record<string, ArrayLike<number>>>;

/** Runs a kernel on what it reads of some arrays; its outputs by name, the first of them as `first`, too. */
function run({ arithmetic }: Machine, kernel: Kernel, given: Arrays): Arrays & { readonly first: Float64Array } {
  const inputs = kernel.inputs.map(({ name }) => {
    const array = given[name];
    if (array === undefined) throw new Error(`${kernel.name} reads ${name}, which is not there`);
    return array;
  });
  const outputs = interpretKernel(kernel, inputs, arithmetic);
  const named = Object.fromEntries(kernel.outputs.map(({ name }, i) => [name, outputs[i]!]));
  return { ...named, first: outputs[0]! };
}

/** What one machine computes for a structure and, if there is one, a relaxation. */
export class MachineLayer {
  readonly size: number;
  readonly inputSize: number;
  readonly backwards: readonly string[];
  private readonly machine: Machine;
  private readonly declarations: Declarations;
  private readonly structure: Structure;
  private readonly relaxed: Relaxed | undefined;
  private readonly temperature: number;

  /** `temperature` is what utilities are divided by already. Throws a Failure where there is no such relaxation. */
  constructor(machine: Machine, structure: string, relaxation?: string, temperature = 1) {
    this.temperature = temperature;
    this.machine = machine;
    const scope = declarationsFor(names, { name: "<none>", text: "" }, precisionOf(machine.target));
    this.declarations = scope;
    this.structure = applyStructure(parseExpression(structure).value!, scope, scope);
    this.size = this.structure.size;
    this.relaxed = relaxation === undefined ? undefined : this.relax(relaxation);
    this.inputSize = this.relaxed?.takes?.shape.reduce((a, b) => a * b, 1) ?? this.size;
    this.backwards = this.relaxed === undefined ? [] : STRATEGIES.filter((each) => this.isLegal(each));
  }

  private relax(relaxation: string): Relaxed {
    const value = evaluateStatic(parseExpression(relaxation).value!, this.declarations);
    if (value.kind !== "relaxation") throw new Error(`${relaxation} is no relaxation`);
    return selectRelaxation(this.structure, value, this.declarations, this.machine.target, NOWHERE).value;
  }

  /** Differences are rounding in float32: the selection takes them where there is nothing else. */
  private isLegal(strategy: string): boolean {
    if (strategy === "finite_difference") return false;
    try {
      this.backward(strategy);
      return true;
    } catch (problem) {
      if (problem instanceof Failure) return false;
      throw problem;
    }
  }

  private backward(strategy: string): Kernel {
    const request: BackwardRequest = { strategy, span: NOWHERE };
    return selectBackward(this.structure, this.relaxed!, this.declarations, NOWHERE, request).value.kernel;
  }

  argmax(u: ArrayLike<number>): number[] {
    const solver =
      this.relaxed?.takes?.solver ?? selectSolver(this.structure, this.declarations, this.machine.target, NOWHERE);
    return [...run(this.machine, solver.value, { u }).first];
  }

  soft(u: ArrayLike<number>): number[] {
    return [...this.forward(u).first];
  }

  private forward(u: ArrayLike<number>) {
    return run(this.machine, this.relaxed!.forward, { u, temperature: [this.temperature] });
  }

  /** The backward of a strategy reads what the forward of the same machine has made. */
  vjp(strategy: string, u: ArrayLike<number>, cotangent: ArrayLike<number>): number[] {
    const kernel = this.backward(strategy);
    const { first: x, ...made } = this.forward(u);
    return [...run(this.machine, kernel, { ...made, x, u, cotangent, temperature: [this.temperature] }).first];
  }

  logPartition(u: ArrayLike<number>): number | undefined {
    const kernel = logPartitionKernel(this.structure, this.declarations, NOWHERE);
    return kernel && run(this.machine, kernel, { u }).first[0];
  }
}

/** The same on both, where the structure has the relaxation. */
export function bothLayers(structure: string, relaxation?: string) {
  try {
    const device = new MachineLayer(DEVICE, structure, relaxation);
    return { device, host: new MachineLayer(HOST, structure, relaxation) };
  } catch (problem) {
    if (problem instanceof Failure) return undefined;
    throw problem;
  }
}
