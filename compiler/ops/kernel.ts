/** A host kernel run on every row: how solvers and relaxations of structures enter the tensor graph. */
import { stringOf } from "../ir/tensor/attributes.ts";
import type { Builder } from "../ir/tensor/builder.ts";
import { data, type KernelSummary, kernelOf } from "../ir/tensor/kernel-node.ts";
import { type Attributes, formatType, type Node, sameShape, sizeOf, type TensorType } from "../ir/tensor/tensor.ts";
import { repeated } from "./helpers.ts";
import type { PrimitiveOp } from "./op.ts";

type Vjp =
  | { readonly strategy: "custom"; readonly kernel: KernelSummary; readonly inputs: readonly number[] }
  | { readonly strategy: "none"; readonly reason: string };

function outputIndex(attributes: Attributes): number {
  const name = stringOf(attributes, "output");
  const index = kernelOf(attributes).outputs.findIndex((array) => array.name === name);
  if (index < 0) throw new TypeError(`the kernel ${kernelOf(attributes).name} has no output ${name}`);
  return index;
}

/** The axes in front of the kernel's own. */
function leadOf(kernel: KernelSummary, inputs: readonly TensorType[]): readonly number[] {
  if (inputs.length !== kernel.inputs.length) {
    throw new TypeError(`the kernel ${kernel.name} takes ${kernel.inputs.length} inputs, not ${inputs.length}`);
  }
  const lead = (type: TensorType, i: number) => type.shape.slice(0, type.shape.length - kernel.inputs[i]!.shape.length);
  const first = inputs[0] === undefined ? [] : lead(inputs[0], 0);
  inputs.forEach((type, i) => {
    const own = kernel.inputs[i]!.shape;
    const fits = type.shape.length >= own.length && sameShape(type.shape, [...first, ...own]) && type.dtype === "f32";
    if (!fits) throw new TypeError(`the kernel ${kernel.name} does not take ${inputs.map(formatType).join(", ")}`);
  });
  return first;
}

/** A node for the output of a kernel that computes a vector–Jacobian product. */
function backwardNode(
  kernel: KernelSummary,
  output: string,
  inputs: readonly Node[],
  node: Node,
  build: Builder,
): Node {
  const vjp = { strategy: "none", reason: "it is itself a derivative" };
  const { latent } = node.attributes;
  return build.node("kernel", inputs, {
    kernel: data(kernel),
    output,
    vjp,
    ...(latent === undefined ? {} : { latent }),
  });
}

/** The backward kernel's inputs by name: forward inputs, forward outputs, and what is left is the cotangent. */
function operands(backward: KernelSummary, node: Node, cotangent: Node, build: Builder): Node[] {
  const forward = kernelOf(node.attributes);
  return backward.inputs.map((array) => {
    const input = forward.inputs.findIndex((each) => each.name === array.name);
    if (input >= 0) return node.inputs[input]!;
    const output = forward.outputs.find((each) => each.name === array.name);
    if (output !== undefined) return build.node("kernel", node.inputs, { ...node.attributes, output: output.name });
    // A closed form shared by several relaxations calls the forward result x, whatever the forward calls it.
    return array.name === "x" ? node : cotangent;
  });
}

export const op: PrimitiveOp = {
  name: "kernel",
  doc: "One output of a host kernel, run on each row of inputs [...lead, ...kernel shape].",
  type(inputs, attributes) {
    const kernel = kernelOf(attributes);
    const lead = leadOf(kernel, inputs);
    const output = kernel.outputs[outputIndex(attributes)]!;
    return { dtype: "f32", shape: [...lead, ...output.shape], batched: inputs.some((type) => type.batched) };
  },
  // A kernel is given by the program: whole models run this op (test/targets/models.test.ts).
  samples: [],
  eval(inputs, attributes, result, runKernel) {
    const kernel = kernelOf(attributes);
    const index = outputIndex(attributes);
    const width = sizeOf(kernel.outputs[index]!.shape);
    const all = new Float64Array(sizeOf(result.shape));
    for (let row = 0; row * width < all.length; row++) {
      const rows = inputs.map((x, i) => {
        const size = sizeOf(kernel.inputs[i]!.shape);
        return x.data.slice(row * size, (row + 1) * size);
      });
      all.set(runKernel(kernel.name, rows)[index]!, row * width);
    }
    return { shape: result.shape, data: all };
  },
  gradient(node, cotangent, build) {
    const vjp = node.attributes.vjp as unknown as Vjp;
    if (vjp.strategy === "none") {
      throw new TypeError(`the kernel ${kernelOf(node.attributes).name} has no gradient: ${vjp.reason}`);
    }
    const result = node.inputs.map((): Node | undefined => undefined);
    const given = operands(vjp.kernel, node, cotangent, build);
    vjp.inputs.forEach((input, i) => {
      result[input] = backwardNode(vjp.kernel, vjp.kernel.outputs[i]!.name, given, node, build);
    });
    return result;
  },
  wgsl: { form: "kernel" },
  // Runs are printed by the target, which groups the outputs of one run.
  tfjs() {
    throw new TypeError("the target prints kernel runs itself");
  },
  scratch: ({ inputs, type }) =>
    inputs.flatMap((input) =>
      input.type.batched === type.batched ? [] : repeated(input.type, { ...input.type, batched: true }),
    ),
};
