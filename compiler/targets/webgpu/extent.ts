/**
 * Numbers that grow with the batch: fixed + perExample · batch. Buffers, offsets and amounts of work are such numbers.
 */
import type { Extent } from "../../artifact-webgpu.ts";
import { sizeOf, type TensorType } from "../../ir/tensor/tensor.ts";

export const NONE: Extent = { fixed: 0, perExample: 0 };

export function fixed(count: number): Extent {
  return { fixed: count, perExample: 0 };
}

/** As many as a value of this type has elements. */
export function elementsOf({ shape, batched }: TensorType): Extent {
  return times(batched, sizeOf(shape));
}

/** So many for each example, or for all of them together. */
export function times(batched: boolean, count: number): Extent {
  return batched ? { fixed: 0, perExample: count } : fixed(count);
}

export function plus(a: Extent, b: Extent): Extent {
  return { fixed: a.fixed + b.fixed, perExample: a.perExample + b.perExample };
}

export function scaled(extent: Extent, by: number): Extent {
  return { fixed: extent.fixed * by, perExample: extent.perExample * by };
}

/** The smallest that is nowhere less than either. */
export function atLeast(a: Extent, b: Extent): Extent {
  return { fixed: Math.max(a.fixed, b.fixed), perExample: Math.max(a.perExample, b.perExample) };
}

/** As WGSL of type u32. */
export function extentText({ fixed: count, perExample }: Extent): string {
  if (perExample === 0) return `${count}u`;
  const batch = perExample === 1 ? "call.batch" : `${perExample}u * call.batch`;
  return count === 0 ? (perExample === 1 ? batch : `(${batch})`) : `(${batch} + ${count}u)`;
}
