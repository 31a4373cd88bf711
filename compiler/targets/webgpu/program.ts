/**
 * A tensor program as a plan for WebGPU: its values grouped into kernels (compiler/passes/fuse.ts), a place in memory for
 * each that is stored, and a WGSL module for each group. This file knows the order of things; what a module says is in
 * the files beside it.
 */
import type { Extent, WebGpuFault, WebGpuLocation, WebGpuPlan, WebGpuStep } from "../../artifact.ts";
import type { Kernel } from "../../ir/kernel/kernel.ts";
import { stringOf } from "../../ir/tensor/attributes.ts";
import { kernelOf, runKey } from "../../ir/tensor/kernel-node.ts";
import { nodesInOrder } from "../../ir/tensor/order.ts";
import { ownerOf } from "../../ir/tensor/owner.ts";
import { type Node, sizeOf, type TensorProgram, type TensorType } from "../../ir/tensor/tensor.ts";
import { formOf, fuse, type Group, isGiven, memoryOf } from "../../passes/fuse.ts";
import { writeElements, writeNoise, writePart } from "./elements.ts";
import { atLeast, elementsOf, fixed, NONE, plus, scaled, times } from "./extent.ts";
import { writeKernelRun } from "./kernel-run.ts";
import { writeDirectProduct, writeProduct } from "./product.ts";
import { productLanes, productShape, productWorkgroups } from "./product-shape.ts";
import {
  COMBINING_LANES,
  partialsOf,
  REDUCTION_LANES,
  reductionShape,
  reductionWorkgroups,
  writeCombination,
  writeReduction,
} from "./reduction.ts";
import { type Located, type ModuleText, Shader } from "./shader.ts";
import { Slots } from "./slots.ts";
import type { Tables } from "./tables.ts";
import type { Surroundings } from "./values.ts";

/** Elements that a workgroup computes, one for each lane. */
const LANES = 256;
/** Operands of a concatenation that one kernel copies. */
const PARTS_AT_ONCE = 5;

/** Where parameters and states lie in their buffers, in words. */
export interface Layout {
  readonly parameters: ReadonlyMap<string, number>;
  readonly states: ReadonlyMap<string, number>;
}

/** What the programs of one artifact share. */
export interface ProgramContext {
  readonly layout: Layout;
  readonly tables: Tables;
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly hypers: readonly string[];
  /** Takes a module's text; returns its name. */
  module(wanted: string, code: string): string;
}

/** What a slot of partial results is taken for. */
const SCALAR: TensorType = { dtype: "f32", shape: [], batched: false };

type Workgroups = WebGpuStep["workgroups"];

export function printProgram(program: TensorProgram, context: ProgramContext): WebGpuPlan {
  return new ProgramPrinter(program, context).print();
}

class ProgramPrinter {
  private readonly program: TensorProgram;
  private readonly context: ProgramContext;
  private readonly groups: readonly Group[];
  private readonly stored: ReadonlySet<Node>;
  private readonly order: readonly Node[];
  private readonly slots = new Slots();
  private readonly places = new Map<Node, WebGpuLocation>();
  private readonly inputs = new Map<string, WebGpuLocation>();
  private readonly noise = new Map<string, WebGpuLocation>();
  private readonly outputs: [string, WebGpuLocation][] = [];
  private readonly steps: WebGpuStep[] = [];
  private scratch = NONE;
  private readonly faults: WebGpuFault[] = [];
  /** Of values that are stored within a concatenation, which it is and where they begin. */
  private readonly stackOf = new Map<Node, { readonly stack: Node; readonly begin: number }>();
  /** For each group the values in slots that no later one reads. */
  private readonly dying = new Map<Group, Node[]>();
  private readonly around: Surroundings = {
    locate: (node) => this.locate(node),
    nameOf: (node) => this.nameOf(node),
  };

  constructor(program: TensorProgram, context: ProgramContext) {
    this.program = program;
    this.context = context;
    const { groups, stored, stacks } = fuse(program);
    for (const [stack, parts] of stacks)
      for (const part of parts) this.stackOf.set(part.node, { stack, begin: part.begin });
    this.groups = groups;
    this.stored = stored;
    this.order = nodesInOrder(program.outputs.values());
  }

