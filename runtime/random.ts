/**
 * Counter-based randomness: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw 2011). A draw is a function of
 * (seed, stream, step, element) alone, so the same seed gives the same noise on every target, in any order, and a
 * resumed run needs no generator state.
 */

const PARITY = 0x1bd11bda;

/** Streams of one model are numbered below this; each purpose shifts them into a range of its own. */
const PURPOSE_SIZE = 0x10000000;
/** What draws are for. Training uses the streams as they are, so that other targets need no offsets. */
export const PURPOSES = {
  train: 0,
  evaluate: PURPOSE_SIZE,
  sample: 2 * PURPOSE_SIZE,
  initialize: 3 * PURPOSE_SIZE,
  shuffle: 4 * PURPOSE_SIZE,
} as const;
export type Purpose = keyof typeof PURPOSES;

/**
 * Fills `out` with blocks of two words: block b is Threefry with key (key0, key1) and counter (counter0, first + b).
 * An odd length drops the last word.
 */
export function threefryBlocks(key0: number, key1: number, counter0: number, first: number, out: Uint32Array): void {
  const k0 = key0 | 0;
  const k1 = key1 | 0;
  const k2 = PARITY ^ k0 ^ k1;
  const length = out.length;
  for (let at = 0, block = first; at < length; at += 2, block++) {
    let a = (counter0 + k0) | 0;
    let b = (block + k1) | 0;
    // Five groups of four rounds; odd and even groups rotate by different amounts, and each ends by adding key words.
    for (let group = 0; group < 5; group++) {
      const even = (group & 1) === 0;
      const r0 = even ? 13 : 17;
      const r1 = even ? 15 : 29;
      const r2 = even ? 26 : 16;
      const r3 = even ? 6 : 24;
      a = (a + b) | 0;
      b = ((b << r0) | (b >>> (32 - r0))) ^ a;
      a = (a + b) | 0;
      b = ((b << r1) | (b >>> (32 - r1))) ^ a;
      a = (a + b) | 0;
      b = ((b << r2) | (b >>> (32 - r2))) ^ a;
      a = (a + b) | 0;
      b = ((b << r3) | (b >>> (32 - r3))) ^ a;
      const turn = group % 3;
      a = (a + (turn === 0 ? k1 : turn === 1 ? k2 : k0)) | 0;
      b = (b + (turn === 0 ? k2 : turn === 1 ? k0 : k1) + group + 1) | 0;
    }
    out[at] = a;
    if (at + 1 < length) out[at + 1] = b;
  }
}

/** One block: the two words for a key and a counter, as unsigned 32-bit integers. */
export function threefry2x32(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const out = new Uint32Array(2);
  threefryBlocks(key[0], key[1], counter[0], counter[1], out);
  return [out[0]!, out[1]!];
}

const UNIT = 1 / 2 ** 23;

/**
 * `size` draws from element `from` on, which begins a block, strictly inside (0, 1): (n + 1/2) / 2^23 for the upper 23
 * bits n of a word, hence exact in float32. Element i is word i mod 2 of block floor(i / 2) under the key (seed,
 * stream) and the counter (step, block).
 */
export function uniform(seed: number, stream: number, step: number, size: number, from = 0): Float32Array {
  const bits = new Uint32Array(size);
  threefryBlocks(seed, stream, step, from / 2, bits);
  const out = new Float32Array(size);
  for (let i = 0; i < size; i++) out[i] = ((bits[i]! >>> 9) + 0.5) * UNIT;
  return out;
}

/**
 * `size` draws from element `from` on, which begins a block, that are 0 with probability `rate`, a multiple of 1/65536,
 * and 1 / (1 − rate) otherwise. Element i looks at half i mod 2, the lower first, of word
 * floor(i / 2) mod 2 of block floor(i / 4).
 */
export function kept(seed: number, stream: number, step: number, size: number, rate: number, from = 0): Float32Array {
  const bits = new Uint32Array(Math.ceil(size / 2));
  threefryBlocks(seed, stream, step, from / 4, bits);
  const out = new Float32Array(size);
  const [least, value] = [rate * 65536, 1 / (1 - rate)];
  for (let i = 0; i < size; i++) out[i] = ((bits[i >>> 1]! >>> (16 * (i & 1))) & 0xffff) >= least ? value : 0;
  return out;
}

/**
 * `size` standard normal draws by Box–Muller on the two uniforms of each block, in float64, rounded to float32 at the
 * end: element 2b is the cosine, 2b + 1 the sine.
 */
export function normal(seed: number, stream: number, step: number, size: number): Float32Array {
  const bits = new Uint32Array(size + (size & 1));
  threefryBlocks(seed, stream, step, 0, bits);
  const out = new Float32Array(size);
  for (let i = 0; i < size; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(((bits[i]! >>> 9) + 0.5) * UNIT));
    const angle = 2 * Math.PI * ((bits[i + 1]! >>> 9) + 0.5) * UNIT;
    out[i] = radius * Math.cos(angle);
    if (i + 1 < size) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** A uniformly random order of 0 … n − 1 (Fisher–Yates), a function of (seed, epoch) alone. */
export function permutation(seed: number, epoch: number, n: number): Uint32Array {
  const bits = new Uint32Array(n);
  threefryBlocks(seed, PURPOSES.shuffle, epoch, 0, bits);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor((bits[i]! / 2 ** 32) * (i + 1));
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}

/** A 28-bit number for a name (FNV-1a), the stream from which a parameter of that name is initialised. */
export function streamOfName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return ((hash >>> 4) ^ (hash & 0xf)) % PURPOSE_SIZE;
}
