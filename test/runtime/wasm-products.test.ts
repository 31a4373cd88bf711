/**
 * Products on the device `wasm` against sums in float64: whole tiles and rest lines, several depths, panels of either
 * operand, transposed or not, and the shapes that are left to tfjs.
 */
import * as core from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { type Device, openDevice } from "../../runtime/devices.ts";
import { failure } from "./failure.ts";

let device: Device;
beforeAll(async () => {
  device = await openDevice("wasm");
  device.use();
});

/** Values between -1 and 1 that depend on nothing but their place. */
function values(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * (seed + 0.618)));
}

/** The largest error, in units of the sum of the terms' sizes. */
function error(rows: number, inner: number, columns: number, transposed: boolean): number {
  const { tf } = device;
  const [left, right] = [values(rows * inner, 1), values(inner * columns, 2)];
  const a = tf.tensor2d(left, transposed ? [inner, rows] : [rows, inner]);
  const b = tf.tensor2d(right, [inner, columns]);
  const product = tf.matMul(a, b, transposed);
  expect(product.shape).toEqual([rows, columns]);
  const got = product.dataSync();
  for (const tensor of [a, b, product]) tensor.dispose();
  let worst = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let [sum, size] = [0, 0];
      for (let k = 0; k < inner; k++) {
        const term = left[transposed ? k * rows + i : i * inner + k]! * right[k * columns + j]!;
        sum += term;
        size += Math.abs(term);
      }
      worst = Math.max(worst, Math.abs(got[i * columns + j]! - sum) / size);
    }
  }
  return worst;
}

/** [rows, inner, columns] */
const shapes: readonly (readonly [number, number, number])[] = [
  [4, 1, 8],
  [1, 3, 8],
  [7, 5, 16],
  [3, 256, 8],
  [130, 17, 24],
  [123, 258, 64],
  [258, 300, 40],
  [8, 1000, 16],
  [130, 17, 12],
  [123, 258, 4],
  [258, 300, 60],
  [16, 20, 3],
  [6, 9, 1],
  [5, 7, 2],
];

describe.each([false, true])("transposed: %s", (transposed) => {
  // Rounding grows with the number of terms; 1000 terms in one order err by a few units of 6e-8.
  test.each(shapes)("%i × %i by %i", (rows, inner, columns) => {
    expect(error(rows, inner, columns, transposed)).toBeLessThan(1e-6);
  });
});

/** Of the axes before a product's own, those of the operands. */
const leads: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[3], [3]],
  [[1], [3]],
  [[3], [1]],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [1, 3],
    [2, 3],
  ],
  [
    [2, 3],
    [1, 1],
  ],
];

describe.each(leads)("one product for each of %j and %j", (left, right) => {
  test.each([
    [5, 7, 8],
    [6, 300, 10],
    [1, 4, 3],
    [9, 2, 13],
    [4, 5, 1],
  ])("%i × %i by %i", (rows, inner, columns) => {
    const { tf } = device;
    const size = (shape: readonly number[]) => shape.reduce((product, each) => product * each, 1);
    const a = tf.tensor(values(size(left) * rows * inner, 1), [...left, rows, inner]);
    const b = tf.tensor(values(size(right) * inner * columns, 2), [...right, inner, columns]);
    const got = tf.matMul(a, b);
    const lead = left.map((extent, axis) => Math.max(extent, right[axis]!));
    expect(got.shape).toEqual([...lead, rows, columns]);
    // The one of an operand's products that stands for a number of all.
    const own = (shape: readonly number[], number: number) => {
      let [rest, place, stride] = [number, 0, 1];
      for (let axis = lead.length - 1; axis >= 0; axis--) {
        if (shape[axis] !== 1) place += (rest % lead[axis]!) * stride;
        stride *= shape[axis]!;
        rest = Math.floor(rest / lead[axis]!);
      }
      return place;
    };
    const [x, y, numbers] = [a, b, got].map((tensor) => tensor.dataSync()) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    numbers.forEach((value, at) => {
      const [number, i, j] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
      const [from, to] = [own(left, number) * rows + i, own(right, number) * inner];
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += x[from * inner + k]! * y[(to + k) * columns + j]!;
      expect(value, `element ${at}`).toBeCloseTo(sum, 4);
    });
    tf.dispose([a, b, got]);
  });
});

