/** Series with an event: a window in which a noisy cue is higher, and whose mean is known. */

/**
 * Uniform numbers in (0, 1): the multiplicative congruential generator of Park and Miller (1988), multiplier 48271.
 * @param {number} seed
 */
function randomFrom(seed) {
  const modulus = 2 ** 31 - 1;
  let state = (seed % (modulus - 1)) + 1;
  return () => {
    state = (state * 48271) % modulus;
    return state / modulus;
  };
}

/**
 * What the experiment calls as `data from "./data.js" events(…)`: three splits of examples.
 * @param {{ n: number, length: number, train: number, valid: number, test: number, seed?: number }} options
 */
export function events({ n, length, train, valid, test, seed = 1 }) {
  const random = randomFrom(seed);
  for (let i = 0; i < 10; i++) random(); // The first numbers of small seeds are small.
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const split = (/** @type {number} */ size) => {
    const series = Float32Array.from({ length: size * n }, normal);
    const starts = Array.from({ length: size }, () => Math.floor(random() * (n - length + 1)));
    const truth = Float32Array.from({ length: size * n }, (_, i) => {
      const distance = (i % n) - /** @type {number} */ (starts[Math.floor(i / n)]);
      return 0 <= distance && distance < length ? 1 : 0;
    });
    const cue = truth.map((inside) => 2 * inside + normal());
    const mean = Float32Array.from(starts, (start, example) => {
      const window = series.subarray(example * n + start, example * n + start + length);
      return window.reduce((sum, value) => sum + value, 0) / length;
    });
    return {
      columns: {
        series: { shape: [size, n], data: series },
        cue: { shape: [size, n], data: cue },
        mean: { shape: [size], data: mean },
        truth: { shape: [size, n], data: truth },
      },
    };
  };
  return { train: split(train), valid: split(valid), test: split(test) };
}
