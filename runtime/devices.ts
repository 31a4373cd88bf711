/**
 * Opens a tfjs backend by its name in our command line: `wasm` and `cpu` come with the package, `tensorflow` and `cuda`
 * with the optional peers `@tensorflow/tfjs-node` and `@tensorflow/tfjs-node-gpu`.
 */
import * as core from "@tensorflow/tfjs-core";
import { listNames, UserError } from "./user-error.ts";
import { teachNoise } from "./wasm-noise.ts";
import { withProducts } from "./wasm-products.ts";

export type Tensorflow = typeof core;

export const DEVICE_NAMES = ["wasm", "cpu", "tensorflow", "cuda"] as const;
export type DeviceName = (typeof DEVICE_NAMES)[number];

export interface Device {
  readonly name: DeviceName;
  readonly tf: Tensorflow;
  /** Bytes that tensors may take at once; undefined where nobody knows. */
  readonly memoryLimit: number | undefined;
  /** Makes this device tfjs's current one. tfjs has one current backend per process, and several models may be open. */
  use(): void;
}

export interface DeviceOptions {
  /**
   * Where the .wasm files are served from: a folder ending in "/", or a map from file name to address. Browsers need
   * it.
   */
  readonly wasmPaths?: string | { readonly [file: string]: string };
  /** Bytes that tensors may take at once, instead of the device's own limit; callers pass free memory for `cpu`. */
  readonly memoryLimit?: number;
}

/**
 * A WebAssembly heap ends at 4 GiB. Beyond some 3.8 GiB (tfjs 4.22) allocations fail *without an error* and results are
 * garbage, so the estimate must stay well below.
 */
const WASM_HEAP_LIMIT = 3.5 * 2 ** 30;

/** Throws a UserError when the device does not exist or its package is not installed. */
export async function openDevice(name: string, options: DeviceOptions = {}): Promise<Device> {
  switch (name) {
    case "wasm":
      return device(
        "wasm",
        await startWasm(options.wasmPaths),
        "wasm",
        Math.min(options.memoryLimit ?? Number.POSITIVE_INFINITY, WASM_HEAP_LIMIT),
      );
    case "cpu":
      // All copies of tfjs in a process share its backends: a program's own may have brought this one.
      if (core.findBackendFactory("cpu") === null) await import("@tensorflow/tfjs-backend-cpu");
      await startQuietly(core, "cpu");
      return device("cpu", core, "cpu", options.memoryLimit);
    case "tensorflow":
      return openNode("tensorflow", "@tensorflow/tfjs-node", options);
    case "cuda":
      return openNode("cuda", "@tensorflow/tfjs-node-gpu", options);
    default:
      throw new UserError(`there is no device called \`${name}\``, {
        help: `choose one of ${listNames(DEVICE_NAMES)}`,
      });
  }
}

function device(name: DeviceName, tf: Tensorflow, backend: string, memoryLimit: number | undefined): Device {
  const use = () => {
    // Synchronous once the backend has started, which `openDevice` has seen to.
    if (tf.getBackend() !== backend) void tf.setBackend(backend);
  };
  use();
  return { name, tf, memoryLimit, use };
}

let wasmStarted: Promise<Tensorflow> | undefined;

function startWasm(paths: DeviceOptions["wasmPaths"]): Promise<Tensorflow> {
  wasmStarted ??= (async () => {
    const wasm = await import("@tensorflow/tfjs-backend-wasm");
    if (paths !== undefined) wasm.setWasmPaths(paths);
    if (!(await core.setBackend("wasm"))) {
      throw new UserError("the device `wasm` did not start", {
        why: "the .wasm files of @tensorflow/tfjs-backend-wasm were not found or not understood",
        help: "in a browser pass `wasmPaths`, the address of the folder wasm-out/; or use the device `cpu`",
      });
    }
    teachNoise(core);
    return withProducts(core);
  })().catch((error: unknown) => {
    wasmStarted = undefined;
    throw error;
  });
  return wasmStarted;
}

/** tfjs's cpu backend greets Node users with an advertisement at its first tensor; `firstUse` is its own switch. */
async function startQuietly(tf: Tensorflow, backend: string): Promise<void> {
  await tf.setBackend(backend);
  const started = tf.backend() as object as { firstUse?: boolean };
  if (started.firstUse === true) started.firstUse = false;
}

async function openNode(name: "tensorflow" | "cuda", packageName: string, options: DeviceOptions): Promise<Device> {
  let tf: Tensorflow;
  try {
    // The name is a variable so that bundlers and the type checker do not look for a package that may be absent.
    const loaded = (await import(/* @vite-ignore */ packageName)) as Tensorflow & { default?: Tensorflow };
    tf = typeof loaded.tensor === "function" ? loaded : (loaded.default ?? loaded);
  } catch (error) {
    throw new UserError(`the device \`${name}\` needs the package ${packageName}, which could not be loaded`, {
      why: error instanceof Error ? error.message.split("\n", 1)[0]! : String(error),
      help: `install it with \`npm install ${packageName}\`, or use the device \`wasm\``,
    });
  }
  await tf.setBackend("tensorflow");
  return device(name, tf, "tensorflow", options.memoryLimit);
}
