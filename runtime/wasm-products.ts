/**
 * Products of matrices, and the rectifier, on the device `wasm`, in a WebAssembly module of our own over tfjs's memory.
 * tfjs's own products repack their right operand from far apart at every call, and cannot transpose the left one
 * quickly: measured on one core with 11520 × 256 by 256 × 256, 30 GFLOP/s against 40 here, and for a weight's gradient
 * 17 against 36. Its rectifier makes 0 of a NaN whose sign is set, as those of roots and logarithms are: a training
 * that is lost would go on unseen.
 */
import type * as core from "@tensorflow/tfjs-core";
import {
  add,
  assemble,
  choose,
  constant,
  decrease,
  type FunctionCode,
  get,
  increase,
  less,
  multiply,
  repeat,
  set,
  vector,
} from "./wasm-assembler.ts";
import { made, type Tensorflow, type WasmBackend, wasmMemory } from "./wasm-backend.ts";

/** The names under which tfjs knows our kernels. */
const PRODUCT = "SstcProduct";
const RECTIFIER = "SstcRectifier";
/** Numbers of a vector. */
const LANES = 4;
/** Columns of a panel: two vectors. Where columns are left over, one panel of a single vector follows. */
const PANEL = 8;
/** Rows of a tile: with two vectors for each, the sums stay in registers. */
const TILE = 4;
/** What is packed at a time: a panel of so many rows fits the first cache, and all panels of it the second. */
const DEPTH = 256;
/** So many rows meet a panel before the next. */
const BLOCK = 30 * TILE;

/** `NAME(from, stride, rows, to)`: so many vectors of each row, one after the other. */
function packCode(name: string, vectors: number): FunctionCode {
  const [from, stride, rows, to] = [0, 1, 2, 3];
  const row = Array.from({ length: vectors }, (_, i) => [
    ...[...get(to), ...get(from), ...vector.load(16 * i), ...vector.store(16 * i)],
  ]);
  const next = [...increase(from, get(stride)), ...increase(to, constant(16 * vectors)), ...decrease(rows, 1)];
  return { name, parameters: 4, integers: 0, vectors: 0, body: repeat(row.flat(), next) };
}

/**
 * `NAME(a, row, step, tile, panels, c, stride, depth, rows, columns, more)`: the product of `rows` rows, a multiple of
 * `height`, with packed panels into c, or added to it where `more`. An item of a lies `row` bytes after the one above,
 * `step` bytes after the one before; a tile lies `tile` bytes after the tile before. Panels have `width` vectors.
 */
function productCode(name: string, height: number, width: 1 | 2): FunctionCode {
  const [a, row, step, tile, panels, c, stride, depth, rows, columns, more] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const [column, left, tileAt, tileTo, panel, to, rest] = [11, 12, 13, 14, 15, 16, 17];
  const pointer = (i: number) => 18 + i;
  const integers = 7 + height;
  const vectors = Array.from({ length: width }, (_, k) => k);
  const sum = (line: number, k: number) => 11 + integers + line * width + k;
  const right = (k: number) => sum(height, k);
  const item = right(width);
  const lines = Array.from({ length: height }, (_, i) => i);
  // One relaxed multiply-add in place of these two was no quicker where it was measured (V8 11.3).
  const addProduct = (to: number, from: number) => [
    ...[...get(to), ...get(item), ...get(from), ...vector.multiply, ...vector.add, ...set(to)],
  ];
  // Unrolling this loop makes it a third slower: V8 then runs out of registers.
  const inner = repeat(
    vectors.flatMap((k) => [...get(panel), ...vector.load(16 * k), ...set(right(k))]),
    lines.flatMap((i) => [
      ...[...get(pointer(i)), ...vector.loadSplat, ...set(item)],
      ...vectors.flatMap((k) => addProduct(sum(i, k), right(k))),
    ]),
    [...increase(panel, constant(16 * width)), ...lines.flatMap((i) => increase(pointer(i), get(step)))],
    decrease(left, 1),
  );
  const eachLine = (work: (i: number) => readonly number[]) => [
    ...[...get(tileTo), ...set(to)],
    ...lines.flatMap((i) => [...work(i), ...increase(to, get(stride))]),
  ];
  const tileCode = [
    ...[...get(panels), ...set(panel), ...get(depth), ...set(left)],
    ...lines.flatMap((i) => [
      ...(i === 0 ? get(tileAt) : [...get(pointer(i - 1)), ...get(row), ...add]),
      ...set(pointer(i)),
    ]),
    ...choose(
      get(more),
      eachLine((i) => vectors.flatMap((k) => [...get(to), ...vector.load(16 * k), ...set(sum(i, k))])),
      lines.flatMap((i) => vectors.flatMap((k) => [...vector.zero, ...set(sum(i, k))])),
    ),
    ...inner,
    ...eachLine((i) => vectors.flatMap((k) => [...get(to), ...get(sum(i, k)), ...vector.store(16 * k)])),
    ...increase(tileAt, get(tile)),
    ...increase(tileTo, [...get(stride), ...constant(height), ...multiply]),
  ];
  const body = [
    ...[...constant(0), ...set(column)],
    ...repeat(
      [...get(a), ...set(tileAt), ...get(rows), ...set(rest)],
      [...get(c), ...get(column), ...constant(4), ...multiply, ...add, ...set(tileTo)],
      repeat(tileCode, decrease(rest, height)),
      increase(panels, [...get(depth), ...constant(16 * width), ...multiply]),
      [...increase(column, constant(LANES * width)), ...get(column), ...get(columns), ...less],
    ),
  ];
  return { name, parameters: 11, integers, vectors: width * (height + 1) + 1, body };
}

