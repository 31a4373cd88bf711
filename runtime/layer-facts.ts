/** What any layer tells of itself, whatever it runs on. */
import type { Decision } from "../compiler/artifact.ts";

export interface Facts {
  readonly structure: string;
  readonly size: number;
  readonly inputSize: number;
  readonly count?: number | undefined;
  readonly decisions: readonly Decision[];
}

export abstract class LayerFacts<Compiled extends Facts> {
  protected readonly layer: Compiled;

  protected constructor(layer: Compiled) {
    this.layer = layer;
  }

  get structure(): string {
    return this.layer.structure;
  }
  /** Numbers of one member. */
  get size(): number {
    return this.layer.size;
  }
  /** Utilities of one example. */
  get inputSize(): number {
    return this.layer.inputSize;
  }
  /** Members, where that is known. */
  get count(): number | undefined {
    return this.layer.count;
  }
  get decisions(): readonly Decision[] {
    return this.layer.decisions;
  }
}
