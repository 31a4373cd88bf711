/** Which node's memory a value lives in: on every target a reshape is another view of the same memory. */
import type { Node } from "./tensor.ts";

export function ownerOf(node: Node): Node {
  let owner = node;
  while (owner.op === "reshape") owner = owner.inputs[0]!;
  return owner;
}