/** `relu(from, to, vectors)` */
function rectifierCode(): FunctionCode {
  const [from, to, vectors] = [0, 1, 2];
  const larger = [...get(from), ...vector.load(0), ...vector.zero, ...vector.larger];
  const next = [...increase(from, constant(4 * LANES)), ...increase(to, constant(4 * LANES)), ...decrease(vectors, 1)];
  const body = repeat([...get(to), ...larger, ...vector.store(0)], next);
  return { name: "relu", parameters: 3, integers: 0, vectors: 0, body };
}

interface Products {
  packPanel(from: number, stride: number, rows: number, to: number): void;
  packTile(from: number, stride: number, rows: number, to: number): void;
  tiles(...numbers: number[]): void;
  lines(...numbers: number[]): void;
  narrowTiles(...numbers: number[]): void;
  narrowLines(...numbers: number[]): void;
  relu(from: number, to: number, vectors: number): void;
}

/**
 * tfjs with our products in place of its own, where they fit. `tf` itself stays as it is, and is returned as it is
 * where the backend's memory cannot be shared (with threads) or vectors are missing.
 */
export function withProducts(tf: Tensorflow): Tensorflow {
  const backend = tf.backend() as object as WasmBackend;
  const memory = wasmMemory(backend);
  const bytes = assemble([
    packCode("packPanel", PANEL / 4),
    packCode("packTile", TILE / 4),
    productCode("tiles", TILE, 2),
    productCode("lines", 1, 2),
    productCode("narrowTiles", TILE, 1),
    productCode("narrowLines", 1, 1),
    rectifierCode(),
  ]);
  if (memory === undefined || !WebAssembly.validate(bytes)) return tf;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  const products = instance.exports as object as Products;
  const register = (kernelName: string, kernelFunc: core.KernelFunc) => {
    if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
    tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc });
  };
  register(PRODUCT, ({ inputs, attrs }) => {
    const { a, b } = inputs as { readonly a: core.TensorInfo; readonly b: core.TensorInfo };
    return multiplied(products, backend, a, b, attrs?.transposeA === true);
  });
  register(RECTIFIER, ({ inputs }) => rectified(products, backend, inputs.x as core.Tensor));
  return {
    ...tf,
    matMul: (...operands: Parameters<typeof core.matMul>) => matMul(tf, ...operands) as never,
    relu: (x: Parameters<typeof core.relu>[0]) => relu(tf, x) as never,
  };
}

