/** Seeded uniform numbers in (0, 1): a 32-bit mix of a counter (the finaliser of MurmurHash3, twice keyed). */
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
  /** @param {number} count */
  below(count) {
    return Math.floor(this.uniform() * count);
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
}
