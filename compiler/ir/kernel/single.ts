/**
 * The arithmetic of a device for the interpreter: float32 in which nothing is subnormal and nothing may be infinite.
 * Devices may take numbers that are too small for 0, and compute anything at all from one that is too large.
 */
import { type KernelArithmetic, KernelFault } from "./interpret.ts";

const LARGEST = 3.4028234663852886e38;
const SMALLEST = 1.1754943508222875e-38;
/** exp of more than this is not a number; of less, larger than any. */
const LARGEST_EXPONENT = 88.7;

function round(value: number): number {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new KernelFault(`${value} is no number of 32 bits`);
  return Math.abs(rounded) < SMALLEST ? 0 : rounded;
}

/**
 * As printed for devices: rounds of parallel loops in whatever order; constants within the range of float32, and
 * different from 0 where they are.
 */
export const SINGLE: KernelArithmetic = {
  round,
  constant: (value) => {
    const small = value !== 0 && Math.abs(value) < SMALLEST;
    return Math.fround(small ? Math.sign(value) * SMALLEST : Math.min(Math.max(value, -LARGEST), LARGEST));
  },
  largest: LARGEST,
  backwards: true,
  exp: (x) => Math.exp(Math.min(x, LARGEST_EXPONENT)),
  expm1: (x) => Math.expm1(Math.min(x, LARGEST_EXPONENT)),
  log: (x) => Math.log(Math.max(x, SMALLEST)),
  power: (a, b) => {
    if (b === 0) return 1;
    if (a === 0) return 0;
    const size = 2 ** round(b * Math.fround(Math.log2(Math.abs(a))));
    return a < 0 && Math.abs(b % 2) === 1 ? -size : size;
  },
};
