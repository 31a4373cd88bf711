/**
 * How a kernel appears in the tensor IR: the plain data that a `kernel` node carries about the kernel it runs and about
 * the kernel that computes its vector–Jacobian product.
 */
import type { Kernel } from "../kernel/kernel.ts";
import { attributesKey } from "./attributes.ts";
import type { Attributes, Node } from "./tensor.ts";

/** What the graph must know of a kernel. Shapes are those of one example. */
export interface KernelSummary {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** The backward of a kernel node. */
export type KernelBackward =
  /**
   * A kernel over forward inputs, forward outputs and `cotangent`, by name. Its outputs are for the forward's inputs
   * with these numbers (the first by default), one for each.
   */
  | { readonly strategy: "custom"; readonly kernel: Kernel; readonly inputs?: readonly number[] }
  | { readonly strategy: "none"; readonly reason: string };

export function summarize(kernel: Kernel): KernelSummary {
  const strip = (array: { readonly name: string; readonly shape: readonly number[] }) => ({
    name: array.name,
    shape: [...array.shape],
  });
  return { name: kernel.name, inputs: kernel.inputs.map(strip), outputs: kernel.outputs.map(strip) };
}

/**
 * For messages at run time `latent` names what is sampled, and `temperature`, a hyper's name or a number, what its
 * utilities were divided by.
 */
export function kernelAttributes(
  kernel: Kernel,
  output: string,
  backward: KernelBackward,
  latent: string | undefined,
  temperature?: string | number,
): Attributes {
  const vjp =
    backward.strategy === "custom"
      ? { strategy: backward.strategy, kernel: data(summarize(backward.kernel)), inputs: backward.inputs ?? [0] }
      : { ...backward };
  return {
    kernel: data(summarize(kernel)),
    output,
    vjp,
    ...(latent === undefined ? {} : { latent }),
    ...(temperature === undefined ? {} : { temperature }),
  };
}

/** A summary as attribute data. */
export function data(summary: KernelSummary): Attributes {
  return { name: summary.name, inputs: summary.inputs.map(array), outputs: summary.outputs.map(array) };
}

function array(each: { readonly name: string; readonly shape: readonly number[] }): Attributes {
  return { name: each.name, shape: each.shape };
}

/** The kernel a node runs. */
export function kernelOf(attributes: Attributes): KernelSummary {
  return attributes.kernel as unknown as KernelSummary;
}

/**
 * What nodes that read outputs of one run have in common: all but the output. Latents of one kernel and one input have
 * a run each, since a run belongs to the latent that its errors name and each output to one node alone.
 */
export function runKey(node: Node): string {
  const { output: _, ...run } = node.attributes;
  return `${attributesKey(run)}(${node.inputs.map((input) => input.id).join(",")})`;
}
