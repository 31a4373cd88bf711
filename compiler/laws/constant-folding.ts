/** Computing at compile time what is known at compile time, unless the result would be a large table. */
import type { Builder } from "../ir/tensor/builder.ts";
import { type Node, sizeOf } from "../ir/tensor/tensor.ts";
import type { PrimitiveOp } from "../ops/op.ts";
import { ops } from "../ops/registry.generated.ts";
import { fillOf } from "./helpers.ts";
import type { Law } from "./law.ts";

const LARGEST_RESULT = 64;
const LARGEST_OPERAND = 4096;

/** Not folded: what has no value before run time, or none that is the same for all examples. */
const excluded = new Set(["kernel", "batch_broadcast"]);

const noKernels = () => {
  throw new Error("a kernel is never folded");
};

/** One value for all elements, where all operands are so. */
function uniform(node: Node, record: PrimitiveOp, build: Builder): Node | undefined {
  const fills = node.inputs.map(fillOf);
  if (fills.some((fill) => fill === undefined)) return undefined;
  if (["broadcast", "reshape", "transpose", "slice", "gather"].includes(node.op)) {
    return build.constant(fills[0]!, node.type.shape, node.type.dtype);
  }
  if (record.elementwise !== true) return undefined;
  const scalars = fills.map((fill) => ({ shape: [], data: Float64Array.of(fill!) }));
  const { data } = record.eval(scalars, node.attributes, { ...node.type, shape: [] }, noKernels);
  return Number.isFinite(data[0]) ? build.constant(data[0]!, node.type.shape, node.type.dtype) : undefined;
}

export const law: Law = {
  name: "constant-folding",
  says: "f(constants) = a constant, where it is small or of one value, and finite",
  roots: [...ops].filter(([name, record]) => !("expand" in record) && !excluded.has(name)).map(([name]) => name),
  example: (build) => build.multiply(build.constant([1, 2, 3]), build.constant([4, 5, 6])),
  apply(node, build) {
    if (node.inputs.length === 0 || node.inputs.some((input) => input.op !== "constant")) return undefined;
    const record = ops.get(node.op) as PrimitiveOp;
    const one = uniform(node, record, build);
    if (one !== undefined) return one;
    const operands = node.inputs.map((input) => input.type.shape);
    if (sizeOf(node.type.shape) > LARGEST_RESULT || operands.some((shape) => sizeOf(shape) > LARGEST_OPERAND))
      return undefined;
    const known = node.inputs.map((input) =>
      (ops.get("constant") as PrimitiveOp).eval([], input.attributes, input.type, noKernels),
    );
    const { data } = record.eval(known, node.attributes, node.type, noKernels);
    return data.every(Number.isFinite) ? build.constant([...data], node.type.shape, node.type.dtype) : undefined;
  },
};
