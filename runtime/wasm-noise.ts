/**
 * Noise on the device `wasm`: draws that are drawn straight into tfjs's memory, four blocks of Threefry at a time, by a
 * WebAssembly module of our own. They are those of random.ts, bit for bit, in a fifth of the time.
 */
import type * as core from "@tensorflow/tfjs-core";
import { kept, uniform } from "./random.ts";
import {
  add,
  assemble,
  type Code,
  constant,
  decrease,
  type FunctionCode,
  get,
  increase,
  repeat,
  set,
  vector,
  words,
} from "./wasm-assembler.ts";
import { made, type Tensorflow, type WasmBackend, wasmMemory } from "./wasm-backend.ts";

/** The name under which tfjs knows our kernel. */
const NOISE = "SstcNoise";
const PARITY = 0x1bd11bda;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** What is drawn: as in random.ts. */
export interface Draws {
  readonly base: "uniform" | "kept";
  readonly seed: number;
  readonly stream: number;
  readonly step: number;
  readonly rate: number;
}

/**
 * `NAME(to, rounds, k0, k1, k2, counter, threshold, value)`: from block 0 on, four blocks in each round. `finish` makes
 * elements of the vectors `first` and `second` of words in their order, and stores them.
 */
function drawCode(name: string, finish: (parts: Locals) => Code): FunctionCode {
  const [to, rounds, k0, k1, k2, counter, threshold, value] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [a, b, block, first, second, least, given] = [8, 9, 10, 11, 12, 13, 14];
  const keys = [15, 16, 17] as const;
  const code: number[] = [];
  for (const [i, key] of [k0, k1, k2].entries()) code.push(...get(key), ...words.splat, ...set(keys[i]!));
  code.push(...words.constant([0, 1, 2, 3]), ...set(block));
  code.push(...get(threshold), ...words.splatHalves, ...set(least), ...get(value), ...words.splat, ...set(given));
  const rotated = (bits: number) => [
    ...[...get(b), ...words.left(bits), ...get(b), ...words.right(32 - bits), ...words.or],
  ];
  const round: number[] = [
    ...[...get(counter), ...get(k0), ...add, ...words.splat, ...set(a)],
    ...[...get(block), ...get(keys[1]), ...words.add, ...set(b)],
  ];
  for (let group = 0; group < 5; group++) {
    for (const bits of ROTATIONS[group % 2]!) {
      round.push(...get(a), ...get(b), ...words.add, ...set(a));
      round.push(...rotated(bits), ...get(a), ...words.xor, ...set(b));
    }
    const [toA, toB] = [keys[(group + 1) % 3]!, keys[(group + 2) % 3]!];
    const turn = words.constant([group + 1, group + 1, group + 1, group + 1]);
    round.push(...get(a), ...get(toA), ...words.add, ...set(a));
    round.push(...get(b), ...get(toB), ...words.add, ...turn, ...words.add, ...set(b));
  }
  // Words in their order: those of block 0, then of block 1, …
  round.push(...get(a), ...get(b), ...words.shuffle([0, 4, 1, 5]), ...set(first));
  round.push(...get(a), ...get(b), ...words.shuffle([2, 6, 3, 7]), ...set(second));
  round.push(...finish({ to, first, second, least, given }));
  round.push(...get(block), ...words.constant([4, 4, 4, 4]), ...words.add, ...set(block));
  return { name, parameters: 8, integers: 0, vectors: 10, body: [...code, ...repeat(round, decrease(rounds, 1))] };
}

interface Locals {
  readonly to: number;
  readonly first: number;
  readonly second: number;
  readonly least: number;
  readonly given: number;
}

/** (n + 1/2) / 2^23 for the upper 23 bits n of each word. */
const uniformCode = drawCode("uniform", ({ to, first, second }) => [
  ...[first, second].flatMap((half, i) => [
    ...[...get(to), ...get(half), ...words.right(9), ...words.toFloats, ...words.floats(0.5), ...vector.add],
    ...[...words.floats(2 ** -23), ...vector.multiply, ...vector.store(16 * i)],
  ]),
  ...increase(to, constant(32)),
]);

const keptCode = drawCode("kept", ({ to, first, second, least, given }) => [
  ...[first, second].flatMap((half, i) => [
    ...[...get(half), ...get(least), ...words.halvesAtLeast, ...set(half)],
    ...[...get(to), ...get(half), ...words.lowerHalves, ...get(given), ...words.and, ...vector.store(32 * i)],
    ...[...get(to), ...get(half), ...words.upperHalves, ...get(given), ...words.and, ...vector.store(32 * i + 16)],
  ]),
  ...increase(to, constant(64)),
]);

type Filler = (...numbers: number[]) => void;

/** Teaches tfjs's WASM backend to draw; leaves it as it is where its memory cannot be shared or vectors are missing. */
export function teachNoise(tf: Tensorflow): void {
  const backend = tf.backend() as object as WasmBackend;
  const memory = wasmMemory(backend);
  const bytes = assemble([uniformCode, keptCode]);
  if (memory === undefined || !WebAssembly.validate(bytes)) return;
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  const fill = instance.exports as object as { readonly uniform: Filler; readonly kept: Filler };
  if (tf.getKernel(NOISE, "wasm") !== undefined) tf.unregisterKernel(NOISE, "wasm");
  tf.registerKernel({
    kernelName: NOISE,
    backendName: "wasm",
    kernelFunc: ({ attrs }) => {
      const { shape, draws } = attrs as object as { readonly shape: number[]; readonly draws: Draws };
      const result = made(backend, shape);
      const size = shape.reduce((product, each) => product * each, 1);
      const at = backend.dataIdMap.get(result.dataId).memoryOffset;
      const whole = into(fill, at, size, draws);
      // What is left of less than four blocks.
      if (whole < size) new Float32Array(memory.buffer, at, size).set(rest(draws, whole, size), whole);
      return result;
    },
  });
}

/** Draws as many elements as whole rounds have, and returns how many. */
function into(
  fill: { readonly uniform: Filler; readonly kept: Filler },
  at: number,
  size: number,
  draws: Draws,
): number {
  const { base, seed, stream, step, rate } = draws;
  const perRound = base === "kept" ? 16 : 8;
  const rounds = Math.floor(size / perRound);
  if (rounds === 0) return 0;
  const value = new Int32Array(new Float32Array([1 / (1 - rate)]).buffer)[0]!;
  fill[base](at, rounds, seed, stream, PARITY ^ seed ^ stream, step, rate * 65536, value);
  return rounds * perRound;
}

/** The last elements: few, of blocks that begin where whole rounds ended. */
function rest({ base, seed, stream, step, rate }: Draws, from: number, size: number): Float32Array {
  return base === "kept"
    ? kept(seed, stream, step, size - from, rate, from)
    : uniform(seed, stream, step, size - from, from);
}

/** The draws as a tensor on the device `wasm`; undefined on others. */
export function drawnTensor(tf: Tensorflow, shape: readonly number[], draws: Draws): core.Tensor | undefined {
  if (tf.getBackend() !== "wasm" || tf.getKernel(NOISE, "wasm") === undefined) return undefined;
  return tf.engine().runKernel(NOISE, {}, { shape: [...shape], draws: { ...draws } });
}
