/**
 * Where the values of a program lie: what is given in buffers that last, what is computed in slots that values share in
 * turn. Outputs of one run of a kernel lie together, as do the parts of a concatenation; such a family has one slot.
 */
import type { Extent, WebGpuBuffer, WebGpuLocation } from "../../artifact-webgpu.ts";
import { stringOf } from "../../ir/tensor/attributes.ts";
import { kernelOf, runKey } from "../../ir/tensor/kernel-node.ts";
import { nodesInOrder } from "../../ir/tensor/order.ts";
import { type Node, sizeOf, type TensorProgram } from "../../ir/tensor/tensor.ts";
import { type Fusion, isGiven } from "../../passes/fuse.ts";
import { elementsOf, fixed, NONE, plus, scaled, times } from "./extent.ts";
import type { Located } from "./shader.ts";
import { Slots } from "./slots.ts";

/** Where parameters and states lie in their buffers, in words. */
export interface Layout {
  readonly parameters: ReadonlyMap<string, number>;
  readonly states: ReadonlyMap<string, number>;
}

/** Values that live and die together. */
export type Family = Node | string;

export class Memory {
  readonly slots = new Slots();
  readonly inputs = new Map<string, WebGpuLocation>();
  private readonly program: TensorProgram;
  private readonly layout: Layout;
  private readonly places = new Map<Node, WebGpuLocation>();
  /** Of values that are stored within a concatenation, which it is and where they begin. */
  private readonly stackOf = new Map<Node, { readonly stack: Node; readonly begin: number }>();
  private readonly slotOf = new Map<Family, number>();
  private readonly runs = new Map<string, Node[]>();
  /** Whole numbers read as float32 might be taken for numbers that are too small to be any. */
  private readonly mixedInputs: boolean;

  constructor(program: TensorProgram, layout: Layout, { stacks }: Fusion) {
    this.program = program;
    this.layout = layout;
    for (const [stack, parts] of stacks) {
      for (const { node, begin } of parts) this.stackOf.set(node, { stack, begin });
    }
    // What the caller hands over lies one after the other.
    let offset = NONE;
    const order = nodesInOrder(program.outputs.values());
    this.mixedInputs = order.some(({ op, type }) => op === "input" && type.dtype !== "f32");
    for (const node of order) {
      if (node.op === "kernel") this.runs.set(runKey(node), [...(this.runs.get(runKey(node)) ?? []), node]);
      if (node.op !== "input") continue;
      this.inputs.set(stringOf(node.attributes, "name"), { buffer: "inputs", offset });
      offset = plus(offset, elementsOf(node.type));
    }
  }

  nameOf(node: Node): string {
    return this.program.labels.get(node) ?? String(node.attributes.name ?? node.attributes.output ?? node.op);
  }

  /** The nodes that read outputs of a run of a kernel. */
  runOf(node: Node): readonly Node[] {
    return this.runs.get(runKey(node))!;
  }

  familyOf(node: Node): Family {
    return node.op === "kernel" ? runKey(node) : (this.stackOf.get(node)?.stack ?? node);
  }

  /** The concatenation that a value is stored in. */
  stackAround(node: Node): Node | undefined {
    return this.stackOf.get(node)?.stack;
  }

  locate(node: Node): Located | undefined {
    const place = this.places.get(node) ?? this.given(node);
    if (place === undefined) return undefined;
    const stack = this.stackOf.get(node)?.stack;
    const stride = stack === undefined ? {} : { stride: sizeOf(stack.type.shape) };
    const words = place.buffer === "inputs" && this.mixedInputs ? ({ words: "u32" } as const) : {};
    return { ...place, name: this.nameOf(node), type: node.type, ...stride, ...words };
  }

  private given(node: Node): WebGpuLocation | undefined {
    if (!isGiven(node)) return undefined;
    const name = stringOf(node.attributes, "name");
    switch (node.op) {
      case "input":
        return this.inputs.get(name);
      case "parameter":
        return { buffer: "parameters", offset: fixed(this.layout.parameters.get(name)!) };
      case "state":
        return { buffer: "states", offset: fixed(this.layout.states.get(name)!) };
      default:
        return undefined;
    }
  }

  /** A place for a value: gradients and new states lie where the update reads them, all others in slots. */
  take(node: Node): Located {
    if (!this.places.has(node)) this.place(node);
    return this.locate(node)!;
  }

  private place(node: Node): void {
    const stacked = this.stackOf.get(node);
    if (stacked !== undefined) {
      const { buffer } = this.take(stacked.stack);
      this.places.set(node, { buffer, offset: fixed(stacked.begin) });
      return;
    }
    const outputs = [...this.program.outputs].filter(([, each]) => each === node);
    const [own] = outputs.flatMap(([name]) => this.fixedPlace(name) ?? []);
    this.places.set(node, own ?? { buffer: this.slotFor(node, elementsOf(node.type)), offset: NONE });
  }

  /** Places for the outputs of a run of a kernel, one after the other; `rows` are the problems that it solves. */
  takeRun(node: Node, rows: Extent): { readonly buffer: WebGpuBuffer; readonly begins: ReadonlyMap<string, Extent> } {
    let width = 0;
    const begins = new Map(
      kernelOf(node.attributes).outputs.map(({ name, shape }) => {
        const begin = scaled(rows, width);
        width += sizeOf(shape);
        return [name, begin];
      }),
    );
    const buffer = this.slotFor(node, scaled(rows, width));
    for (const each of this.runOf(node)) {
      this.places.set(each, { buffer, offset: begins.get(String(each.attributes.output))! });
    }
    return { buffer, begins };
  }

  private slotFor(node: Node, extent: Extent): number {
    const slot = this.slots.take(extent);
    this.slotOf.set(this.familyOf(node), slot);
    return slot;
  }

  release(family: Family): void {
    const slot = this.slotOf.get(family);
    if (slot !== undefined) this.slots.release(slot);
  }

  /** Where an output must lie for the update to find it. */
  fixedPlace(output: string): WebGpuLocation | undefined {
    const [kind, name] = output.split(/:(.*)/s) as [string, string | undefined];
    if (name === undefined) return undefined;
    if (kind === "gradient") return { buffer: "gradients", offset: fixed(this.layout.parameters.get(name)!) };
    return kind === "state" ? { buffer: "new_states", offset: fixed(this.layout.states.get(name)!) } : undefined;
  }
}

/** How many problems the run of a kernel solves: of all examples, and of each. */
export function problemsOf(node: Node): { readonly rows: Extent; readonly perExample: number } {
  const output = kernelOf(node.attributes).outputs.find(({ name }) => name === node.attributes.output)!;
  const perExample = sizeOf(node.type.shape) / sizeOf(output.shape);
  return { rows: times(node.type.batched, perExample), perExample };
}
