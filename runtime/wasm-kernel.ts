/** Runs kernels that were printed as WebAssembly: one example after the other goes through the module's memory. */
import type { WasmArray, WasmKernel } from "../compiler/artifact.ts";
import type { KernelFailure, KernelRefusal } from "./kernel-fault.ts";

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;
/** As the kernels printed as JavaScript are called. */
export type BatchKernel = (
  batch: number,
  inputs: readonly Numbers[],
  outputs: readonly Numbers[],
  fail: KernelFailure,
  refuse: KernelRefusal,
) => void;

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly solve: () => void;
  readonly narrow: (offset: number, length: number) => void;
}

export function loadWasmKernel(kernel: WasmKernel): BatchKernel {
  const bytes = Uint8Array.from(atob(kernel.module), (unit) => unit.charCodeAt(0));
  let failed: (failure: number, value: number) => never;
  const host = {
    fail: (failure: number, value: number) => failed(failure, value),
    log: Math.log,
    log1p: Math.log1p,
    expm1: Math.expm1,
    power: Math.pow,
  };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host });
  const { memory, solve, narrow } = exports as unknown as Exports;
  const view = ({ element, offset, length }: WasmArray) =>
    new (element === "f32" ? Float64Array : Int32Array)(memory.buffer, offset, length);
  const [inputViews, outputViews] = [kernel.inputs.map(view), kernel.outputs.map(view)];
  // Bytes are cleared several times faster than numbers.
  const outputBytes = outputViews.map(
    ({ byteOffset, byteLength }) => new Uint8Array(memory.buffer, byteOffset, byteLength),
  );
  const narrowViews = kernel.outputs.map(({ offset, length }) => new Float32Array(memory.buffer, offset, length));
  return (batch, inputs, outputs, fail, refuse) => {
    let example = 0;
    failed = (failure, value) => {
      const told = kernel.failures[failure]!;
      if ("requirement" in told) return refuse(example, told.requirement, ...(told.sized ? [value] : []));
      const [before, after] = told;
      return fail(example, before, ...(after === undefined ? [] : [value, after]));
    };
    for (; example < batch; example++) {
      inputViews.forEach((to, i) => {
        to.set(inputs[i]!.subarray(example * to.length, (example + 1) * to.length));
      });
      for (const bytes of outputBytes) bytes.fill(0);
      solve();
      outputViews.forEach((from, i) => {
        const to = outputs[i]!;
        const narrows = to instanceof Float32Array && from instanceof Float64Array && from.length > 0;
        if (narrows) narrow(from.byteOffset, from.length);
        to.set(narrows ? narrowViews[i]! : from, example * from.length);
      });
    }
  };
}
