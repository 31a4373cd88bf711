/**
 * A piece of work for the device: what it reads and writes, how it is divided, and how its WGSL is written once all
 * that has a place. Jobs become dispatches, one or several in each (pack.ts).
 */
import type { Extent, WebGpuWork } from "../../artifact-webgpu.ts";
import type { Node } from "../../ir/tensor/tensor.ts";
import type { Shader } from "./shader.ts";

/** Partial results that one job leaves for another. */
export interface Partials {
  readonly words: Extent;
}

export interface Job {
  readonly label: string;
  readonly comment: readonly string[];
  readonly lanes: number;
  readonly workgroups: WebGpuWork["pieces"];
  readonly atOnce: number;
  /** Values in memory that it reads. */
  readonly reads: ReadonlySet<Node>;
  readonly readsPartials?: Partials;
  /** Values, or partial results, that it stores. */
  readonly writes: readonly Node[];
  readonly writesPartials?: Partials;
  readonly moved: { readonly reads: Extent; readonly writes: Extent };
  /** It must be alone in its dispatch: it may be left out, or reports which problem it has met. */
  readonly alone: boolean;
  readonly noise?: string;
  /** Takes places for what it stores. */
  take(): void;
  write(shader: Shader): void;
}
