import type { Builder } from "../ir/tensor/builder.ts";
import type { Node } from "../ir/tensor/tensor.ts";
export function simplify(outputs: ReadonlyMap<string, Node>, _build: Builder): Map<string, Node> {
  return new Map(outputs);
}
