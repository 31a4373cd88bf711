/** Examples whose number `y` depends on a few features of `x`, always the same ones, and on some noise. */

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
 * What an experiment calls as `data from "./data.js" features(n = 12, …)`: it returns the three splits, each with a
 * column for everything that the model declares as data. The first axis of a column counts the examples.
 * @param {{ n: number, relevant: number, train: number, valid: number, test: number, seed?: number }} options
 */
export function features({ n, relevant, train, valid, test, seed = 1 }) {
  const random = randomFrom(seed);
  for (let i = 0; i < 10; i++) random(); // The first numbers of small seeds are small.
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  // The features that matter are spread over all of them.
  const matters = Array.from({ length: n }, (_, i) => i % Math.ceil(n / relevant) === 1);
  const split = (/** @type {number} */ size) => {
    const x = Float32Array.from({ length: size * n }, normal);
    const y = new Float32Array(size);
    const truth = Float32Array.from({ length: size * n }, (_, i) => (matters[i % n] ? 1 : 0));
    for (let i = 0; i < size * n; i++) {
      const example = Math.floor(i / n);
      y[example] = /** @type {number} */ (y[example]) + /** @type {number} */ (x[i]) * (matters[i % n] ? 1 : 0);
    }
    return {
      columns: {
        x: { shape: [size, n], data: x },
        y: { shape: [size], data: y.map((value) => value + 0.1 * normal()) },
        truth: { shape: [size, n], data: truth },
      },
    };
  };
  const splits = { train: split(train), valid: split(valid), test: split(test) };
  return { ...splits, baselines: [{ name: "any subset", metrics: { "test.found": relevant / n } }] };
}
