/**
 * The part of the artifact that is for WebGPU: modules, and plans of what is dispatched over which memory. Everything
 * but the batch is decided when a model is compiled.
 */

/** Programs as WebGPU runs them. */
export interface WebGpuCode {
  /**
   * WGSL modules by name. The entry point is `main`; where a step has several pieces of work, `part_1`, … do one each.
   */
  readonly modules: { readonly [name: string]: string };
  readonly plans: readonly WebGpuPlan[];
  /** What the buffer `tables` holds: whole numbers and, as their bits, float32 ones. */
  readonly tables: readonly number[];
  /** Where parameters and states lie in their buffers, in words; gradients and moments lie as the parameters do. */
  readonly layout: {
    readonly parameters: { readonly [name: string]: number };
    readonly states: { readonly [name: string]: number };
  };
}

/** A whole number that grows with the batch: fixed + perExample · batch. */
export interface Extent {
  readonly fixed: number;
  readonly perExample: number;
}

/**
 * A buffer that modules read or write: one that lives as long as the model, what the host hands over at each call
 * (`inputs`), or a numbered slot of memory that values of one call share in turn. All are arrays of 32-bit words.
 */
export type WebGpuBuffer =
  | "parameters"
  | "states"
  /** Laid out as the parameters are, and new states as the states. */
  | "gradients"
  | "new_states"
  /** Of the optimiser: all means, then all means of squares. */
  | "moments"
  | "inputs"
  | "tables"
  | "scratch"
  /** The first fault of a call: its number from 1 on, the problem, a value or place, and how many there were. */
  | "faults"
  /** See WebGpuUpdate. */
  | "verdict"
  | number;

/** Where a value lies: `offset` words into a buffer. */
export interface WebGpuLocation {
  readonly buffer: WebGpuBuffer;
  readonly offset: Extent;
}

/** A piece for each of the product of ⌈extent / per⌉; a workgroup does so many at once. */
export interface WebGpuWork {
  readonly pieces: readonly { readonly extent: Extent; readonly per: number }[];
  readonly atOnce: number;
}

/** One dispatch. */
export interface WebGpuStep {
  readonly module: string;
  /** Bound to group 0 from binding 1 on; binding 0 is the uniform `Call`. */
  readonly bindings: readonly { readonly buffer: WebGpuBuffer; readonly access: "read" | "write" }[];
  /**
   * What it does, one after the other in its workgroups, which are laid out as a plane where a line does not hold them.
   */
  readonly work: readonly WebGpuWork[];
  /** What it computes, for messages: `theta`, `the solver prim of z`. */
  readonly label: string;
  /** Words that it reads and writes, each counted once. */
  readonly reads: Extent;
  readonly writes: Extent;
  /** It draws this noise, and is left out where the caller gives the draws. */
  readonly noise?: string;
}

/** How an entry point is carried out: its steps in order, in one submission. */
export interface WebGpuPlan {
  /** The name of an entry point; of a layer, of what is asked. */
  readonly entry: string;
  /** Words of each slot. */
  readonly slots: readonly Extent[];
  readonly inputs: { readonly [name: string]: WebGpuLocation };
  readonly noise: { readonly [name: string]: WebGpuLocation };
  readonly outputs: { readonly [name: string]: WebGpuLocation };
  readonly steps: readonly WebGpuStep[];
  /** Words of scratch memory that the steps need at most. */
  readonly scratch: Extent;
  /** Of `train`. */
  readonly update?: WebGpuUpdate;
  /**
   * The uniform `Call`, by words: the batch, the seed, what is added to streams of noise, the number of the draw, then
   * the hypers (f32) in this order, then for an update the numbers of the optimiser (f32) in the order of `OPTIMIZER`.
   */
  readonly hypers: readonly string[];
  /** What faults mean that kernels report, from number 1 on. */
  readonly faults: readonly WebGpuFault[];
}

/**
 * What follows the steps of `train`: it is judged whether loss, gradients and new states are finite and no kernel has
 * reported a fault; if so, parameters and states change. The buffer `verdict` then holds: whether the model is halted,
 * which is for the host to clear; 1 where this update was made; the loss; and of each parameter, then of each state, in
 * the order of the artifact, the bits of the largest absolute value of its gradient or new value.
 */
export interface WebGpuUpdate {
  readonly steps: readonly WebGpuStep[];
}

/**
 * What went wrong in a kernel, told of `subject`, a latent or a question. `value`: what kind of number is not finite.
 * `words` stand before and after the value that the kernel reports.
 */
export type WebGpuFault = {
  readonly subject: string;
  /** Problems of one example, if they belong to examples. */
  readonly perExample?: number;
  /** What utilities were divided by: a hyper's name or a number. */
  readonly temperature?: string | number;
} & (
  | {
      readonly kind: "received" | "gradient" | "made";
      readonly value: "NaN" | "an infinite value" | "a negative infinite value";
      /** Elements of the array in one problem; the kernel reports the element. */
      readonly size: number;
    }
  | { readonly kind: "failure"; readonly words: readonly [string, string] | readonly [string] }
  | { readonly kind: "requirement"; readonly requirement: string; readonly sized: boolean }
);
