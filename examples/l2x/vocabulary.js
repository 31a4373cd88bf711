/** The codes of words: 0 is padding, 1 any word without a code of its own, the others by frequency in training. */

export const PADDING = 0;
export const UNKNOWN = 1;

export class Vocabulary {
  /**
   * @param {Iterable<readonly string[]>} reviews the words of the training reviews
   * @param {number} size codes at most, with those of padding and unknown words
   */
  constructor(reviews, size) {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const tokens of reviews) for (const word of tokens) counts.set(word, (counts.get(word) ?? 0) + 1);
    const byFrequency = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
    /** Word of each code. */
    this.words = ["<padding>", "<unknown>", ...byFrequency.slice(0, size - 2)];
    /** Different words in training. */
    this.distinct = byFrequency.length;
    this.codes = new Map(this.words.map((word, code) => [word, code]));
    // A word of a review that is spelled as one of the two names is a word like others, if a frequent one.
    for (const code of [PADDING, UNKNOWN]) {
      const name = /** @type {string} */ (this.words[code]);
      if (this.codes.get(name) === code) this.codes.delete(name);
    }
  }

  /** @param {string} word */
  code(word) {
    return this.codes.get(word) ?? UNKNOWN;
  }
}