function relu(tf: Tensorflow, x: Parameters<typeof core.relu>[0]): core.Tensor {
  if (!(x instanceof tf.Tensor) || x.dtype !== "float32" || tf.getBackend() !== "wasm") return tf.relu(x);
  return x.size < LANES ? tf.maximum(x, 0) : tf.engine().runKernel(RECTIFIER, { x });
}

/** Of at least one vector; where the last one is not whole, it begins earlier. */
function rectified(products: Products, backend: WasmBackend, x: core.Tensor): core.TensorInfo {
  const result = made(backend, x.shape);
  const [from, to] = [x, result].map(({ dataId }) => backend.dataIdMap.get(dataId).memoryOffset) as [number, number];
  products.relu(from, to, Math.floor(x.size / LANES));
  if (x.size % LANES > 0) products.relu(from + 4 * (x.size - LANES), to + 4 * (x.size - LANES), 1);
  return result;
}

function matMul(tf: Tensorflow, ...operands: Parameters<typeof core.matMul>): core.Tensor {
  const [a, b, transposeA = false, transposeB = false] = operands;
  const ours = a instanceof tf.Tensor && b instanceof tf.Tensor && a.shape.length === b.shape.length;
  if (!ours || transposeB || a.dtype !== "float32" || b.dtype !== "float32" || tf.getBackend() !== "wasm") {
    return tf.matMul(...operands);
  }
  const product = (left: core.Tensor, right: core.Tensor): core.Tensor =>
    tf.engine().runKernel(PRODUCT, { a: left, b: right }, { transposeA });
  const fits = a.shape.at(transposeA ? -2 : -1) === b.shape.at(-2) && a.size > 0 && b.size > 0;
  const [columns, flat] = [b.shape.at(-1)!, a.shape.length === 2];
  if (fits && flat) {
    if (columns % LANES === 0) return product(a, b);
    if (transposeA && a.shape[1]! % LANES === 0) return tf.tidy(() => tf.transpose(product(b, a)));
  }
  // tfjs takes forty times as long for one product after the other.
  if (fits && !flat && !transposeA && columns > 1 && leadOf(a.shape, b.shape) !== undefined) return product(a, b);
  // What tfjs takes fifteen times as long for, with a transposed operand.
  return transposeA && flat ? tf.tidy(() => tf.matMul(tf.transpose(a), b)) : tf.matMul(a, b, transposeA);
}

/**
 * The axes before a product's own, where one operand has those of the other, or 1 in the place of the first ones. (With
 * others, [2, 1] and [2, 3], tfjs's WASM backend takes the wrong matrices; programs do not print such.)
 */
function leadOf(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const [left, right] = [a.slice(0, -2), b.slice(0, -2)];
  const repeats = (less: readonly number[], more: readonly number[]) => {
    const first = less.findIndex((size) => size !== 1);
    return less.every((size, axis) => size === more[axis] || first < 0 || axis < first);
  };
  if (repeats(right, left)) return left;
  return repeats(left, right) ? right : undefined;
}

/** Addresses of one product's operands, its result, and room for `roomFor`; of a, the transposed one if so. */
interface Problem {
  readonly from: number;
  readonly right: number;
  readonly to: number;
  readonly panels: number;
  readonly rows: number;
  readonly inner: number;
  /** A multiple of `LANES`. */
  readonly columns: number;
  readonly transposed: boolean;
}

/** Numbers that a product packs at a time. */
function roomFor(rows: number, inner: number, columns: number, transposed: boolean): number {
  return Math.min(DEPTH, inner) * (columns + (transposed ? rows - (rows % TILE) : 0));
}

