/** Memory of one call: values take slots in turn, and a slot is as large as the largest value that it ever holds. */
import type { Extent } from "../../artifact-webgpu.ts";
import { atLeast } from "./extent.ts";

/** Batches are thought to be of this size where one growth must be weighed against another. */
const TYPICAL_BATCH = 64;

export class Slots {
  readonly extents: Extent[] = [];
  private readonly free = new Set<number>();

  /** The free slot that fits best, or a new one. */
  take(extent: Extent): number {
    let best: number | undefined;
    let least = words(extent);
    for (const slot of this.free) {
      const before = this.extents[slot]!;
      const grown = words(atLeast(before, extent)) - words(before);
      const spare = words(before) - words(extent);
      const cost = grown + Math.max(0, spare) / 1024;
      if (cost >= least) continue;
      least = cost;
      best = slot;
    }
    if (best === undefined) {
      this.extents.push(extent);
      return this.extents.length - 1;
    }
    this.free.delete(best);
    this.extents[best] = atLeast(this.extents[best]!, extent);
    return best;
  }

  release(slot: number): void {
    this.free.add(slot);
  }
}

function words({ fixed, perExample }: Extent): number {
  return fixed + perExample * TYPICAL_BATCH;
}
