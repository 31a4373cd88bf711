/** Errors for what a device's limits have no room for: which limit, and what would fit. */
import type { WebGpuPlan } from "../../compiler/artifact-webgpu.ts";
import { UserError } from "../user-error.ts";

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** Of one slot of a plan's memory, which a kernel binds as one. */
export function slotTooLarge(plan: WebGpuPlan, slot: number, batch: number, limits: GPUSupportedLimits): UserError {
  const { fixed, perExample } = plan.slots[slot]!;
  const name = "maxStorageBufferBindingSize";
  const limit = limits[name];
  const value = mebibytes((fixed + perExample * batch) * 4);
  return new UserError(`a batch of ${batch} does not fit the device \`webgpu\` in \`${plan.entry}\``, {
    why: `one value takes ${value}, ${allowed(name, limit)}`,
    help: fitting(Math.floor((limit / 4 - fixed) / Math.max(1, perExample))),
  });
}

/**
 * Throws a UserError where a buffer of that many words is too large, which kernels bind whole. `batch`: of a buffer
 * that grows with the batch.
 */
export function requireRoom(limits: GPUSupportedLimits, buffer: string, words: number, batch?: number): void {
  const [limit, bytes] = (["maxStorageBufferBindingSize", "maxBufferSize"] as const)
    .map((name) => [name, limits[name]] as const)
    .reduce((a, b) => (b[1] < a[1] ? b : a));
  if (words * 4 <= bytes) return;
  const of = batch === undefined ? "the model" : `a batch of ${batch}`;
  throw new UserError(`the ${buffer} of ${of} do not fit the device \`webgpu\``, {
    why: `they take ${mebibytes(words * 4)}, ${allowed(limit, bytes)}`,
    help: fitting(batch === undefined ? 0 : Math.floor(bytes / ((words * 4) / batch))),
  });
}

function allowed(limit: string, bytes: number): string {
  return `and the adapter's ${limit} is ${Math.floor(bytes / 2 ** 20)} MiB`;
}

function fitting(batch: number): string {
  if (batch >= 1) return `a batch of ${batch} fits; or use the device \`wasm\``;
  return "reduce the sizes of the model, or use the device `wasm`";
}
