/**
 * Runs the loops of a program: on the device `wasm` in a WebAssembly module of the program's own over tfjs's memory, on
 * other devices operation by operation.
 */
import type * as core from "@tensorflow/tfjs-core";
import { made, type Tensorflow, type WasmBackend, wasmMemory } from "./wasm-backend.ts";

type Operands = { readonly [name: string]: core.Tensor };
/** A loop operation by operation. */
export type PlainLoop = (batch: number, operands: Operands) => { readonly result: core.Tensor };
/** What a loop makes of its operands, which stay the caller's: a new tensor of the shape. */
export type RunLoop = (
  name: string,
  plain: PlainLoop,
  operands: Operands,
  shape: readonly number[],
  batch: number,
) => core.Tensor;
type Loop = (batch: number, result: number, ...operands: number[]) => void;

/** The name under which tfjs knows our kernel. */
const LOOP = "SstcLoop";

/** `module` is that of an artifact, or empty. It is used where it can share the memory of the backend in use. */
export function createRunLoop(tf: Tensorflow, module: string): RunLoop {
  const plainly: RunLoop = (_, plain, operands, __, batch) => plain(batch, operands).result;
  const backend = tf.backend() as object as WasmBackend;
  const memory = tf.getBackend() === "wasm" ? wasmMemory(backend) : undefined;
  const bytes = Uint8Array.from(atob(module), (unit) => unit.charCodeAt(0));
  // Without vectors of four numbers the module is not valid.
  if (memory === undefined || bytes.length === 0 || !WebAssembly.validate(bytes)) return plainly;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  const loops = exports as { readonly [name: string]: Loop };
  teach(tf, backend);
  return (name, _, operands, shape, batch) =>
    tf
      .engine()
      .runKernel(
        LOOP,
        operands as core.NamedTensorMap,
        { loop: loops[name]!, shape, batch } as object as core.NamedAttrMap,
      );
}

/** A kernel that is given the loop that it is to run. */
function teach(tf: Tensorflow, backend: WasmBackend): void {
  if (tf.getKernel(LOOP, "wasm") !== undefined) tf.unregisterKernel(LOOP, "wasm");
  tf.registerKernel({
    kernelName: LOOP,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => {
      const { loop, shape, batch } = attrs as object as { loop: Loop; shape: readonly number[]; batch: number };
      const result = made(backend, shape);
      const address = ({ dataId }: core.TensorInfo) => backend.dataIdMap.get(dataId).memoryOffset;
      if (batch > 0)
        loop(batch, address(result), ...Object.values(inputs as Record<string, core.TensorInfo>).map(address));
      return result;
    },
  });
}
