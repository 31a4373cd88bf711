/** A kernel in all the forms in which the host runs it. */
import type { PrintedKernel } from "./artifact.ts";
import type { Kernel } from "./ir/kernel/kernel.ts";
import { Memo, type StaticValues } from "./memo.ts";
import { printJavaScriptKernel } from "./targets/javascript-kernel.ts";
import { printWasmKernel } from "./targets/wasm-kernel.ts";

const PRINTED = new Memo<Kernel, PrintedKernel>();
const NO_VALUES: StaticValues = new Map();

export function printKernel(kernel: Kernel): PrintedKernel {
  return PRINTED.get(kernel, NO_VALUES, () => {
    const inputs = kernel.inputs.map((array) => array.name);
    const outputs = kernel.outputs.map(({ name, shape }) => ({ name, size: shape.reduce((a, b) => a * b, 1) }));
    return { text: printJavaScriptKernel(kernel), wasm: printWasmKernel(kernel), inputs, outputs };
  });
}
