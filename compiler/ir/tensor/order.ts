/** The order in which a graph is evaluated: every node after its inputs. And who reads a node. */
import type { Node } from "./tensor.ts";

/**
 * All nodes that the outputs need, by increasing id: inputs come before users. Those that are not `wanted` are left out
 * with what they alone need.
 */
export function nodesInOrder(outputs: Iterable<Node>, wanted: (node: Node) => boolean = () => true): Node[] {
  const seen = new Set<Node>();
  const waiting = [...outputs];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node) || !wanted(node)) continue;
    seen.add(node);
    waiting.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The nodes among these that read each of them, in order. */
export function usersOf(order: readonly Node[]): Map<Node, Node[]> {
  const readers = new Map<Node, Node[]>();
  for (const node of order) {
    for (const input of new Set(node.inputs)) {
      const known = readers.get(input);
      if (known === undefined) readers.set(input, [node]);
      else known.push(node);
    }
  }
  return readers;
}
