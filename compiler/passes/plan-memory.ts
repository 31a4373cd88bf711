/**
 * How much memory a program needs: the peak over its steps of what is alive at once, as printed programs dispose values
 * after their last use. Reshapes share the memory of what they reshape.
 */
import { keyOf } from "../ir/tensor/attributes.ts";
import { kernelOf, runKey } from "../ir/tensor/kernel-node.ts";
import { type Loop, type Loops, NO_LOOPS, programOf } from "../ir/tensor/loop.ts";
import { LASTING, ownerOf } from "../ir/tensor/owner.ts";
import { type Step, schedule } from "../ir/tensor/schedule.ts";
import { formatType, type Node, sizeOf, type TensorProgram, type TensorType } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";

export interface Memory {
  /** Bytes: fixed + perExample · batch bounds the peak from above. */
  readonly fixed: number;
  readonly perExample: number;
}

/** Numbers that printed operations hold: of a sum, the divisor; of a copy, the zero that is added. */
const NUMBERS: TensorType = { dtype: "f32", shape: [8], batched: false };

export function planMemory(program: TensorProgram, loops: Loops = NO_LOOPS): Memory {
  return new Plan(program, loops).peak();
}

class Plan {
  private readonly steps: readonly Step[];
  private readonly outputs: readonly Node[];
  private readonly alive = { fixed: 0, perExample: 0 };
  private readonly most = { fixed: 0, perExample: 0 };
  /** Values that live in each value's memory. */
  private readonly holders = new Map<Node, number>();
  /** Right operands of products, each in the type in which a backend may keep it packed for as long as it lives. */
  private readonly packed = new Map<Node, string>();
  /** Nodes that read outputs of each kernel run. */
  private readonly runs = new Map<string, Node[]>();
  private readonly carriedOut = new Set<string>();

  constructor(program: TensorProgram, loops: Loops) {
    this.steps = schedule(program, loops);
    this.outputs = [...program.outputs.values()];
    for (const { node } of this.steps) {
      if (node.op !== "kernel") continue;
      const key = runKey(node);
      this.runs.set(key, [...(this.runs.get(key) ?? []), node]);
    }
  }

  peak(): Memory {
    this.begin();
    for (const step of this.steps) {
      const scratch = [NUMBERS, ...this.make(step), ...this.pack(step)];
      this.meet(scratch, step.loop === undefined ? undefined : withinLoop(step.loop));
      for (const node of step.dies) this.release(ownerOf(node));
    }
    // What is borrowed or returned twice is cloned, and on the device wasm a clone is a copy.
    const cloned = this.outputs.filter((node, i) => LASTING.has(node.op) || this.outputs.indexOf(node) < i);
    this.meet(cloned.map(({ type }) => type));
    return this.most;
  }

  /** A moment at which so much is held beyond what is alive. */
  private meet(scratch: readonly TensorType[], more: Memory = { fixed: 0, perExample: 0 }): void {
    for (const type of scratch) this.count(type, 1);
    this.most.fixed = Math.max(this.most.fixed, this.alive.fixed + more.fixed);
    this.most.perExample = Math.max(this.most.perExample, this.alive.perExample + more.perExample);
    for (const type of scratch) this.count(type, -1);
  }

  /** What there is before the first step: arguments, constants, tables that an earlier call has made. */
  private begin(): void {
    const tables = new Map<string, TensorType>();
    for (const node of this.constantsOfLoops()) this.count(node.type, 1);
    for (const { node } of this.steps) {
      if (LASTING.has(node.op)) this.count(node.type, 1);
      for (const type of recordOf(node).kept?.(node) ?? []) {
        tables.set(`${node.op}${keyOf(node.attributes)}${formatType(node.inputs[0]!.type)}`, type);
      }
    }
    for (const type of tables.values()) this.count(type, 1);
  }

  /** Those that no step is for. */
  private constantsOfLoops(): ReadonlySet<Node> {
    const steps = new Set(this.steps.map(({ node }) => node));
    const inside = this.steps.flatMap(({ loop }) =>
      loop === undefined ? [] : loop.members.flatMap(({ inputs }) => inputs),
    );
    return new Set(inside.filter((node) => node.op === "constant" && !steps.has(node)));
  }

  /** Counts what a step makes; returns what it holds on the way. */
  private make({ node }: Step): readonly TensorType[] {
    const owner = ownerOf(node);
    this.holders.set(owner, (this.holders.get(owner) ?? 0) + 1);
    if (node.op === "kernel") return this.run(node);
    if (owner === node && !LASTING.has(node.op)) this.count(node.type, 1);
    return recordOf(node).scratch?.(node) ?? [];
  }

  /** A run makes all outputs of its kernel at once. Those that no node reads are gone after it. */
  private run(node: Node): readonly TensorType[] {
    const key = runKey(node);
    if (this.carriedOut.has(key)) return [];
    this.carriedOut.add(key);
    const { outputs } = kernelOf(node.attributes);
    const sizeRead = outputs.find(({ name }) => name === node.attributes.output)!.shape.length;
    const lead = node.type.shape.slice(0, node.type.shape.length - sizeRead);
    const readers = this.runs.get(key)!;
    for (const reader of readers) this.count(reader.type, 1);
    const unread = outputs.filter(({ name }) => readers.every((reader) => reader.attributes.output !== name));
    const scratch = recordOf(node).scratch?.(node) ?? [];
    return [...scratch, ...unread.map(({ shape }) => ({ ...node.type, shape: [...lead, ...shape] }))];
  }

  /** The packed copy of a product's right operand; memory that serves in two shapes is copied for the second. */
  private pack({ node, operands }: Step): readonly TensorType[] {
    if (node.op !== "matmul" && node.op !== "contract") return [];
    const right = operands[1]!.node;
    const owner = ownerOf(right);
    const type = `${node.op} ${formatType(right.type)}`;
    const before = this.packed.get(owner);
    if (before !== undefined) return before === type ? [] : [right.type, right.type];
    this.packed.set(owner, type);
    this.count(owner.type, 1);
    // What outlives the call serves in its own shape, others first.
    return LASTING.has(owner.op) && owner !== right ? [right.type, right.type] : [];
  }

  private release(owner: Node): void {
    const left = this.holders.get(owner)! - 1;
    this.holders.set(owner, left);
    if (left !== 0 || LASTING.has(owner.op)) return;
    this.count(owner.type, -1);
    if (this.packed.delete(owner)) this.count(owner.type, -1);
  }

  private count(type: TensorType, sign: 1 | -1): void {
    const bytes = bytesOf(type) * sign;
    if (type.batched) this.alive.perExample += bytes;
    else this.alive.fixed += bytes;
  }
}

/** What a loop holds besides operands and result on devices that carry it out operation by operation. */
function withinLoop(loop: Loop): Memory {
  const { fixed, perExample } = planMemory(programOf(loop));
  const outside = [...loop.operands, loop.root].map(({ type }) => ({ type, bytes: bytesOf(type) }));
  const bytes = (batched: boolean) =>
    outside.filter(({ type }) => type.batched === batched).reduce((sum, each) => sum + each.bytes, 0);
  return { fixed: Math.max(0, fixed - bytes(false)), perExample: Math.max(0, perExample - bytes(true)) };
}

function bytesOf({ shape, dtype }: TensorType): number {
  return sizeOf(shape) * (dtype === "bool" ? 1 : 4);
}

function recordOf(node: Node): PrimitiveOp {
  return ops.get(node.op) as PrimitiveOp;
}
