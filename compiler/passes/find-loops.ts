/**
 * Finds elementwise operations that the device wasm carries out together, in one loop over their elements: an
 * operation joins the loop of the one that alone reads it, so that its value is never stored. So it does with a sum
 * over axes of an example. What a loop reads may be repeated, cut or in another shape, and is not made for it.
 */
import { integersOf } from "../ir/tensor/attributes.ts";
import { type Loop, type Loops, numberOfNode } from "../ir/tensor/loop.ts";
import { nodesInOrder, usersOf } from "../ir/tensor/order.ts";
import { LASTING } from "../ir/tensor/owner.ts";
import { type Node, sizeOf, type TensorProgram, type TensorType } from "../ir/tensor/tensor.ts";
import {
  type Extent,
  joined,
  type Level,
  levelsOf,
  spread,
  VIEWING,
  type View,
  viewOf,
  wholeOf,
} from "../ir/tensor/view.ts";
import type { PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";

/** Addresses beyond these do not stay in registers. */
const MOST_READS = 10;
const MOST_MEMBERS = 40;
/** Sums of more terms, one after the other in float32, would lose too much. */
const MOST_TERMS = 512;
/** What is read only so many operations later may take more memory than the value that is made of it at once. */
const NEAR = 32;
/** Examples of a batch, where values with and without a batch are compared. */
const MANY = 64;

export function findLoops(program: TensorProgram): Loops {
  return new Finder(program).find();
}

class Finder {
  private readonly order: readonly Node[];
  private readonly outputs: ReadonlySet<Node>;
  private readonly users: ReadonlyMap<Node, readonly Node[]>;
  private readonly places: ReadonlyMap<Node, number>;
  /** The place of the last operation that reads a value, itself or a view of it. */
  private readonly lastReads = new Map<Node, number>();

  constructor(program: TensorProgram) {
    this.outputs = new Set(program.outputs.values());
    this.order = nodesInOrder(this.outputs);
    this.places = new Map(this.order.map((node, place) => [node, place]));
    this.users = usersOf(this.order);
    for (const node of [...this.order].reverse()) {
      const reads = (this.users.get(node) ?? []).map((user) =>
        VIEWING.has(user.op) ? this.lastReads.get(user)! : this.places.get(user)!,
      );
      this.lastReads.set(node, Math.max(this.places.get(node)!, ...reads));
    }
  }

  find(): Loops {
    const loops = new Map<Node, Loop>();
    const inside = new Set<Node>();
    for (const root of [...this.order].reverse()) {
      if (inside.has(root) || !isRoot(root)) continue;
      const members = this.grow(root);
      const loop = loopOf(root, members);
      if (loop === undefined || !isWorthwhile(loop)) continue;
      loops.set(root, loop);
      for (const member of members) if (this.isReadWithin(member, members)) inside.add(member);
    }
    return loops;
  }

  /** The operations that are computed with the root: operands of members join, the latest first. */
  private grow(root: Node): ReadonlySet<Node> {
    const members = new Set([root]);
    const reads = new Set(readsOf(root));
    const waiting = new Set(reads);
    while (waiting.size > 0) {
      const next = [...waiting].reduce((latest, node) => (node.id > latest.id ? node : latest));
      waiting.delete(next);
      const own = readsOf(next).filter((node) => !members.has(node));
      const joint = new Set([...reads, ...own]).size - 1;
      if (members.size === MOST_MEMBERS || joint > MOST_READS || !this.joins(next, elementsOf(root), members)) continue;
      if (this.places.get(root)! - this.places.get(next)! > NEAR && this.keepsMore(next)) continue;
      members.add(next);
      reads.delete(next);
      for (const node of own) {
        reads.add(node);
        waiting.add(node);
      }
    }
    return members;
  }

  /** Whether a value with an element for each round of the loop is computed in it. */
  private joins(node: Node, rounds: TensorType, members: ReadonlySet<Node>): boolean {
    const { batched, shape } = node.type;
    if (batched !== rounds.batched || sizeOf(shape) !== sizeOf(rounds.shape)) return false;
    // A truth value is a quarter of a number, and computed in less time than it is read.
    if (isComputed(node) && node.type.dtype === "bool") return true;
    if (!this.isReadWithin(node, members)) return false;
    if (node.op !== "reshape") return isComputed(node);
    // Of a value that is computed for nothing else.
    const from = node.inputs[0]!;
    return this.isReadWithin(from, new Set([node])) && (isComputed(from) || this.joins(from, rounds, new Set([node])));
  }

  /** Whether what is read for the last time here is larger than what is made of it. */
  private keepsMore(node: Node): boolean {
    const place = this.places.get(node)!;
    const sources = new Set(readsOf(node).map((read) => viewOf(read).source));
    const last = [...sources].filter((source) => !LASTING.has(source.op) && this.lastReads.get(source) === place);
    const elements = ({ shape, batched }: TensorType) => sizeOf(shape) * (batched ? MANY : 1);
    return last.reduce((total, { type }) => total + elements(type), 0) > elements(node.type);
  }

  private isReadWithin(node: Node, members: ReadonlySet<Node>): boolean {
    return !this.outputs.has(node) && this.users.get(node)!.every((user) => members.has(user));
  }
}

/** A sum of not too many elements, or what can be computed, of one number at least. */
function isRoot(node: Node): boolean {
  const { dtype, shape } = node.type;
  const size = sizeOf(shape);
  if (dtype !== "f32" || size === 0) return false;
  return node.op === "sum" ? sizeOf(node.inputs[0]!.type.shape) <= MOST_TERMS * size : isComputed(node);
}

/** What has an element for each round of a loop. */
function elementsOf(root: Node): TensorType {
  return root.op === "sum" ? root.inputs[0]!.type : root.type;
}

/** Where the result of each round goes. */
function resultOf(root: Node): View {
  if (root.op !== "sum") return wholeOf(root);
  const { shape } = elementsOf(root);
  const axes = integersOf(root.attributes, "axes");
  let stride = 1;
  const extents = shape.map((extent): Extent => ({ extent, stride: 0 }));
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (axes.includes(axis)) continue;
    extents[axis] = { extent: shape[axis]!, stride };
    stride *= shape[axis]!;
  }
  return { source: root, offset: 0, extents: joined(extents) };
}

