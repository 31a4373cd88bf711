/**
 * Decides which values of a program are stored on a device that runs it as kernels of its own, one kernel for each
 * stored value; all others are computed where they are read. What is cheap to compute again is not stored for several
 * readers. A product or a reduction takes along the elementwise operations that alone read it (its epilogue).
 */
import { runKey } from "../ir/tensor/kernel-node.ts";
import { nodesInOrder, usersOf } from "../ir/tensor/order.ts";
import { ownerOf } from "../ir/tensor/owner.ts";
import { type Node, sizeOf, type TensorProgram } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp, WgslForm } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";

/** One kernel: it computes `root`; where there is an anchor, as what follows that product or reduction. */
export interface Group {
  readonly root: Node;
  readonly anchor?: Node;
}
export interface Fusion {
  /** Values that have a place in memory, leaves left out. */
  readonly stored: ReadonlySet<Node>;
  /**
   * Concatenations whose parts are stored in their places at once, with the parts (by their memory) and where they
   * begin.
   */
  readonly stacks: ReadonlyMap<Node, readonly StackedPart[]>;
  /**
   * In the order in which they are to be carried out. Runs of kernels are here under the first node that reads them.
   */
  readonly groups: readonly Group[];
}

/** A part that is stored within a concatenation: `begin` elements into that of each example. */
export interface StackedPart {
  readonly node: Node;
  readonly begin: number;
}

/** Buffers that every adapter can bind to a kernel are eight, of which one holds the result. */
const MOST_LOADS = 7;
/**
 * Up to these costs a value is computed anew: for each of several kernels; for each of several elements; in a product.
 */
const CHEAP = { kernels: 5, elements: 8, product: 3 } as const;
/** Reductions of no more terms are loops of whoever reads them. */
const SHORT = 8;

export function formOf(node: Node): WgslForm {
  return (ops.get(node.op) as PrimitiveOp).wgsl;
}

export function fuse(program: TensorProgram): Fusion {
  return new Fuser(program).fuse();
}

/** What computing a value where it is read takes. */
interface Effort {
  readonly cost: number;
  readonly loads: ReadonlySet<Node | string>;
}

class Fuser {
  private readonly order: readonly Node[];
  private readonly outputs: ReadonlySet<Node>;
  private readonly users: ReadonlyMap<Node, readonly Node[]>;
  private readonly stored = new Set<Node>();
  private readonly efforts = new Map<Node, Effort>();

  constructor(program: TensorProgram) {
    this.outputs = new Set(program.outputs.values());
    this.order = nodesInOrder(this.outputs);
    this.users = usersOf(this.order);
  }

  fuse(): Fusion {
    for (const node of this.order) {
      if (this.mustBeStored(node)) this.stored.add(node);
      if (node.op !== "kernel") continue;
      for (const owner of node.inputs.map(memoryOf)) if (!isGiven(owner)) this.stored.add(owner);
    }
    // Storing a value gives those that it reads other readers, so that more of them may have to be stored.
    for (let before = -1; before !== this.stored.size; ) {
      before = this.stored.size;
      this.storeOthers(this.readers());
    }
    const anchors = this.anchors();
    const absorbed = new Set(anchors.values());
    for (const anchor of absorbed) this.stored.delete(anchor);
    const stacks = this.stacks();
    const runs = new Set<string>();
    const groups = this.order.flatMap((root): Group[] => {
      if (!this.stored.has(root)) return [];
      if (root.op === "kernel") {
        const key = runKey(root);
        if (runs.has(key)) return [];
        runs.add(key);
      }
      const anchor = anchors.get(root);
      return [anchor === undefined ? { root } : { root, anchor }];
    });
    return { stored: this.stored, groups, stacks };
  }

  private mustBeStored(node: Node): boolean {
    const { form } = formOf(node);
    if (isGiven(node)) return false;
    if (this.outputs.has(node) || form === "kernel") return true;
    return (form === "product" && !isShortProduct(node)) || (form === "reduction" && !isShortReduction(node));
  }

