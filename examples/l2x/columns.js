/** Reviews as the columns that models read: codes of words, padded or cut to one length, with ratings and evidence. */
import { PADDING, UNKNOWN } from "./vocabulary.js";

/**
 * One review from any source. `heldOut`: its prediction counts for the error; `annotated`: its evidence is known.
 * `evidence` are spans of words, from the first to before the last; `place` is file and line, for messages.
 * @typedef {{
 *   tokens: string[], rating: number, evidence: [number, number][], place: string, heldOut: boolean, annotated: boolean
 * }} Review
 */

/** @template Data @typedef {{ shape: number[], data: Data }} Column */
/**
 * @typedef {{
 *   tokens: Column<Int32Array>, length: Column<Int32Array>, rating: Column<Float32Array>,
 *   evidence: Column<Float32Array>, held_out: Column<Float32Array>, annotated: Column<Float32Array>
 * }} Columns
 * @typedef {{ columns: Columns }} Split
 */

/**
 * What was lost: reviews longer than allowed, words of evidence in all and behind the cut, words and unknown ones.
 * @typedef {{ cut: number, evidence: number, lostEvidence: number, words: number, unknown: number }} Losses
 */

/**
 * Columns `tokens` [size, L] (codes), `length` [size] (words), `rating` [size], `evidence` [size, L] (0 or 1), and the
 * weights `held_out` and `annotated` [size]. A weight is 0 where it does not apply and otherwise one number, so large
 * that its mean is 1: the mean of weight times error is the mean error of the reviews that count.
 * @param {readonly Review[]} reviews
 * @param {number} L words of a review at most; what is behind them is cut off
 * @param {import("./vocabulary.js").Vocabulary} vocabulary
 * @returns {{ split: Split, losses: Losses }}
 */
export function columnsOf(reviews, L, vocabulary) {
  const size = reviews.length;
  const tokens = new Int32Array(size * L).fill(PADDING);
  const evidence = new Float32Array(size * L);
  /** @type {Losses} */
  const losses = { cut: 0, evidence: 0, lostEvidence: 0, words: 0, unknown: 0 };
  reviews.forEach((review, i) => {
    const length = Math.min(review.tokens.length, L);
    if (review.tokens.length > L) losses.cut++;
    losses.words += length;
    for (let j = 0; j < length; j++) {
      const code = vocabulary.code(/** @type {string} */ (review.tokens[j]));
      if (code === UNKNOWN) losses.unknown++;
      tokens[i * L + j] = code;
    }
    const marked = evidenceWords(review);
    losses.evidence += marked.size;
    for (const j of marked) {
      if (j < length) evidence[i * L + j] = 1;
      else losses.lostEvidence++;
    }
  });
  /** @template Data @param {Data} data @param {number[]} rest @returns {Column<Data>} */
  const column = (data, ...rest) => ({ shape: [size, ...rest], data });
  const split = {
    columns: {
      tokens: column(tokens, L),
      length: column(Int32Array.from(reviews, (review) => Math.min(review.tokens.length, L))),
      rating: column(Float32Array.from(reviews, (review) => review.rating)),
      evidence: column(evidence, L),
      held_out: column(weights(reviews.map((review) => review.heldOut))),
      annotated: column(weights(reviews.map((review) => review.annotated))),
    },
  };
  return { split, losses };
}

/** The words of all spans, each once, since spans may overlap. @param {Review} review @returns {Set<number>} */
function evidenceWords({ evidence }) {
  /** @type {Set<number>} */
  const marked = new Set();
  for (const [start, end] of evidence) for (let j = start; j < end; j++) marked.add(j);
  return marked;
}

/**
 * 0 for those that do not count, and for the others one number such that the mean is 1.
 * @param {readonly boolean[]} counted
 */
function weights(counted) {
  const count = counted.filter(Boolean).length;
  return Float32Array.from(counted, (counts) => (counts ? counted.length / count : 0));
}

/**
 * What is reached without a model. The mean rating of training predicts every rating alike; words chosen at random are
 * evidence as often as a review has evidence, on average over the annotated reviews.
 * @param {Split} train @param {Split} test
 * @param {boolean} binary ratings are labels, 0 or 1; then accuracy is told, too
 */
export function baselinesOf(train, test, binary) {
  const ratings = train.columns.rating.data;
  const mean = sumOf(ratings) / ratings.length;
  const { rating, evidence, length, held_out, annotated } = test.columns;
  const L = /** @type {number} */ (evidence.shape[1]);
  const size = rating.data.length;
  let [error, right, precision] = [0, 0, 0];
  for (let i = 0; i < size; i++) {
    const [target = 0, counts = 0, known = 0, words = 1] = [rating, held_out, annotated, length].map(
      ({ data }) => data[i],
    );
    error += (counts * (target - mean) ** 2) / size;
    right += (counts * Number(target === Number(mean >= 0.5))) / size;
    const marked = sumOf(evidence.data.subarray(i * L, (i + 1) * L));
    precision += (known * marked) / (words * size);
  }
  const accuracy = binary ? { "test.accuracy": right } : {};
  return [
    { name: "mean rating", metrics: /** @type {Record<string, number>} */ ({ "test.mse": error, ...accuracy }) },
    { name: "words at random", metrics: /** @type {Record<string, number>} */ ({ "test.precision": precision }) },
  ];
}

/** @param {Float32Array | Int32Array} values */
function sumOf(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
