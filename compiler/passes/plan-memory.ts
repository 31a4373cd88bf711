/**
 * How much memory a program needs: the peak over its steps of what is alive at once, as printed programs dispose values
 * after their last use. Reshapes share the memory of what they reshape.
 */
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
const copying = new Set(["contract", "gather", "scatter_add", "select", "concat"]);

export function planMemory(program: TensorProgram): Memory {
  const alive = { fixed: 0, perExample: 0 };
  const peak = { fixed: 0, perExample: 0 };
  const holders = new Map<Node, number>();
  const steps = schedule(program);
  for (const step of steps) {
    const owner = ownerOf(step.node);
    if (owner === step.node) count(alive, step.node, 1);
    holders.set(owner, (holders.get(owner) ?? 0) + 1);
    const scratch = scratchOf(step);
    if (scratch !== undefined) count(alive, scratch, 1);
    peak.fixed = Math.max(peak.fixed, alive.fixed);
    peak.perExample = Math.max(peak.perExample, alive.perExample);
    if (scratch !== undefined) count(alive, scratch, -1);
    for (const node of step.dies) {
      const held = ownerOf(node);
      holders.set(held, holders.get(held)! - 1);
      if (holders.get(held) === 0 && !lasting.has(held.op)) count(alive, held, -1);
    }
  }
  return peak;
}

/** The node whose memory a value lives in. */
function ownerOf(node: Node): Node {
  let owner = node;
  while (owner.op === "reshape") owner = owner.inputs[0]!;
  return owner;
}

function count(total: { fixed: number; perExample: number }, node: Node, sign: 1 | -1): void {
  const bytes = sizeOf(node.type.shape) * (node.type.dtype === "bool" ? 1 : 4) * sign;
  if (node.type.batched) total.perExample += bytes;
  else total.fixed += bytes;
}

function scratchOf(step: Step): Node | undefined {
  return copying.has(step.node.op) ? step.operands[0]?.node : undefined;
}