  private usersOf(node: Node): readonly Node[] {
    return this.users.get(node) ?? [];
  }

  /** Of each value the kernels that compute it, as far as they are known. */
  private readers(): Map<Node, ReadonlySet<Node>> {
    const readers = new Map<Node, Set<Node>>();
    for (const node of [...this.order].reverse()) {
      const found = new Set<Node>();
      for (const user of this.usersOf(node)) {
        if (this.stored.has(user)) found.add(user);
        else for (const root of readers.get(user) ?? []) found.add(root);
      }
      readers.set(node, found);
    }
    return readers;
  }

  private storeOthers(readers: ReadonlyMap<Node, ReadonlySet<Node>>): void {
    for (const node of this.order) {
      let effort = this.effort(node);
      if (effort.loads.size > MOST_LOADS) {
        this.storeOperands(node);
        effort = this.effort(node);
      }
      this.efforts.set(node, effort);
      if (this.stored.has(node) || formOf(node).form === "leaf") continue;
      const several = readers.get(node)!.size > 1 && effort.cost > CHEAP.kernels;
      if (several || this.isMultiplied(node, effort.cost) || effort.loads.size > MOST_LOADS) this.stored.add(node);
    }
  }

  /** Stores operands, those that read most first, until the rest can be read by one kernel. */
  private storeOperands(node: Node): void {
    const waiting = node.inputs
      .filter((input) => !this.stored.has(input) && formOf(input).form !== "leaf")
      .sort((a, b) => this.efforts.get(b)!.loads.size - this.efforts.get(a)!.loads.size);
    for (const input of waiting) {
      if (this.efforts.get(input)!.loads.size < 2 || this.effort(node).loads.size <= MOST_LOADS) return;
      this.stored.add(input);
    }
  }

  /** What a value costs its reader: a load where it is stored. */
  private reading(node: Node): Effort {
    if (this.stored.has(node) || node.op === "noise") return { cost: 1, loads: new Set([storageOf(node)]) };
    if (node.op === "constant") return { cost: 0, loads: new Set(sizeOf(node.type.shape) > 1 ? ["tables"] : []) };
    if (node.op === "hyper" || node.op === "batch_size") return { cost: 0, loads: new Set() };
    // Leaves of one kind share a buffer.
    if (formOf(node).form === "leaf") return { cost: 1, loads: new Set([node.op]) };
    return this.efforts.get(node) ?? this.effort(node);
  }

  private effort(node: Node): Effort {
    const operands = node.inputs.map((input) => this.reading(input));
    const loads = new Set(operands.flatMap((operand) => [...operand.loads]));
    if (node.op === "gather" || node.op === "scatter_add") loads.add("tables");
    const sum = operands.reduce((total, operand) => total + operand.cost, 0);
    return { cost: costOf(node, sum), loads };
  }

  /** Whether a reader would compute the value more often than it has elements, and that is dear. */
  private isMultiplied(node: Node, cost: number): boolean {
    return this.usersOf(node).some((user) => {
      const { form } = formOf(user);
      if (form === "product") return cost > CHEAP.product;
      return form === "picked" && repeats(user, node) && cost > CHEAP.elements;
    });
  }

  /** What is stored once may lie in the concatenation that it is a part of. */
  private stacks(): Map<Node, StackedPart[]> {
    const stacks = new Map<Node, StackedPart[]>();
    const taken = new Set<Node>();
    for (const node of this.order) {
      if (node.op !== "concat" || !this.stored.has(node) || !node.type.batched) continue;
      const axis = Number(node.attributes.axis);
      if (sizeOf(node.type.shape.slice(0, axis)) !== 1) continue;
      let begin = 0;
      const parts: StackedPart[] = [];
      for (const input of node.inputs) {
        const owner = ownerOf(input);
        const free = this.stored.has(owner) && !this.outputs.has(owner) && !taken.has(owner) && owner.op !== "kernel";
        if (free && owner.op !== "concat" && owner.type.batched && !this.isKernelInput(owner)) {
          taken.add(owner);
          parts.push({ node: owner, begin });
        }
        begin += sizeOf(input.type.shape);
      }
      if (parts.length > 0) stacks.set(node, parts);
    }
    return stacks;
  }

