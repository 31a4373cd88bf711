/**
 * The order in which a program is carried out, what each step really reads, and when each value is read last.
 * Repetitions (`broadcast`, `batch_broadcast`) that only feed arithmetic are not carried out: arithmetic on targets
 * broadcasts by itself. A loop is one step.
 */
import { type Loop, type Loops, NO_LOOPS } from "./loop.ts";
import { nodesInOrder } from "./order.ts";
import { type Node, sizeOf, type TensorProgram } from "./tensor.ts";

/** An input of a step. `shape` is the shape to read it in: for a repetition that is left out, with axes of size 1. */
export interface Operand {
  readonly node: Node;
  readonly shape: readonly number[];
  /** True when `node` stands for a repetition of itself. */
  readonly spread: boolean;
}

export interface Step {
  readonly node: Node;
  readonly operands: readonly Operand[];
  /** What makes the node's value, where that is more than its own operation. */
  readonly loop?: Loop;
  /** Values that no later step reads and that are not outputs. */
  readonly dies: readonly Node[];
}

/** What broadcasts by itself at no cost. */
const broadcasting = new Set(["add", "subtract", "multiply", "divide"]);
/** These take a number for all elements; any other broadcast is twenty times slower than a copy with tfjs's WASM. */
const scalars = new Set(["minimum", "maximum", "power", "equal", "less", "less_equal"]);

export function schedule(program: TensorProgram, loops: Loops = NO_LOOPS): Step[] {
  const outputs = new Set(program.outputs.values());
  const operands = new Map<Node, readonly Operand[]>();
  const waiting = [...outputs];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (operands.has(node)) continue;
    const own = loops.get(node)?.operands.map(plain) ?? operandsOf(node);
    operands.set(node, own);
    waiting.push(...own.map((operand) => operand.node));
  }
  const order = nodesInOrder(outputs).filter((node) => operands.has(node));
  const last = new Map<Node, Node>();
  for (const node of order) {
    last.set(node, node);
    for (const operand of operands.get(node)!) last.set(operand.node, node);
  }
  const dying = new Map<Node, Node[]>();
  for (const [node, reader] of last) {
    if (outputs.has(node)) continue;
    const others = dying.get(reader);
    if (others === undefined) dying.set(reader, [node]);
    else others.push(node);
  }
  return order.map((node) => {
    const loop = loops.get(node);
    const step = { node, operands: operands.get(node)!, dies: dying.get(node) ?? [] };
    return loop === undefined ? step : { ...step, loop };
  });
}

function plain(node: Node): Operand {
  return { node, shape: node.type.shape, spread: false };
}

function operandsOf(node: Node): readonly Operand[] {
  const own = node.inputs.map(plain);
  if (!broadcasting.has(node.op) && !scalars.has(node.op)) return own;
  const [a, b] = node.inputs.map((input) => source(input, node.type.shape.length)) as [Operand, Operand];
  const choices: readonly (readonly [Operand, Operand])[] = [
    [a, b],
    [own[0]!, b],
    [a, own[1]!],
  ];
  return choices.find(([left, right]) => fits(node, left, right) && covers(left, right, node)) ?? own;
}

function fits(node: Node, ...operands: readonly Operand[]): boolean {
  if (broadcasting.has(node.op)) return true;
  return operands.every(({ spread, node: { type } }) => !spread || (!type.batched && sizeOf(type.shape) === 1));
}

/** What a repetition repeats, with axes of size 1 up to the given rank. */
function source(node: Node, rank: number): Operand {
  let from = node;
  let { shape } = node.type;
  while (from.op === "broadcast" || from.op === "batch_broadcast") {
    from = from.inputs[0]!;
    shape = [...Array(shape.length - from.type.shape.length).fill(1), ...from.type.shape];
  }
  return { node: from, shape: [...Array(rank - shape.length).fill(1), ...shape], spread: from !== node };
}

/** Whether two operands broadcast to the whole result. */
function covers(a: Operand, b: Operand, node: Node): boolean {
  if ((a.node.type.batched || b.node.type.batched) !== node.type.batched) return false;
  const size = (operand: Operand, axis: number) =>
    operand.shape[axis - node.type.shape.length + operand.shape.length] ?? 1;
  return node.type.shape.every((extent, axis) => Math.max(size(a, axis), size(b, axis)) === extent);
}
