/** The jobs of a program: one for each group of fused operations, two where a reduction is done in chunks. */
import type { WebGpuFault } from "../../artifact-webgpu.ts";
import type { Kernel } from "../../ir/kernel/kernel.ts";
import { stringOf } from "../../ir/tensor/attributes.ts";
import { kernelOf } from "../../ir/tensor/kernel-node.ts";
import { nodesInOrder } from "../../ir/tensor/order.ts";
import { ownerOf } from "../../ir/tensor/owner.ts";
import { type Node, sizeOf, type TensorProgram, type TensorType } from "../../ir/tensor/tensor.ts";
import { type Fusion, formOf, type Group, isGiven, memoryOf } from "../../passes/fuse.ts";
import { ELEMENT_LANES, writeElements, writeNoise, writePart } from "./elements.ts";
import { elementsOf, NONE, plus, scaled, times } from "./extent.ts";
import type { Job, Partials } from "./job.ts";
import { lanesOf, writeKernelRun } from "./kernel-run.ts";
import { type Memory, problemsOf } from "./memory.ts";
import { writeDirectProduct, writeProduct } from "./product.ts";
import { productLanes, productShape, productWorkgroups } from "./product-shape.ts";
import {
  REDUCTION_LANES,
  type ReductionShape,
  reductionShape,
  reductionWorkgroups,
  writeCombination,
  writeReduction,
} from "./reduction.ts";
import type { Located } from "./shader.ts";

/** Operands of a concatenation that one kernel copies. */
const PARTS_AT_ONCE = 5;
/** What a slot of partial results is taken for. */
const SCALAR: TensorType = { dtype: "f32", shape: [], batched: false };

/** What jobs add to the plan as they are written. */
export interface JobContext {
  readonly memory: Memory;
  readonly kernels: ReadonlyMap<string, Kernel>;
  /** Where names of the source are declared, such as `nri.sst:17`. */
  readonly places: ReadonlyMap<string, string>;
  readonly faults: WebGpuFault[];
  /** Scratch memory of kernels. */
  needScratch(words: { readonly fixed: number; readonly perExample: number }): void;
}

export class JobMaker {
  private readonly program: TensorProgram;
  private readonly fusion: Fusion;
  private readonly context: JobContext;
  private readonly memory: Memory;
  private readonly slotOf = new Map<Partials, number>();
  private readonly origins = new Map<Node, string>();

  constructor(program: TensorProgram, fusion: Fusion, context: JobContext) {
    this.program = program;
    this.fusion = fusion;
    this.context = context;
    this.memory = context.memory;
    this.findOrigins();
  }

  /** The line of the source that a node is for: its own, or that of what it is needed for, or of what it is made of. */
  private findOrigins(): void {
    const order = nodesInOrder(this.program.outputs.values());
    const take = (node: Node, origin: string | undefined) => {
      if (origin !== undefined && !this.origins.has(node)) this.origins.set(node, origin);
    };
    for (const node of [...order].reverse()) {
      take(node, this.context.places.get(this.program.labels.get(node) ?? String(node.attributes.latent ?? "")));
      for (const input of node.inputs)
        take(input, this.context.places.get(this.program.labels.get(input) ?? "") ?? this.origins.get(node));
    }
    for (const node of order) for (const input of node.inputs) take(node, this.origins.get(input));
  }

  all(): Job[] {
    const draws = nodesInOrder(this.program.outputs.values()).filter(({ op }) => op === "noise");
    return [...draws.map((node) => this.draw(node)), ...this.fusion.groups.flatMap((group) => this.group(group))];
  }

  /** Frees the memory of partial results. */
  release(partials: Partials): void {
    this.memory.slots.release(this.slotOf.get(partials)!);
  }

