/** Tensors on the host: plain typed arrays with a shape, the only form in which data enters and leaves a model. */

export type HostArray = Float32Array | Int32Array | Uint8Array;

/** Row-major values. `f32` is a Float32Array, `i32` an Int32Array, `bool` a Uint8Array of zeros and ones. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: HostArray;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}
