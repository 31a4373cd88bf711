/**
 * Numbers that depend on what a kernel's `f32` is where it runs: float64 on hosts, float32 on WebGPU devices. Kernels
 * know them as `f32.rounding` and the like, so one text stops, and changes its algorithm, where either one has to.
 */

/** A number system for the values that kernels call `f32`. */
export interface Precision {
  readonly name: "float64" | "float32";
  /** By their names in kernels, after `f32.`. */
  readonly numbers: Readonly<Record<PrecisionNumber, number>>;
}

/**
 * `rounding`: how far a rounded result is off, relative to it. `smallest` and `largest`: between them nothing is lost
 * by dividing by a number, or multiplying with one, of ordinary size, derivatives included. `exponent`: exp of ± this
 * is a number, with some room, too.
 */
export type PrecisionNumber = "rounding" | "smallest" | "largest" | "exponent";

export const FLOAT64: Precision = {
  name: "float64",
  numbers: { rounding: 2 ** -53, smallest: 1e-300, largest: 1e300, exponent: 700 },
};
export const FLOAT32: Precision = {
  name: "float32",
  numbers: { rounding: 2 ** -24, smallest: 1e-30, largest: 1e30, exponent: 80 },
};

/** What the name of these numbers begins with in kernels: that of their type. */
export const PRECISION_OWNER = "f32";

/** What kernels compute with on a target. */
export function precisionOf(target: string): Precision {
  return target === "webgpu" ? FLOAT32 : FLOAT64;
}
