/**
 * Elementwise operations that are carried out together, in one loop over their elements; a sum over some of their axes
 * may end it.
 */
import { Builder } from "./builder.ts";
import { nodesInOrder } from "./order.ts";
import type { Node, TensorProgram } from "./tensor.ts";
import type { Level, View } from "./view.ts";

export interface Loop {
  /** The value that it makes: the last of its members. */
  readonly root: Node;
  /** What it computes, in order. Reshapes among them hand on what was computed; a sum can only be the root. */
  readonly members: readonly Node[];
  /** What its members read besides one another and numbers, and where that lies. */
  readonly reads: ReadonlyMap<Node, View>;
  /** The sources of these views. */
  readonly operands: readonly Node[];
  /** The rounds of the loop, with strides of `reads` in their order and then of the root. */
  readonly levels: readonly Level[];
}

export type Loops = ReadonlyMap<Node, Loop>;
export const NO_LOOPS: Loops = new Map();

/** The names of its operands, by their numbers. */
export function operandName(index: number): string {
  return String.fromCharCode("a".charCodeAt(0) + index);
}

/** The one output of `programOf`. */
export const LOOP_RESULT = "result";

/** What a loop computes as a program of its own, whose inputs are its operands. */
export function programOf(loop: Loop): TensorProgram {
  const build = new Builder();
  const renewed = new Map(loop.operands.map((node, i) => [node, build.input(operandName(i), node.type)]));
  for (const node of nodesInOrder([loop.root], (each) => !loop.operands.includes(each))) {
    const inputs = node.inputs.map((input) => renewed.get(input)!);
    renewed.set(node, build.node(node.op, inputs, node.attributes));
  }
  return { name: LOOP_RESULT, outputs: new Map([[LOOP_RESULT, renewed.get(loop.root)!]]), labels: new Map() };
}

/** The number that a node stands for; undefined where it is not a single one. */
export function numberOfNode({ op, type, attributes }: Node): number | undefined {
  const { data } = attributes;
  const single = op === "constant" && type.dtype === "f32" && Array.isArray(data) && data.length === 1;
  return single ? (data[0] as number) : undefined;
}
