/**
 * Random expressions of a given nesting whose lengths lie within bounds. A node is a digit with probability 3/4, else
 * one of three operators with 2 to 5 operands, each alike (the rule of the ListOps generator). Drawing until length
 * and nesting fit would take 60,000 attempts for the rarest, so expressions are drawn from that rule's distribution
 * given both, exactly: tables hold how likely each length is, and lengths are handed down to the operands.
 */
import { CLOSE } from "./expressions.js";

const DIGIT = 0.75;
const ARITIES = [2, 3, 4, 5];
const MOST = 5;

/** How an expression's length is counted, which lengths are taken, and which nestings stand for depths 1, 2, …. */
export const READINGS = {
  /** Tokens; a depth is how many operators lie above the deepest operator. */
  1: { least: 10, most: 50, firstNesting: 2 },
  /** Tokens such that the bracketed string of the original files, 3 n − 2, has 10 to 50; a depth is the nesting. */
  2: { least: 4, most: 17, firstNesting: 1 },
};

export class Generator {
  /** @param {number} nesting the largest @param {number} most tokens of an expression */
  constructor(nesting, most) {
    this.most = most;
    /**
     * `upTo[d][n]`: the probability of n tokens and a nesting of d at most.
     * @type {Float64Array[]}
     */
    this.upTo = [];
    /**
     * `rows[d][a][n]`: that of n tokens in a row of a expressions, each of a nesting of d at most.
     * @type {Float64Array[][]}
     */
    this.rows = [];
    for (let d = 0; d <= nesting; d++) {
      const own = new Float64Array(most + 1);
      own[1] = DIGIT;
      const below = this.rows[d - 1];
      for (let n = 2; n <= most && below !== undefined; n++) {
        for (const a of ARITIES) own[n] = at(own, n) + ((1 - DIGIT) / ARITIES.length) * at(row(below, a), n - 2);
      }
      this.upTo.push(own);
      this.rows.push(convolutions(own));
    }
  }

  /**
   * How likely each length is together with a nesting of exactly d.
   * @param {number} d
   */
  exactly(d) {
    const [own, below] = [row(this.upTo, d), this.upTo[d - 1]];
    return own.map((value, n) => (below === undefined ? value : Math.max(0, value - at(below, n))));
  }

  /**
   * The codes of an expression of nesting d, of one of the lengths.
   * @param {number} d @param {number} least @param {import("../random.js").Random} random
   * @returns {number[]}
   */
  draw(d, least, random) {
    const weights = this.exactly(d).map((value, n) => (n >= least ? value : 0));
    /** @type {number[]} */
    const codes = [];
    this.write(d, true, random.choose(weights), random, codes);
    return codes;
  }

  /**
   * Writes an expression of n tokens, of nesting d exactly, or at most.
   * @param {number} d @param {boolean} exact @param {number} n @param {import("../random.js").Random} random
   * @param {number[]} codes
   */
  write(d, exact, n, random, codes) {
    if (n === 1) {
      codes.push(1 + random.below(10));
      return;
    }
    codes.push(11 + random.below(3));
    const inner = n - 2;
    let left = random.choose(ARITIES.map((a) => this.rowWeight(d - 1, exact, a, inner)));
    left = /** @type {number} */ (ARITIES[left]);
    let [rest, deep] = [inner, exact];
    for (; left > 0; left--) {
      // Each operand is of nesting d - 1 exactly, and then the others are free, or below it.
      const [free, shallow] = [new Float64Array(rest + 1), new Float64Array(rest + 1)];
      for (let m = 1; m <= rest; m++) {
        const lower = d >= 2 ? at(row(this.upTo, d - 2), m) : 0;
        const own = at(row(this.upTo, d - 1), m);
        if (!deep) free[m] = own * this.rowWeight(d - 1, false, left - 1, rest - m);
        else {
          free[m] = Math.max(0, own - lower) * this.rowWeight(d - 1, false, left - 1, rest - m);
          shallow[m] = lower * this.rowWeight(d - 1, true, left - 1, rest - m);
        }
      }
      const chosen = random.choose([...free, ...shallow]);
      const m = chosen % (rest + 1);
      const isShallow = chosen > rest;
      this.write(isShallow ? d - 2 : d - 1, deep && !isShallow, m, random, codes);
      deep = deep && isShallow;
      rest -= m;
    }
    codes.push(CLOSE);
  }

  /**
   * The probability of n tokens in a row of a expressions of a nesting of d at most, or of which one has d.
   * @param {number} d @param {boolean} exact @param {number} a @param {number} n
   */
  rowWeight(d, exact, a, n) {
    const all = at(row(row(this.rows, d), a), n);
    return exact ? Math.max(0, all - (d === 0 ? 0 : at(row(row(this.rows, d - 1), a), n))) : all;
  }
}

/**
 * The distribution of the sum of 0, 1, … lengths.
 * @param {Float64Array} one
 * @returns {Float64Array[]}
 */
function convolutions(one) {
  const none = new Float64Array(one.length);
  none[0] = 1;
  const all = [none];
  for (let a = 1; a <= MOST; a++) {
    const [before, next] = [row(all, a - 1), new Float64Array(one.length)];
    for (let i = 0; i < one.length; i++) {
      for (let j = 0; i + j < one.length; j++) next[i + j] = at(next, i + j) + at(before, i) * at(one, j);
    }
    all.push(next);
  }
  return all;
}

/** @param {ArrayLike<number>} values @param {number} i */
function at(values, i) {
  return /** @type {number} */ (values[i]);
}

/**
 * @template T
 * @param {readonly T[]} list @param {number} i
 */
function row(list, i) {
  return /** @type {T} */ (list[i]);
}
