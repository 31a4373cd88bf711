/**
 * A structured layer on tensors of tfjs's backend `webgpu`: what the backend has on the device stays there. Methods are
 * synchronous, as operations of tfjs are, and `tf.grad` differentiates soft samples.
 */
import type * as core from "@tensorflow/tfjs-core";
import type { CompiledWebGpuLayer } from "../../compiler/artifact.ts";
import { exampleAxes, type Reading } from "../layer-rows.ts";
import { UserError } from "../user-error.ts";
import { USAGE } from "./gpu.ts";
import { createWebGpuLayer, type WebGpuLayer } from "./layer.ts";

/** What of tfjs is used. */
export type WebGpuTensorflow = Pick<typeof core, "backend" | "customGrad" | "getBackend" | "tensor">;

/** The backend's own. */
interface Backend {
  readonly device: GPUDevice;
}

/** Throws a UserError where tfjs runs on another backend. */
export async function createTensorLayer(compiled: CompiledWebGpuLayer, tf: WebGpuTensorflow): Promise<TensorLayer> {
  if (tf.getBackend() !== "webgpu") {
    throw new UserError(
      `this tfjs runs on the backend \`${tf.getBackend()}\`, and a layer on WebGPU needs \`webgpu\``,
      {
        help: 'load @tensorflow/tfjs-backend-webgpu and await tf.setBackend("webgpu"), or leave out `device`',
      },
    );
  }
  const backend = tf.backend() as unknown as Backend;
  const layer = await createWebGpuLayer(compiled, { device: backend.device });
  return new TensorLayer(layer, tf, backend);
}

export class TensorLayer {
  /** The same on numbers and buffers. */
  readonly layer: WebGpuLayer;
  private readonly tf: WebGpuTensorflow;
  private readonly backend: Backend;

  /** For `createTensorLayer`. */
  constructor(layer: WebGpuLayer, tf: WebGpuTensorflow, backend: Backend) {
    this.layer = layer;
    this.tf = tf;
    this.backend = backend;
  }

  /** The most valuable members. No gradient passes. */
  argmax(u: core.Tensor): core.Tensor {
    return this.run("argmax", { u }, u.shape);
  }

  /** X_t = argmax over the convex hull of the members of uᵀx − t f(x). */
  soft(u: core.Tensor): core.Tensor {
    const operation = this.tf.customGrad((...given) => {
      const [utilities] = given as [core.Tensor];
      return {
        value: this.run("soft", { u: utilities }, utilities.shape),
        gradFunc: (cotangent: core.Tensor) => this.vjp(utilities, cotangent),
      };
    });
    return operation(u);
  }

  /** (∂X_t/∂u)ᵀ cotangent. */
  vjp(u: core.Tensor, cotangent: core.Tensor): core.Tensor {
    return this.run("vjp", { u, cotangent }, u.shape);
  }

  /** Once all calls are through; throws a UserError for what kernels have found wrong. */
  settled(): Promise<void> {
    return this.layer.settled();
  }

  /** Frees the layer's memory; the device is the backend's. */
  dispose(): void {
    this.layer.dispose();
  }

  private run(name: string, given: { readonly [name: string]: core.Tensor }, shape: readonly number[]): core.Tensor {
    const { structure, inputSize: size } = this.layer;
    const reading: Reading = { what: `the utilities of ${structure}`, structure, size };
    const batch = exampleAxes(given.u!.shape, reading).reduce((a, b) => a * b, 1);
    const copies = Object.entries(given).map(([input, tensor]) => [input, this.copyOf(tensor)] as const);
    const buffers = copies.map(([input, copy]) => [input, copy.buffer] as const);
    const buffer = this.layer.submit(name, Object.fromEntries(buffers), batch);
    // The backend copies it into one of its own, which it frees with the tensor.
    const result = this.tf.tensor({ buffer }, [...shape], "float32");
    // All commands that read these have been handed over.
    buffer.destroy();
    for (const [, copy] of copies) copy.dispose();
    return result;
  }

  /** A copy of a tensor's numbers on the device; of one that has never been there, from the host. */
  private copyOf(tensor: core.Tensor): { readonly buffer: GPUBuffer; dispose(): void } {
    const onDevice = this.readToDevice(tensor);
    if (onDevice !== undefined) return { buffer: onDevice.buffer, dispose: () => onDevice.tensorRef.dispose() };
    const words = Float32Array.from(tensor.dataSync());
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyDestination;
    const buffer = this.backend.device.createBuffer({ label: "tensor", size: words.byteLength, usage });
    this.backend.device.queue.writeBuffer(buffer, 0, words);
    return { buffer, dispose: () => buffer.destroy() };
  }

  private readToDevice(
    tensor: core.Tensor,
  ): (Required<Pick<core.GPUData, "tensorRef">> & { buffer: GPUBuffer }) | undefined {
    try {
      const { tensorRef, buffer } = tensor.dataToGPU();
      return buffer === undefined ? undefined : { tensorRef, buffer: buffer as GPUBuffer };
    } catch {
      // It is on the host still.
      return undefined;
    }
  }
}