  private isKernelInput(node: Node): boolean {
    return this.usersOf(node).some(
      (user) => user.op === "kernel" || (memoryOf(user) === node && user !== node && this.isKernelInput(user)),
    );
  }

  /** For each root the product or reduction that it is the epilogue of. */
  private anchors(): Map<Node, Node> {
    const anchors = new Map<Node, Node>();
    const readers = this.readers();
    for (const node of this.order) {
      const { form } = formOf(node);
      if (!this.stored.has(node) || this.outputs.has(node) || (form !== "product" && form !== "reduction")) continue;
      const [root, ...others] = readers.get(node)!;
      if (root === undefined || others.length > 0 || anchors.has(root)) continue;
      if (this.readsInPlace(root, node)) anchors.set(root, node);
    }
    return anchors;
  }

  /** Whether `root` needs of `anchor` nothing but the element in the place that it computes. */
  private readsInPlace(root: Node, anchor: Node): boolean {
    // Everything between them has no other reader than the root.
    const between = new Set([root]);
    const waiting = [anchor];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const user of this.usersOf(node)) {
        if (between.has(user)) continue;
        between.add(user);
        waiting.push(user);
      }
    }
    const inPlace = (node: Node) => formOf(node).form === "elementwise" || node.op === "reshape";
    return [...between].every(
      (node) =>
        inPlace(node) &&
        node.type.batched === anchor.type.batched &&
        sizeOf(node.type.shape) === sizeOf(anchor.type.shape),
    );
  }
}

/** Outputs of one run of a kernel lie together. */
function storageOf(node: Node): Node | string {
  return node.op === "kernel" ? runKey(node) : node;
}

function costOf(node: Node, operands: number): number {
  const form = formOf(node);
  switch (form.form) {
    case "leaf":
      return 1;
    case "elementwise":
      return operands + (DEAR.has(node.op) ? 4 : node.op === "stop_gradient" ? 0 : 1);
    case "picked":
      // Of a concatenation one operand is read.
      if (node.op === "reshape" || node.op === "batch_broadcast" || node.op === "broadcast") return operands;
      return node.op === "scatter_add" ? 8 * (operands + 1) : operands + 1;
    case "reduction":
      return (operands + 1) * reducedCount(node);
    case "product":
      return (operands + 1) * form.product(node).terms;
    case "kernel":
    case "restated":
      return Number.POSITIVE_INFINITY;
  }
}

/** Functions that take several operations. */
const DEAR: ReadonlySet<string> = new Set(
  "cos divide elu exp expm1 log log1p power sigmoid sin softplus sqrt tanh".split(" "),
);

function reducedCount(node: Node): number {
  return sizeOf(node.inputs[0]!.type.shape) / Math.max(1, sizeOf(node.type.shape));
}

/** Over so few terms of one example that each reader may add them up by itself. */
function isShortReduction(node: Node): boolean {
  const form = formOf(node);
  return form.form === "reduction" && !form.overBatch && reducedCount(node) <= SHORT;
}

function isShortProduct(node: Node): boolean {
  const form = formOf(node);
  if (form.form !== "product") return false;
  const { batch, terms } = form.product(node);
  return batch !== "terms" && terms <= SHORT / 2;
}

/** The value whose memory a kernel reads where it is given `node`. */
export function memoryOf(node: Node): Node {
  return node.op === "reshape" || node.op === "batch_broadcast" ? memoryOf(node.inputs[0]!) : node;
}

/** Leaves that are in memory before the program begins. */
export function isGiven(node: Node): boolean {
  return node.op === "input" || node.op === "parameter" || node.op === "state" || node.op === "noise";
}

/** Whether a reader has more elements than what it reads. */
function repeats(user: Node, node: Node): boolean {
  const more = sizeOf(user.type.shape) > sizeOf(node.type.shape);
  return more || (user.type.batched && !node.type.batched);
}
