/** Seeded random numbers for generated data: those of a stream depend on the seed and the stream alone. */

/** Uniform numbers in (0, 1): a 32-bit mix of a counter (the finaliser of MurmurHash3, twice keyed). */
export class Random {
  /** @param {number} seed @param {number} stream */
  constructor(seed, stream) {
    this.key = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35);
    this.counter = 0;
  }
  bits() {
    let h = Math.imul(this.counter++, 0x9e3779b1) ^ this.key;
    for (let round = 0; round < 2; round++) {
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      h = (h ^ (h >>> 16)) + this.key;
    }
    return h >>> 0;
  }
  uniform() {
    return (this.bits() + 0.5) / 2 ** 32;
  }
  gumbel() {
    return -Math.log(-Math.log(this.uniform()));
  }
  normal() {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
  /** An integer from 0 to `count` − 1. @param {number} count */
  below(count) {
    return Math.floor(this.uniform() * count);
  }
  /** One of the items. @template T @param {readonly T[]} items @returns {T} */
  pick(items) {
    return /** @type {T} */ (items[this.below(items.length)]);
  }
  /**
   * An index with probability proportional to its weight, of which at least one is positive.
   * @param {ArrayLike<number>} weights
   */
  choose(weights) {
    let total = 0;
    for (let i = 0; i < weights.length; i++) total += /** @type {number} */ (weights[i]);
    let rest = this.uniform() * total;
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = /** @type {number} */ (weights[i]);
      if (weight <= 0) continue;
      last = i;
      rest -= weight;
      if (rest < 0) return i;
    }
    return last;
  }
  /** A shuffled copy (Fisher and Yates). @template T @param {readonly T[]} items @returns {T[]} */
  shuffled(items) {
    const all = [...items];
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [all[i], all[j]] = [/** @type {T} */ (all[j]), /** @type {T} */ (all[i])];
    }
    return all;
  }
}