  print(): WebGpuPlan {
    this.placeInputs();
    this.findLastReaders();
    for (const node of this.order) if (node.op === "noise") this.draw(node);
    for (const group of this.groups) {
      if (group.root.op === "kernel") this.runKernel(group.root);
      else this.group(group);
      for (const node of this.dying.get(group) ?? []) this.release(node);
    }
    for (const [name, node] of this.program.outputs) this.output(name, node);
    return {
      entry: this.program.name as WebGpuPlan["entry"],
      slots: this.slots.extents,
      inputs: Object.fromEntries(this.inputs),
      noise: Object.fromEntries(this.noise),
      outputs: Object.fromEntries(this.outputs),
      steps: this.steps,
      scratch: this.scratch,
      hypers: this.context.hypers,
      faults: this.faults,
    };
  }

  private nameOf(node: Node): string {
    return this.program.labels.get(node) ?? String(node.attributes.name ?? node.attributes.output ?? node.op);
  }

  /** What the caller hands over lies one after the other. */
  private placeInputs(): void {
    let offset = NONE;
    for (const node of this.order) {
      if (node.op !== "input") continue;
      this.inputs.set(stringOf(node.attributes, "name"), { buffer: "inputs", offset });
      offset = plus(offset, elementsOf(node.type));
    }
  }

  private locate(node: Node): Located | undefined {
    const place = this.places.get(node) ?? this.given(node);
    if (place === undefined) return undefined;
    const stack = this.stackOf.get(node)?.stack;
    const stride = stack === undefined ? {} : { stride: sizeOf(stack.type.shape) };
    return { ...place, name: this.nameOf(node), type: node.type, ...stride };
  }

  private given(node: Node): WebGpuLocation | undefined {
    if (!isGiven(node)) return undefined;
    const name = stringOf(node.attributes, "name");
    const { parameters, states } = this.context.layout;
    switch (node.op) {
      case "input":
        return this.inputs.get(name);
      case "parameter":
        return { buffer: "parameters", offset: fixed(parameters.get(name)!) };
      case "state":
        return { buffer: "states", offset: fixed(states.get(name)!) };
      default:
        return undefined;
    }
  }