/** Whether a loop can compute it: from numbers and truth values, or a whole number that becomes a number. */
function isComputed(node: Node): boolean {
  const { lanes } = ops.get(node.op) as PrimitiveOp;
  if (lanes === undefined || node.type.dtype === "i32") return false;
  const converts = node.op === "cast" && node.type.dtype === "f32";
  return node.inputs.every((input) => input.type.dtype !== "i32" || converts);
}

function readsOf(node: Node): readonly Node[] {
  return node.inputs.filter((input) => numberOfNode(input) === undefined);
}

/** Undefined where the innermost round would add to one element. */
function loopOf(root: Node, members: ReadonlySet<Node>): Loop | undefined {
  const inOrder = [...members].sort((a, b) => a.id - b.id);
  const read = [...new Set(inOrder.flatMap(readsOf))].filter((node) => !members.has(node));
  const { views, levels } = laidOut(read, root);
  if (root.op === "sum" && levels.at(-1)!.strides.at(-1) !== 1) return undefined;
  return {
    root,
    members: inOrder,
    reads: new Map(read.map((node, i) => [node, views[i]!])),
    operands: [...new Set(views.map(({ source }) => source))],
    levels,
  };
}

/** Views of what is read in which the innermost round reads neighbours, or one element; others are made. */
function laidOut(read: readonly Node[], root: Node): { readonly views: readonly View[]; readonly levels: Level[] } {
  const { shape, batched } = elementsOf(root);
  const size = sizeOf(shape);
  const made = new Set<Node>();
  for (;;) {
    const views = read.map((node) =>
      spread(
        viewOf(node, (each) => made.has(each)),
        node,
        size,
      ),
    );
    const levels = levelsOf([...views, resultOf(root)], size, batched);
    const wrong = read.filter((_, i) => {
      if (levels === undefined) return views[i]!.extents.length > 1;
      return (levels.at(-1)?.strides[i] ?? 0) > 1;
    });
    if (levels !== undefined && wrong.length === 0) return { views, levels };
    for (const node of wrong) made.add(node);
  }
}

/** A single operation is what tfjs has itself, unless it reads what would have to be made for it. */
function isWorthwhile({ members, reads, root }: Loop): boolean {
  const work = members.filter(({ op }) => op !== "reshape" && op !== "stop_gradient").length;
  if (work !== 1) return work > 1;
  const size = sizeOf(elementsOf(root).shape);
  return [...reads.values()].some(({ source, extents }) => {
    const isWhole = extents.length === 1 && extents[0]!.stride === 1 && sizeOf(source.type.shape) === size;
    return extents.length > 0 && !isWhole;
  });
}
