/**
 * How much memory a program needs: the peak over its steps of what is alive at once, as printed programs dispose values
 * after their last use. Reshapes share the memory of what they reshape.
 */
import { ownerOf } from "../ir/tensor/owner.ts";
import { type Step, schedule } from "../ir/tensor/schedule.ts";
import { type Node, sizeOf, type TensorProgram } from "../ir/tensor/tensor.ts";

export interface Memory {
  /** Bytes: fixed + perExample · batch bounds the peak from above. */
  readonly fixed: number;
  readonly perExample: number;
}

/** Leaves live as long as the program runs. */
const lasting = new Set(["input", "parameter", "state", "noise", "constant"]);

/** Ops whose printed form makes a copy of their first operand on the way. */
const copying = new Set(["gather", "scatter_add", "select", "concat"]);

export function planMemory(program: TensorProgram): Memory {
  const alive = { fixed: 0, perExample: 0 };
  const peak = { fixed: 0, perExample: 0 };
  const holders = new Map<Node, number>();
  const packed = new Set<Node>();
  const steps = schedule(program);
  for (const step of steps) {
    const owner = ownerOf(step.node);
    if (owner === step.node) count(alive, step.node, 1);
    holders.set(owner, (holders.get(owner) ?? 0) + 1);
    const right = rightOperand(step);
    if (right !== undefined && !packed.has(right)) {
      packed.add(right);
      count(alive, right, 1);
    }
    const scratch = scratchOf(step);
    for (const node of scratch) count(alive, node, 1);
    peak.fixed = Math.max(peak.fixed, alive.fixed);
    peak.perExample = Math.max(peak.perExample, alive.perExample);
    for (const node of scratch) count(alive, node, -1);
    for (const node of step.dies) {
      const held = ownerOf(node);
      holders.set(held, holders.get(held)! - 1);
      if (holders.get(held) !== 0 || lasting.has(held.op)) continue;
      count(alive, held, -1);
      if (packed.delete(held)) count(alive, held, -1);
    }
  }
  return peak;
}

function count(total: { fixed: number; perExample: number }, node: Node, sign: 1 | -1): void {
  const bytes = sizeOf(node.type.shape) * (node.type.dtype === "bool" ? 1 : 4) * sign;
  if (node.type.batched) total.perExample += bytes;
  else total.fixed += bytes;
}

/** The operand of a product that a backend may keep a packed copy of, for as long as the operand lives. */
function rightOperand(step: Step): Node | undefined {
  return step.node.op === "matmul" || step.node.op === "contract" ? ownerOf(step.operands[1]!.node) : undefined;
}

/** Copies that are made and disposed of within a step; the left operand of a contraction is transposed. */
function scratchOf(step: Step): readonly Node[] {
  const copied = copying.has(step.node.op) || step.node.op === "contract";
  return copied ? step.operands.slice(0, 1).map((operand) => operand.node) : [];
}
