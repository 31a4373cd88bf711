/** Sums over vectors, and random ones that a seed and a purpose decide. */
import { normal, uniform } from "../runtime/random.ts";

export type Vector = ArrayLike<number>;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The largest magnitude; 0 of nothing. */
export function magnitude(a: Vector): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]!));
  return most;
}

/** The largest magnitude of a difference. */
export function distance(a: Vector, b: Vector): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

export function norm(a: Vector): number {
  return Math.sqrt(dot(a, a));
}

/** The unit vector along coordinate i. */
export function unit(size: number, i: number): Float64Array {
  const e = new Float64Array(size);
  e[i] = 1;
  return e;
}

/** Draws one after the other; the same for the same seed and purpose. */
export class Draws {
  private readonly seed: number;
  private readonly purpose: number;
  private step = 0;

  constructor(seed: number, purpose: number) {
    this.seed = seed;
    this.purpose = purpose;
  }

  /** Uniform on (−range / 2, range / 2). */
  within(range: number, size: number): Float64Array {
    return Float64Array.from(this.uniforms(size), (v) => range * (v - 0.5));
  }

  /** Uniform on (0, 1). */
  uniforms(size: number): Float64Array {
    return Float64Array.from(uniform(this.seed, this.purpose, this.step++, size));
  }

  normals(size: number): Float64Array {
    return Float64Array.from(normal(this.seed, this.purpose, this.step++, size));
  }
}
