/**
 * Ops that a device with kernels of its own has none for become expressions of others: those of the form `restated`.
 */
import { Builder } from "../ir/tensor/builder.ts";
import { nodesInOrder } from "../ir/tensor/order.ts";
import { rewrite, rewritten } from "../ir/tensor/rewrite.ts";
import type { Node, TensorProgram } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";

/** Leaves the meaning as it is. A program without such ops is returned as it is. */
export function restate(program: TensorProgram): TensorProgram {
  const formOf = (node: Node) => (ops.get(node.op) as PrimitiveOp).wgsl;
  if (!nodesInOrder(program.outputs.values()).some((node) => formOf(node).form === "restated")) return program;
  const build = new Builder();
  const renewed = rewrite(
    program.outputs.values(),
    (node, inputs) => {
      const form = formOf(node);
      return form.form === "restated" ? form.as(node, inputs, build) : build.node(node.op, inputs, node.attributes);
    },
    build,
  );
  return rewritten(program, renewed);
}
