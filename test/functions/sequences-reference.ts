/** Recurrences, convolutions and losses over sequences, written out in float64, one number at a time. */

export type Matrix = readonly (readonly number[])[];
export type Cube = readonly Matrix[];

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export function affine(x: readonly number[], W: Matrix, b: readonly number[]): number[] {
  return b.map((offset, j) => x.reduce((sum, value, i) => sum + value * W[i]![j]!, offset));
}

/** Outputs of long short-term memory: gates enter, forget (with 1 more), output, candidate. */
export function lstm(x: Matrix, W: Matrix, R: Matrix, b: readonly number[]): number[][] {
  const size = R.length;
  let h = new Array<number>(size).fill(0);
  let c = new Array<number>(size).fill(0);
  return x.map((row) => {
    const own = affine(row, W, b);
    const gates = affine(h, R, own);
    const at = (gate: number, k: number) => gates[gate * size + k]!;
    c = c.map((kept, k) => sigmoid(at(1, k) + 1) * kept + sigmoid(at(0, k)) * Math.tanh(at(3, k)));
    h = c.map((memory, k) => sigmoid(at(2, k)) * Math.tanh(memory));
    return h;
  });
}

/** The next state of a gated recurrent unit; the reset applies after the product. */
export function gruStep(x: readonly number[], h: readonly number[], { reset, keep, candidate, offset }: Gru): number[] {
  const gate = ({ W, R, b }: Gate) => affine(h, R, affine(x, W, b)).map(sigmoid);
  const [r, z] = [gate(reset), gate(keep)];
  const [own, memory] = [affine(x, candidate.W, candidate.b), affine(h, candidate.R, offset)];
  return h.map((old, k) => {
    const fresh = Math.tanh(own[k]! + r[k]! * memory[k]!);
    return (1 - z[k]!) * fresh + z[k]! * old;
  });
}

interface Gate {
  readonly W: Matrix;
  readonly R: Matrix;
  readonly b: readonly number[];
}
export interface Gru {
  readonly reset: Gate;
  readonly keep: Gate;
  readonly candidate: Gate;
  readonly offset: readonly number[];
}

/** y[i] = b + Σ_j x[i + j − before] W[j], where what lies outside of x is 0. */
export function convolution(x: Matrix, W: Cube, b: readonly number[], padding: "same" | "valid" = "same"): number[][] {
  const before = padding === "same" ? Math.floor((W.length - 1) / 2) : 0;
  const places = padding === "same" ? x.length : x.length - W.length + 1;
  return Array.from({ length: places }, (_, i) =>
    W.reduce((sum, slice, j) => {
      const row = x[i + j - before];
      return row === undefined ? sum : affine(row, slice, sum);
    }, b as number[]),
  );
}

export const relu = (x: Matrix): number[][] => x.map((row) => row.map((value) => Math.max(0, value)));

export function crossEntropy(logits: readonly number[], label: number): number {
  const top = Math.max(...logits);
  return top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0)) - logits[label]!;
}

/** Rows of a flat array. */
export function rows(flat: readonly number[], columns: number): number[][] {
  return Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
}

/** Slices of a flat array. */
export function slices(flat: readonly number[], rowsOfEach: number, columns: number): number[][][] {
  const all = rows(flat, columns);
  return Array.from({ length: all.length / rowsOfEach }, (_, i) => all.slice(i * rowsOfEach, (i + 1) * rowsOfEach));
}
