/** Which node's memory a value lives in: on every target a reshape is another view of the same memory. */
import type { Node } from "./tensor.ts";

export function ownerOf(node: Node): Node {
  let owner = node;
  while (owner.op === "reshape") owner = owner.inputs[0]!;
  return owner;
}

/** Ops of leaves whose values are there as long as the program runs: they belong to the caller, or to all of it. */
export const LASTING: ReadonlySet<string> = new Set(["input", "parameter", "state", "noise", "constant"]);
