/** Kernels one after the other as one kernel, and the backward of such a sequence by the chain rule. */
import { Composition } from "./compose.ts";
import type { Kernel, KernelArray } from "./kernel.ts";

/** `second` on the first output of `first`; what else `second` reads, such as the size, it reads itself. */
export function sequence(first: Kernel, second: Kernel): Kernel {
  const [, ...others] = second.inputs;
  const composition = new Composition(union(first.inputs, others), second.outputs);
  const between = composition.array(first.outputs[0]!, "prepared");
  composition.call(first, new Map([...own(first.inputs), ...firstOutput(composition, first, between.name)]));
  const input = second.inputs[0]!;
  composition.call(second, new Map([...own(others), [input.name, between.name], ...own(second.outputs)]));
  return composition.finish(`${second.name}_after_${first.name}`, second.doc);
}

/**
 * y = f(p(u)): (∂y/∂u)ᵀc = (∂p/∂u)ᵀ (∂f/∂p)ᵀ c. `backward` computes (∂f/∂p)ᵀ c from p (called u), y (called x) and c
 * (called cotangent), as far as it has these inputs; the transpose of the preparation reads u and cotangent.
 */
export function sequenceBackward(
  preparation: { readonly kernel: Kernel; readonly transpose: Kernel },
  backward: Kernel,
): Kernel {
  const { kernel, transpose } = preparation;
  const input = kernel.inputs[0]!;
  const shape = { ...input, element: "f32" as const };
  const wanted = ["x", "cotangent"].flatMap((name): KernelArray[] =>
    backward.inputs.some((array) => array.name === name) ? [{ ...shape, name }] : [],
  );
  const vjp: KernelArray = { ...shape, name: "vjp" };
  const named = new Set(["u", "x", "cotangent"]);
  const others = [kernel, transpose, backward].flatMap((each) => each.inputs.filter(({ name }) => !named.has(name)));
  const composition = new Composition(union([input, ...wanted], others), [vjp]);
  const prepared = composition.array(kernel.outputs[0]!, "prepared");
  composition.call(kernel, new Map([...own(kernel.inputs), ...firstOutput(composition, kernel, prepared.name)]));
  const inner = composition.array(shape, "inner");
  const inputs = new Map([...own(others), ["u", prepared.name], ["x", "x"], ["cotangent", "cotangent"]]);
  composition.call(backward, new Map([...inputs, ...firstOutput(composition, backward, inner.name)]));
  const last = new Map([...own(others), ["u", input.name], ["cotangent", inner.name]]);
  composition.call(transpose, new Map([...last, ...firstOutput(composition, transpose, vjp.name)]));
  return composition.finish(`${backward.name}_after_${kernel.name}`);
}

/** Inputs of several kernels; those of one name are one. */
function union(arrays: readonly KernelArray[], more: readonly KernelArray[]): KernelArray[] {
  return [...new Map([...arrays, ...more].map((array) => [array.name, array])).values()];
}

function own(arrays: readonly KernelArray[]): [string, string][] {
  return arrays.map((array) => [array.name, array.name]);
}

/** The first output goes to `name`, others to scratch that nobody reads. */
function firstOutput(composition: Composition, kernel: Kernel, name: string): [string, string][] {
  return kernel.outputs.map((array, i) => [array.name, i === 0 ? name : composition.array(array, array.name).name]);
}
