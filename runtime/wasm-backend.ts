/** What tfjs's WASM backend (4.22) is made of, as far as kernels of our own use it. */
import type * as core from "@tensorflow/tfjs-core";
import { UserError } from "./user-error.ts";

export type Tensorflow = typeof core;

export interface WasmBackend {
  readonly wasm?: { readonly asm?: { readonly memory?: WebAssembly.Memory } };
  readonly dataIdMap: { get(id: core.DataId): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: "float32"): core.TensorInfo;
  disposeData(id: core.DataId): void;
}

/** The backend's memory; undefined where another module cannot work on it, as where threads share it. */
export function wasmMemory(backend: WasmBackend): WebAssembly.Memory | undefined {
  const memory = backend.wasm?.asm?.memory;
  const shared = typeof SharedArrayBuffer !== "undefined" && memory?.buffer instanceof SharedArrayBuffer;
  return shared ? undefined : memory;
}

/**
 * A new tensor. tfjs does not look at what its allocator returns: without memory a tensor begins at address 0, where
 * the heap's own data are.
 */
export function made(
  backend: WasmBackend,
  shape: readonly number[],
  others: readonly core.TensorInfo[] = [],
): core.TensorInfo {
  const result = backend.makeOutput([...shape], "float32");
  const size = shape.reduce((product, each) => product * each, 1);
  if (size === 0 || backend.dataIdMap.get(result.dataId).memoryOffset !== 0) return result;
  for (const { dataId } of [result, ...others]) backend.disposeData(dataId);
  throw new UserError(`the device \`wasm\` has no memory left for ${size} numbers`, {
    why: "a WebAssembly heap ends at 4 GiB, and sooner where the machine has less to give",
    help: "reduce the batch or the sizes of the model, or use the device `cpu`",
  });
}