  /** Values in memory that a group reads. */
  private readsOf({ root }: Group): Set<Node> {
    const reads = new Set<Node>();
    const seen = new Set<Node>();
    const waiting = root.op === "kernel" ? root.inputs.map(memoryOf) : [...root.inputs];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (this.stored.has(node) || isGiven(node)) reads.add(node);
      else waiting.push(...node.inputs);
    }
    return reads;
  }

  /** Values in memory that reading a node where it is needed takes. */
  private loadsOf(node: Node): ReadonlySet<Node> {
    return this.stored.has(node) || isGiven(node) ? new Set([node]) : this.readsOf({ root: node });
  }

  private findLastReaders(): void {
    const last = new Map<Node, Group>();
    for (const group of this.groups) {
      last.set(group.root, group);
      for (const node of this.readsOf(group)) last.set(node, group);
    }
    const kept = new Set(this.program.outputs.values());
    // Outputs of one run of a kernel share a slot, as do parts of a concatenation: it is free when the last of them is.
    const families = new Map<string | Node, Node[]>();
    const familyOf = (node: Node) => (node.op === "kernel" ? runKey(node) : (this.stackOf.get(node)?.stack ?? node));
    for (const node of this.order) {
      if (!this.stored.has(node) && node.op !== "noise") continue;
      const family = familyOf(node);
      families.set(family, [...(families.get(family) ?? []), node]);
    }
    const position = new Map(this.groups.map((group, i) => [group, i]));
    const free = (node: Node, all: readonly Node[]) => {
      if (all.some((each) => kept.has(each))) return;
      const groups = all.flatMap((each) => last.get(each) ?? []);
      const latest = groups.reduce((a, b) => (position.get(a)! > position.get(b)! ? a : b));
      this.dying.set(latest, [...(this.dying.get(latest) ?? []), node]);
    };
    for (const nodes of families.values()) free(nodes[0]!, nodes);
  }

  private release(node: Node): void {
    const buffer = this.places.get(node)?.buffer;
    if (typeof buffer === "number") this.slots.release(buffer);
  }

  /** A place for a value: gradients and new states lie where the update reads them, all others in slots. */
  private take(node: Node): Located {
    const stacked = this.stackOf.get(node);
    if (stacked !== undefined) {
      if (!this.places.has(stacked.stack)) this.take(stacked.stack);
      this.places.set(node, { buffer: this.places.get(stacked.stack)!.buffer, offset: fixed(stacked.begin) });
      return this.locate(node)!;
    }
    if (this.places.has(node)) return this.locate(node)!;
    const own = [...this.program.outputs]
      .filter(([, each]) => each === node)
      .flatMap(([name]) => this.fixedPlace(name) ?? []);
    this.places.set(node, own[0] ?? { buffer: this.slots.take(elementsOf(node.type)), offset: NONE });
    return this.locate(node)!;
  }

  private fixedPlace(output: string): WebGpuLocation | undefined {
    const { parameters, states } = this.context.layout;
    const [kind, name] = output.split(/:(.*)/s) as [string, string | undefined];
    if (name === undefined) return undefined;
    if (kind === "gradient") return { buffer: "gradients", offset: fixed(parameters.get(name)!) };
    return kind === "state" ? { buffer: "new_states", offset: fixed(states.get(name)!) } : undefined;
  }

  private shader(): Shader {
    return new Shader(this.context.tables, this.context.hypers);
  }

  private step(
    label: string,
    text: ModuleText,
    workgroups: Workgroups,
    reads: Extent,
    writes: Extent,
    more: Partial<WebGpuStep> = {},
  ): void {
    const module = this.context.module(`${this.program.name}_${label}`, text.code);
    this.steps.push({ module, bindings: text.bindings, workgroups, label, reads, writes, ...more });
  }

  private bytesRead(group: Group): Extent {
    return [...this.readsOf(group)].reduce((total, node) => plus(total, elementsOf(node.type)), NONE);
  }

  private comment(group: Group, what: string): string[] {
    const { labels } = this.program;
    const among = [...this.inlined(group)].map((node) => labels.get(node)).filter((label) => label !== undefined);
    const names = [...new Set(among)].slice(0, 6).join(", ");
    return [`${this.nameOf(group.root)}: ${what}`, ...(names === "" ? [] : [`computes ${names}`])];
  }

  private inlined({ root }: Group): Set<Node> {
    const found = new Set([root]);
    for (const node of found) for (const input of node.inputs) if (!this.stored.has(input)) found.add(input);
    return found;
  }

  private draw(node: Node): void {
    const name = stringOf(node.attributes, "name");
    const to = this.take(node);
    this.noise.set(name, this.places.get(node)!);
    const shader = this.shader();
    writeNoise(shader, node, to);
    const elements = elementsOf(node.type);
    const text = shader.module([`draws of the noise ${name}`], LANES);
    this.step(name, text, [{ extent: elements, per: LANES }], NONE, elements, { noise: name });
  }

  private group(group: Group): void {
    const { root, anchor = root } = group;
    const { form } = formOf(anchor);
    if (form === "product") this.product(group, anchor);
    else if (form === "reduction") this.reduction(group, anchor);
    else if (root.op === "concat" && (this.isStack(root) || root.inputs.length > PARTS_AT_ONCE))
      this.concatenation(group);
    else this.elements(group);
  }

  private elements(group: Group): void {
    const shader = this.shader();
    const to = this.take(group.root);
    writeElements(shader, group.root, this.around, to);
    const elements = elementsOf(group.root.type);
    const text = shader.module(this.comment(group, "one element for each lane"), LANES);
    this.step(this.nameOf(group.root), text, [{ extent: elements, per: LANES }], this.bytesRead(group), elements);
  }

  private isStack(node: Node): boolean {
    return node.inputs.some((input) => this.stackOf.get(ownerOf(input))?.stack === node);
  }

  /** The parts that are not in their places already, as many at a time as a kernel can bind. */
  private concatenation(group: Group): void {
    const { root } = group;
    const to = this.take(root);
    const there = (input: Node) => this.stackOf.get(ownerOf(input))?.stack === root;
    for (let first = 0; first < root.inputs.length; first++) {
      if (there(root.inputs[first]!)) continue;
      const loads = new Set<Node>();
      let end = first;
      for (; end < root.inputs.length && !there(root.inputs[end]!); end++) {
        const more = new Set([...loads, ...this.loadsOf(root.inputs[end]!)]);
        if (end > first && more.size >= PARTS_AT_ONCE) break;
        for (const each of more) loads.add(each);
      }
      const shader = this.shader();
      const size = writePart(shader, root, { first, count: end - first }, this.around, to);
      const elements = times(root.type.batched, size);
      const text = shader.module(this.comment(group, `its parts from ${first} on`), LANES);
      this.step(this.nameOf(root), text, [{ extent: elements, per: LANES }], elements, elements);
      first = end - 1;
    }
  }

  private product(group: Group, anchor: Node): void {
    const shape = productShape(anchor);
    const { direct, block, tile } = shape;
    const how = direct ? `blocks of ${block.rows} by ${block.columns}` : `tiles of ${tile.rows} by ${tile.columns}`;
    const write = direct ? writeDirectProduct : writeProduct;
    const atOnce = direct ? productLanes(shape) : 1;
    const plan = { workgroups: productWorkgroups(shape), atOnce, lanes: productLanes(shape) };
    this.passes(group, anchor, shape, plan, `a product of matrices in ${how}`, write);
  }

  private reduction(group: Group, anchor: Node): void {
    const shape = reductionShape(anchor);
    const plan = { workgroups: reductionWorkgroups(shape), atOnce: 1, lanes: REDUCTION_LANES };
    this.passes(group, anchor, shape, plan, "a reduction", writeReduction);
  }

  /** One pass, or, with chunks, one to partial results and one that combines them. */
  private passes(
    group: Group,
    anchor: Node,
    shape: { readonly chunks: number; readonly results: Extent; readonly operator?: "sum" | "max" },
    { workgroups, atOnce, lanes }: { readonly workgroups: Workgroups; readonly atOnce: number; readonly lanes: number },
    what: string,
    write: typeof writeReduction,
  ): void {
    const { root } = group;
    const label = this.nameOf(root);
    const reads = this.bytesRead(group);
    const shader = this.shader();
    const results = elementsOf(root.type);
    if (shape.chunks === 1) {
      write(shader, anchor, root, this.around, { result: this.take(root) });
      this.step(label, shader.module(this.comment(group, what), lanes), workgroups, reads, results, { atOnce });
      return;
    }
    const words = partialsOf(shape.results, shape.chunks);
    const slot = this.slots.take(words);
    const partials: Located = { buffer: slot, offset: NONE, name: "partials", type: SCALAR };
    write(shader, anchor, root, this.around, { partials });
    const first = shader.module(this.comment(group, `${what}, in ${shape.chunks} chunks`), lanes);
    this.step(`${label} in chunks`, first, workgroups, reads, words, { atOnce });
    const second = this.shader();
    const pass = { operator: shape.operator ?? "sum", results: shape.results, chunks: shape.chunks };
    writeCombination(second, { anchor, root }, pass, this.around, partials, this.take(root));
    const text = second.module(this.comment(group, "from partial results"), COMBINING_LANES);
    this.step(label, text, [{ extent: shape.results, per: COMBINING_LANES }], plus(words, reads), results);
    this.slots.release(slot);
  }

  private runKernel(root: Node): void {
    const summary = kernelOf(root.attributes);
    const kernel = this.context.kernels.get(summary.name)!;
    const key = runKey(root);
    const readers = this.order.filter((node) => node.op === "kernel" && runKey(node) === key);
    const own = sizeOf(summary.outputs.find(({ name }) => name === root.attributes.output)!.shape);
    const perExample = sizeOf(root.type.shape) / own;
    const rows = times(root.type.batched, perExample);
    let width = 0;
    const begins = new Map(
      summary.outputs.map(({ name, shape }) => {
        const begin = scaled(rows, width);
        width += sizeOf(shape);
        return [name, begin];
      }),
    );
    const words = scaled(rows, width);
    const buffer = this.slots.take(words);
    for (const node of readers) this.places.set(node, { buffer, offset: begins.get(String(node.attributes.output))! });
    const label = root.attributes.latent === undefined ? kernel.name : `${kernel.name} of ${root.attributes.latent}`;
    const run = {
      node: root,
      kernel,
      rows,
      perExample,
      buffer,
      begins,
      inputs: root.inputs.map((each) => this.locate(memoryOf(each))!),
    };
    const { text, faults, scratch } = writeKernelRun(this.shader(), run, this.faults.length);
    this.faults.push(...faults);
    this.scratch = atLeast(this.scratch, scratch);
    const reads = run.inputs.reduce((total, { type }) => plus(total, elementsOf(type)), NONE);
    this.step(label, text, [{ extent: rows, per: 1 }], reads, words);
  }

  private output(name: string, node: Node): void {
    const place = this.places.get(node) ?? this.given(node);
    if (place === undefined) throw new Error(`the output ${name} is not in memory`);
    const wanted = this.fixedPlace(name) ?? place;
    if (wanted.buffer !== place.buffer || wanted.offset.fixed !== place.offset.fixed) this.copy(name, node, wanted);
    this.outputs.push([name, wanted]);
  }

  /** A value that is the gradient of several parameters, or a state that stays. */
  private copy(name: string, node: Node, place: WebGpuLocation): void {
    const shader = this.shader();
    writeElements(shader, node, this.around, { ...place, name, type: node.type }, false);
    const elements = elementsOf(node.type);
    this.step(name, shader.module([name], LANES), [{ extent: elements, per: LANES }], elements, elements);
  }
}
