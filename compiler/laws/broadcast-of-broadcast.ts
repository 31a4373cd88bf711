/** Two repetitions are one. */
import { leaf } from "./helpers.ts";
import type { Law } from "./law.ts";

export const law: Law = {
  name: "broadcast-of-broadcast",
  says: "broadcast(broadcast(x)) = broadcast(x), and the repetition over the batch comes last",
  roots: ["broadcast"],
  example: (build) => build.broadcast(build.broadcast(leaf(build, "a", [3]), [2, 3]), [4, 2, 3]),
  apply(node, build) {
    const inner = node.inputs[0]!;
    const from = inner.inputs[0]!;
    if (inner.op === "broadcast") return build.broadcast(from, node.type.shape);
    return inner.op === "batch_broadcast" ? build.batchBroadcast(build.broadcast(from, node.type.shape)) : undefined;
  },
};