/** a b or, where `transposed`, aᵀ b, for each index of the axes before their last two. */
function multiplied(
  products: Products,
  backend: WasmBackend,
  a: core.TensorInfo,
  b: core.TensorInfo,
  transposed: boolean,
): core.TensorInfo {
  const lead = leadOf(a.shape, b.shape)!;
  const [inner, columns] = b.shape.slice(-2) as [number, number];
  const rows = a.shape.at(transposed ? -1 : -2)!;
  const padded = Math.ceil(columns / LANES) * LANES;
  const room = roomFor(rows, inner, padded, transposed);
  const result = made(backend, [...lead, rows, columns]);
  // Where columns are no whole vectors, products are those of copies with more columns.
  const scratch = made(backend, [room + (padded > columns ? (inner + rows) * padded : 0)], [result]);
  const address = (info: core.TensorInfo) => backend.dataIdMap.get(info.dataId).memoryOffset;
  const [from, right, to, panels] = [address(a), address(b), address(result), address(scratch)];
  const countOf = (shape: readonly number[]) => shape.slice(0, -2).reduce((count, size) => count * size, 1);
  const [lefts, rights] = [countOf(a.shape), countOf(b.shape)];
  const sizes = { panels, rows, inner, columns: padded, transposed };
  const [wider, widerResult] = [panels + 4 * room, panels + 4 * (room + inner * padded)];
  for (let i = 0; i < Math.max(lefts, rights); i++) {
    const place = {
      from: from + 4 * (i % lefts) * rows * inner,
      right: right + 4 * (i % rights) * inner * columns,
      to: to + 4 * i * rows * columns,
    };
    if (padded === columns) multiplyInto(products, { ...sizes, ...place });
    else {
      const memory = new Float32Array(wasmMemory(backend)!.buffer);
      copyRows(memory, { from: place.right, width: columns, to: wider, step: padded, rows: inner });
      multiplyInto(products, { ...sizes, from: place.from, right: wider, to: widerResult });
      copyRows(memory, { from: widerResult, width: padded, to: place.to, step: columns, rows });
    }
  }
  backend.disposeData(scratch.dataId);
  return result;
}

/**
 * Copies rows of `width` numbers to places `step` numbers apart: what is wider is cut. What else stands in wider rows
 * does not count: it only makes columns that are not copied back.
 */
function copyRows(
  memory: Float32Array,
  { from, width, to, step, rows }: { from: number; width: number; to: number; step: number; rows: number },
): void {
  const kept = Math.min(width, step);
  for (let row = 0; row < rows; row++) {
    const start = from / 4 + row * width;
    memory.copyWithin(to / 4 + row * step, start, start + kept);
  }
}

function multiplyInto(products: Products, problem: Problem): void {
  const { from, right, to, panels, rows, inner, columns, transposed } = problem;
  const whole = rows - (rows % TILE);
  const wide = columns - (columns % PANEL);
  const depth = Math.min(DEPTH, inner);
  const tiles = panels + 4 * depth * columns;
  // Bytes from an item of a to the one below and to the one after it.
  const [row, step] = transposed ? [4, 4 * rows] : [4 * inner, 4];
  for (let at = 0; at < inner; at += depth) {
    const deep = Math.min(depth, inner - at);
    const more = at === 0 ? 0 : 1;
    const start = from + step * at;
    const pack = (j: number, packed: Products["packPanel"]) =>
      packed(right + 4 * (at * columns + j), 4 * columns, deep, panels + 4 * j * deep);
    for (let j = 0; j < wide; j += PANEL) pack(j, products.packPanel);
    if (wide < columns) pack(wide, products.packTile);
    for (let i = 0; transposed && i < whole; i += TILE) {
      products.packTile(start + 4 * i, step, deep, tiles + 4 * i * deep);
    }
    // The panels of the columns from j on meet rows i and those below.
    const meet = (
      j: number,
      i: number,
      rows: number,
      end: number,
      whole: Products["tiles"],
      lines: Products["tiles"],
    ) => {
      const output = [panels + 4 * j * deep, to + 4 * (columns * i + j), 4 * columns, deep, rows, end, more];
      if (rows % TILE !== 0) lines(start + row * i, row, step, row, ...output);
      else if (transposed) whole(tiles + 4 * i * deep, 4, 4 * TILE, 4 * TILE * deep, ...output);
      else whole(start + row * i, row, step, TILE * row, ...output);
    };
    const meetAll = (i: number, rows: number) => {
      if (wide > 0) meet(0, i, rows, wide, products.tiles, products.lines);
      if (wide < columns) meet(wide, i, rows, LANES, products.narrowTiles, products.narrowLines);
    };
    for (let i = 0; i < whole; i += BLOCK) meetAll(i, Math.min(BLOCK, whole - i));
    if (whole < rows) meetAll(whole, rows - whole);
  }
}
