/** Rebuilding a graph node by node: the way in which passes change one. */
import type { Builder } from "./builder.ts";
import { nodesInOrder } from "./order.ts";
import type { Node, TensorProgram } from "./tensor.ts";

/** Makes the new node for an old one, given its new inputs. */
export type Rebuild = (node: Node, inputs: readonly Node[], build: Builder) => Node;

/** The new node of every old one that the outputs need. Old and new may come from different builders. */
export function rewrite(outputs: Iterable<Node>, rebuild: Rebuild, build: Builder): Map<Node, Node> {
  const renewed = new Map<Node, Node>();
  for (const node of nodesInOrder(outputs)) {
    const inputs = node.inputs.map((input) => renewed.get(input)!);
    renewed.set(node, rebuild(node, inputs, build));
  }
  return renewed;
}

/** A program after a rewrite; a name from the source moves to the node that now computes its value. */
export function rewritten(program: TensorProgram, renewed: ReadonlyMap<Node, Node>): TensorProgram {
  const labels = new Map<Node, string>();
  for (const [node, label] of program.labels) {
    const now = renewed.get(node);
    if (now !== undefined && !labels.has(now)) labels.set(now, label);
  }
  const outputs = new Map([...program.outputs].map(([name, node]) => [name, renewed.get(node)!]));
  return { name: program.name, outputs, labels };
}
