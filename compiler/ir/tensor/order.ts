/** The order in which a graph is evaluated: every node after its inputs. */
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