  /** Values in memory that computing a node reads. */
  private readsOf(root: Node): Set<Node> {
    const reads = new Set<Node>();
    const seen = new Set<Node>();
    const waiting = root.op === "kernel" ? root.inputs.map(memoryOf) : [...root.inputs];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (this.isStored(node)) reads.add(node);
      else waiting.push(...node.inputs);
    }
    return reads;
  }

  private isStored(node: Node): boolean {
    return this.fusion.stored.has(node) || isGiven(node);
  }

  private job(
    node: Node,
    what: string,
    more: Omit<Job, "label" | "comment" | "atOnce" | "reads" | "writes" | "moved" | "alone"> & Partial<Job>,
  ): Job {
    const reads = more.reads ?? this.readsOf(node);
    const writes = more.writes ?? [node];
    const words = (nodes: Iterable<Node>) =>
      [...nodes].reduce((total, { type }) => plus(total, elementsOf(type)), NONE);
    const moved = {
      reads: plus(words(reads), more.readsPartials?.words ?? NONE),
      writes: plus(words(writes), more.writesPartials?.words ?? NONE),
    };
    return {
      label: this.memory.nameOf(node),
      comment: this.comment(node, what),
      atOnce: 1,
      moved,
      alone: false,
      ...more,
      reads,
      writes,
    };
  }

  private comment(root: Node, what: string): string[] {
    const found = new Set([root]);
    for (const node of found) for (const input of node.inputs) if (!this.isStored(input)) found.add(input);
    const labels = [...found].map((node) => this.program.labels.get(node)).filter((label) => label !== undefined);
    const names = [...new Set(labels)].filter((label) => label !== this.memory.nameOf(root)).slice(0, 6);
    return [
      `${this.memory.nameOf(root)}${this.place(root)}: ${what}${names.length === 0 ? "" : `, from ${names.join(", ")}`}`,
    ];
  }

  private place(node: Node): string {
    const origin = this.origins.get(node);
    return origin === undefined ? "" : ` (${origin})`;
  }

  private draw(node: Node): Job {
    const elements = elementsOf(node.type);
    return this.job(node, "draws of noise", {
      lanes: ELEMENT_LANES,
      workgroups: [{ extent: elements, per: ELEMENT_LANES }],
      alone: true,
      noise: stringOf(node.attributes, "name"),
      take: () => this.memory.take(node),
      write: (shader) => writeNoise(shader, node, this.memory.locate(node)!),
    });
  }

  private group(group: Group): Job[] {
    const { root, anchor = root } = group;
    if (root.op === "kernel") return [this.run(root)];
    switch (formOf(anchor).form) {
      case "product":
        return this.product(root, anchor);
      case "reduction":
        return this.reduction(root, anchor);
      default: {
        const stack = root.inputs.some((input) => this.memory.stackAround(ownerOf(input)) === root);
        if (root.op === "concat" && (stack || root.inputs.length > PARTS_AT_ONCE)) return this.concatenation(root);
        return [this.elements(root)];
      }
    }
  }

  private elements(root: Node): Job {
    return this.job(root, "one element for each lane", {
      lanes: ELEMENT_LANES,
      workgroups: [{ extent: elementsOf(root.type), per: ELEMENT_LANES }],
      take: () => this.memory.take(root),
      write: (shader) => writeElements(shader, root, this.memory, this.memory.locate(root)!),
    });
  }

  /** The parts that are not in their places already, as many at a time as a kernel can bind. */
  private concatenation(root: Node): Job[] {
    const there = (input: Node) => this.memory.stackAround(ownerOf(input)) === root;
    const loadsOf = (input: Node) => (this.isStored(input) ? new Set([input]) : this.readsOf(input));
    const axis = Number(root.attributes.axis);
    const jobs: Job[] = [];
    for (let first = 0; first < root.inputs.length; first++) {
      if (there(root.inputs[first]!)) continue;
      let reads = loadsOf(root.inputs[first]!);
      let end = first + 1;
      for (; end < root.inputs.length && !there(root.inputs[end]!); end++) {
        const more = new Set([...reads, ...loadsOf(root.inputs[end]!)]);
        if (more.size > PARTS_AT_ONCE) break;
        reads = more;
      }
      const part = { first, count: end - first };
      const size = root.inputs
        .slice(first, end)
        .reduce(
          (total, input) => total + (sizeOf(root.type.shape) / root.type.shape[axis]!) * input.type.shape[axis]!,
          0,
        );
      const elements = times(root.type.batched, size);
      jobs.push(
        this.job(root, first === 0 && end === root.inputs.length ? "all parts" : `parts ${first} to ${end - 1}`, {
          lanes: ELEMENT_LANES,
          workgroups: [{ extent: elements, per: ELEMENT_LANES }],
          reads,
          moved: { reads: elements, writes: elements },
          take: () => this.memory.take(root),
          write: (shader) => writePart(shader, root, part, this.memory, this.memory.locate(root)!),
        }),
      );
      first = end - 1;
    }
    return jobs;
  }

  private product(root: Node, anchor: Node): Job[] {
    const shape = productShape(anchor);
    const { direct, block, tile } = shape;
    const how = direct ? `blocks of ${block.rows} by ${block.columns}` : `tiles of ${tile.rows} by ${tile.columns}`;
    const lanes = productLanes(shape);
    const write = direct ? writeDirectProduct : writeProduct;
    const divided = { lanes, atOnce: direct ? lanes : 1, workgroups: productWorkgroups(shape) };
    return this.passes(root, anchor, shape, divided, `a product of matrices in ${how}`, write);
  }

  private reduction(root: Node, anchor: Node): Job[] {
    const shape = reductionShape(anchor);
    const divided = { lanes: REDUCTION_LANES, atOnce: 1, workgroups: reductionWorkgroups(shape) };
    return this.passes(root, anchor, shape, divided, "a reduction", writeReduction);
  }

  /** One pass, or, with chunks, one to partial results and one that combines them. */
  private passes(
    root: Node,
    anchor: Node,
    shape: Pick<ReductionShape, "chunks" | "results"> & { readonly operator?: "sum" | "max" },
    divided: Pick<Job, "lanes" | "atOnce" | "workgroups">,
    what: string,
    write: typeof writeReduction,
  ): Job[] {
    const { memory } = this;
    const take = () => {
      memory.take(root);
    };
    if (shape.chunks === 1) {
      const job = {
        ...divided,
        take,
        write: (shader: Parameters<typeof write>[0]) =>
          write(shader, anchor, root, memory, { result: memory.locate(root)! }),
      };
      return [this.job(root, what, job)];
    }
    const partials: Partials = { words: scaled(shape.results, shape.chunks) };
    const place = (): Located => ({
      buffer: this.slotOf.get(partials)!,
      offset: NONE,
      name: `${memory.nameOf(root)}_partials`,
      type: SCALAR,
    });
    const first = this.job(root, `${what}, in ${shape.chunks} chunks`, {
      ...divided,
      reads: this.readsOf(anchor),
      writes: [],
      writesPartials: partials,
      take: () => {
        this.slotOf.set(partials, memory.slots.take(partials.words));
      },
      write: (shader) => write(shader, anchor, root, memory, { partials: place() }),
    });
    const pass = { operator: shape.operator ?? ("sum" as const), results: shape.results, chunks: shape.chunks };
    const second = this.job(root, "from partial results", {
      lanes: REDUCTION_LANES,
      workgroups: [{ extent: shape.results, per: REDUCTION_LANES }],
      readsPartials: partials,
      reads: new Set(
        [...this.readsOf(root)].filter((node) => root !== anchor && !this.onlyFor(anchor, root).has(node)),
      ),
      take,
      write: (shader) => writeCombination(shader, { anchor, root }, pass, memory, place(), memory.locate(root)!),
    });
    return [first, second];
  }

  /** Values that `root` reads only for its anchor. */
  private onlyFor(anchor: Node, root: Node): Set<Node> {
    const besides = new Set<Node>();
    const waiting = [...root.inputs];
    const seen = new Set<Node>([anchor]);
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (this.isStored(node)) besides.add(node);
      else waiting.push(...node.inputs);
    }
    return new Set([...this.readsOf(anchor)].filter((node) => !besides.has(node)));
  }

  private run(root: Node): Job {
    const kernel = this.context.kernels.get(kernelOf(root.attributes).name)!;
    const { rows, perExample } = problemsOf(root);
    const { latent } = root.attributes;
    let outputs: ReturnType<Memory["takeRun"]> | undefined;
    return this.job(root, "", {
      label: latent === undefined ? kernel.name : `${kernel.name} of ${latent}`,
      comment: [
        `${latent === undefined ? "" : `${latent}${this.place(root)}: `}${kernel.written ?? kernel.name}, a workgroup for each problem`,
        ...docOf(kernel),
      ],
      lanes: lanesOf(kernel),
      workgroups: [{ extent: rows, per: 1 }],
      writes: this.memory.runOf(root),
      alone: true,
      take: () => {
        outputs = this.memory.takeRun(root, rows);
      },
      write: (shader) => {
        const inputs = root.inputs.map((each) => this.memory.locate(memoryOf(each))!);
        const run = { node: root, kernel, rows, perExample, ...outputs!, inputs };
        const { faults, scratch } = writeKernelRun(shader, run, this.context.faults.length);
        this.context.faults.push(...faults);
        this.context.needScratch(scratch);
      },
    });
  }
}

function docOf({ doc }: Kernel): string[] {
  return doc === undefined ? [] : doc.split("\n").map((line) => line.trim());
}
