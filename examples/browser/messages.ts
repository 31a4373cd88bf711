/** What the page and its training say to one another. */
import type { Edges } from "./graph-picture.ts";

/** `search`: the query of the page's address. */
export type Order =
  | { readonly kind: "open"; readonly search: string }
  | { readonly kind: "start" }
  | { readonly kind: "pause" };

/** A held-out example to be looked at: positions of the vertices over time, and the edges that moved them. */
export interface Example {
  readonly frames: readonly Float32Array[];
  readonly truth: Float32Array;
}

export type News =
  | {
      readonly kind: "ready";
      readonly device: string;
      readonly vertices: number;
      readonly edges: Edges;
      readonly examples: readonly Example[];
      readonly batch: number;
    }
  | { readonly kind: "step"; readonly step: number; readonly loss: number; readonly time: number }
  | { readonly kind: "validation"; readonly precision: number; readonly chosen: readonly Float32Array[] }
  | { readonly kind: "paused" }
  | { readonly kind: "failed"; readonly words: string };