test("nothing stays behind, and other products are tfjs's", () => {
  const { tf } = device;
  const before = tf.memory();
  const results = tf.tidy(() => {
    const a = tf.reshape(tf.range(0, 48), [6, 8]);
    const b = tf.reshape(tf.range(0, 64), [8, 8]);
    const ours = tf.matMul(a, b);
    const [plain, transposed, batches] = [core.matMul(a, b), tf.matMul(a, b, false, true), tf.matMul(tf.stack([a]), b)];
    return [ours, plain, transposed, core.matMul(a, b, false, true), tf.squeeze(batches)].map((x) => x.arraySync());
  });
  expect(results[0]).toEqual(results[1]);
  expect(results[2]).toEqual(results[3]);
  expect(results[4]).toEqual(results[1]);
  expect(tf.memory().numTensors).toBe(before.numTensors);
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
});

test("sizes that do not fit are told of as tfjs does", () => {
  const { tf } = device;
  const [a, b] = [tf.zeros([4, 8]), tf.zeros([9, 8])];
  expect(() => tf.matMul(a as core.Tensor2D, b as core.Tensor2D)).toThrow(/inner shapes/);
  tf.dispose([a, b]);
});

test("a process has the one tfjs, which stays as it was", async () => {
  expect(device.tf.matMul).not.toBe(core.matMul);
  expect(device.tf.engine()).toBe(core.engine());
  expect((await openDevice("wasm")).tf).toBe(device.tf);
  expect((await openDevice("cpu")).tf).toBe(core);
});

test.each([1, 3, 4, 5, 8, 11, 4096])("a rectifier of %i numbers made 0 of NaN", (size) => {
  const { tf } = device;
  // Roots and logarithms of negative numbers are NaN with a sign.
  for (const where of new Set([0, size >> 1, size - 1])) {
    const given = values(size, 3);
    new Uint32Array(given.buffer)[where] = 0xffc00000;
    const x = tf.tensor1d(given);
    const result = tf.relu(x);
    const expected = given.map((value) => (value > 0 || Number.isNaN(value) ? value : 0));
    expect(result.dataSync()).toEqual(expected);
    for (const tensor of [x, result]) tensor.dispose();
  }
});

test("a rectifier keeps the shape, and numbers of other types are left to tfjs", () => {
  const { tf } = device;
  expect(tf.tidy(() => tf.relu(tf.tensor3d(values(24, 1), [2, 3, 4])).shape)).toEqual([2, 3, 4]);
  expect(tf.tidy(() => [...tf.relu(tf.tensor1d([-2, 0, 3, 4, -5], "int32")).dataSync()])).toEqual([0, 0, 3, 4, 0]);
  expect(tf.tidy(() => tf.relu(tf.tensor2d([], [0, 8])).shape)).toEqual([0, 8]);
});

test.each([
  ["relu", 0],
  ["matMul", 0],
  ["matMul", 1],
] as const)("%s wrote over the start of the heap when there was no memory for tensor %i", async (name, number) => {
  const { tf } = device;
  device.use();
  const { wasm } = tf.backend() as object as { readonly wasm: { _malloc(bytes: number): number } };
  const x = tf.tensor2d(values(64, 1), [8, 8]);
  const before = tf.memory();
  const allocate = wasm._malloc;
  let allocated = 0;
  wasm._malloc = (bytes) => (allocated++ === number ? 0 : allocate(bytes));
  try {
    const told = await failure(() => (name === "relu" ? tf.relu(x) : tf.matMul(x, x)));
    expect(told.message).toBe("the device `wasm` has no memory left for 64 numbers");
  } finally {
    wasm._malloc = allocate;
  }
  expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
  const backend = tf.backend() as object as { numDataIds(): number };
  const ids = backend.numDataIds();
  const [once, twice] = [tf.relu(x), tf.matMul(x, x)];
  expect(backend.numDataIds()).toBe(ids + 2);
  for (const tensor of [x, once, twice]) tensor.dispose();
});
