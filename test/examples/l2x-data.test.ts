/**
 * The generated reviews of the L2X example: what they promise of lengths, evidence and ratings, and that evidence
 * tells the rating while other words do not. Options out of range are refused.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { reviews } from "../../examples/l2x/data.js";
import { type GeneratedReview, generateReviews, LEAST_ROOM } from "../../examples/l2x/generator.js";
import { ADVERBS, ASPECTS, FILLERS, OPENERS, OWN, SHARED } from "../../examples/l2x/grammar.js";
import { NAMES } from "../../examples/l2x/names.js";
import { Vocabulary } from "../../examples/l2x/vocabulary.js";

const told = vi.spyOn(console, "error");
beforeEach(() => void told.mockImplementation(() => {}));
afterEach(() => told.mockReset());
const lines = () => told.mock.calls.map(([line]) => String(line));

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]) => mean(values.map((value) => (value - mean(values)) ** 2));

/** Pearson's. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  return mean(a.map((value, i) => (value - meanA) * (b[i]! - meanB))) / Math.sqrt(variance(a) * variance(b));
}

const sample = generateReviews(4000, 350, 11, 0);

describe("generated reviews", () => {
  test("have 50 to 350 words, and use that range; with less room they keep to it", () => {
    const words = sample.map(({ tokens }) => tokens.length);
    expect(Math.min(...words)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...words)).toBeLessThanOrEqual(350);
    expect(Math.min(...words)).toBeLessThan(65);
    expect(Math.max(...words)).toBeGreaterThan(330);
    for (const room of [LEAST_ROOM, 120, 200]) {
      const lengths = generateReviews(2000, room, 3, 0).map(({ tokens }) => tokens.length);
      expect(Math.min(...lengths)).toBeGreaterThanOrEqual(50);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(room);
    }
  });

  test("fill all slots, with words in lower case that are not empty", () => {
    for (const { tokens } of sample)
      for (const word of tokens) if (!/^[a-z0-9.,:!&-]+$/.test(word)) throw new Error(`there is a word ${word}`);
  });

  test("have evidence for each aspect: spans within the review, in order, that share no word with another", () => {
    for (const { tokens, evidence } of sample) {
      const taken = new Set<number>();
      expect(evidence).toHaveLength(ASPECTS.length);
      for (const spans of evidence) {
        expect(spans.length).toBeGreaterThan(0);
        for (const [start, end] of spans) {
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThan(tokens.length);
          for (let i = start; i < end; i++) {
            if (taken.has(i)) throw new Error(`word ${i} is evidence twice`);
            taken.add(i);
          }
        }
      }
    }
  });

  test("have a few thousand words, most of them rare", () => {
    const vocabulary = new Vocabulary(
      sample.map(({ tokens }) => tokens),
      1000,
    );
    expect(vocabulary.distinct).toBeGreaterThan(3000);
    expect(vocabulary.distinct).toBeLessThan(10000);
    expect(vocabulary.words).toHaveLength(1000);
  });

  test("rate each aspect over the whole scale, independently of the others", () => {
    const ratings = ASPECTS.map((_, aspect) => sample.map((review) => review.ratings[aspect]!));
    for (const rating of ratings) {
      expect(Math.min(...rating)).toBe(0);
      expect(Math.max(...rating)).toBe(1);
      expect(mean(rating)).toBeCloseTo(0.5, 1);
      expect(variance(rating)).toBeGreaterThan(0.06);
      for (const value of rating) expect(Number.isInteger(Math.round(value * 20e9) / 1e9)).toBe(true);
    }
    // The standard error of a correlation of independent values is 1 / √4000 = 0.016: four of them are allowed.
    for (let a = 0; a < ratings.length; a++)
      for (let b = 0; b < a; b++) expect(Math.abs(correlation(ratings[a]!, ratings[b]!))).toBeLessThan(0.064);
  });

  test("are decided by seed and stream; a larger split begins with the smaller one", () => {
    expect(generateReviews(20, 350, 11, 0)).toEqual(sample.slice(0, 20));
    const texts = [sample, generateReviews(20, 350, 12, 0), generateReviews(20, 350, 11, 1)].flatMap((all) =>
      all.slice(0, 20).map(({ tokens }) => tokens.join(" ")),
    );
    expect(new Set(texts).size).toBe(60);
  });
});

describe("the grammar", () => {
  test("has no graded word in sentences and names that carry no opinion", () => {
    const graded = new Set([...SHARED, ...ADVERBS, ...OWN.flat()].flat());
    const neutral = [...FILLERS, ...OPENERS, ...[...NAMES.values()].flat()].flatMap((text) => text.split(" "));
    expect(neutral.filter((word) => graded.has(word))).toEqual([]);
  });
  test("grades each adjective and adverb once, and of all grades", () => {
    for (const list of [SHARED, ADVERBS, ...OWN]) {
      expect(list).toHaveLength(7);
      for (const phrases of list) expect(phrases.length).toBeGreaterThan(2);
    }
    for (const own of OWN) {
      const all = [...SHARED, ...ADVERBS, ...own].flat();
      expect(all.filter((phrase, i) => all.indexOf(phrase) !== i)).toEqual([]);
    }
  });
});

/**
 * Mean squared error on the last quarter of the reviews of a linear regression on which words there are, fitted to the
 * others by ever smaller gradient steps.
 */
function regressionError(
  all: readonly GeneratedReview[],
  aspect: number,
  wordsOf: (review: GeneratedReview) => string[],
) {
  const features = all.map((review) => [...new Set(wordsOf(review))]);
  const middle = Math.floor(0.75 * all.length);
  const weights = new Map<string, number>();
  const target = (i: number) => all[i]!.ratings[aspect]! - 0.5;
  const predict = (words: string[]) => mean(words.map((word) => weights.get(word) ?? 0));
  for (let epoch = 0; epoch < 10; epoch++) {
    for (let i = 0; i < middle; i++) {
      const words = features[i]!;
      const step = (0.5 / (1 + epoch)) * (target(i) - predict(words));
      for (const word of words) weights.set(word, (weights.get(word) ?? 0) + step);
    }
  }
  return mean(features.slice(middle).map((words, i) => (predict(words) - target(middle + i)) ** 2));
}

const evidenceWords = ({ tokens, evidence }: GeneratedReview, aspect: number) =>
  evidence[aspect]!.flatMap(([start, end]) => tokens.slice(start, end));

describe.each(ASPECTS.map((name, aspect) => [name, aspect] as const))("the rating of %s", (_, aspect) => {
  const spread = variance(sample.map(({ ratings }) => ratings[aspect]!));
  test("can be read from the words of its evidence", () => {
    const error = regressionError(sample, aspect, (review) => evidenceWords(review, aspect));
    expect(error / spread).toBeLessThan(0.4);
  });
  test("can not be read from the evidence of the other aspects, nor from what is no evidence", () => {
    const others = regressionError(sample, aspect, (review) =>
      ASPECTS.flatMap((_, other) => (other === aspect ? [] : evidenceWords(review, other))),
    );
    expect(others / spread).toBeGreaterThan(0.95);
    const rest = regressionError(sample, aspect, ({ tokens, evidence }) => {
      const spans = evidence.flat();
      return tokens.filter((_, i) => !spans.some(([start, end]) => i >= start && i < end));
    });
    expect(rest / spread).toBeGreaterThan(0.95);
  });
});

describe("columns of generated reviews", () => {
  const sizes = { train: 60, valid: 30, test: 40 };
  test("hold the codes of the words, the evidence and the rating of the aspect", async () => {
    const L = 150;
    const data = await reviews({ L, vocabulary: 5000, ...sizes, aspect: 2, seed: 5 });
    const expected = generateReviews(sizes.test, L, 5, 2);
    const { tokens, length, rating, evidence, held_out, annotated } = data.test.columns;
    expect([tokens.shape, evidence.shape, length.shape]).toEqual([[40, L], [40, L], [40]]);
    expect([...held_out.data, ...annotated.data]).toEqual(Array(80).fill(1));
    const known = new Set(data.vocabulary);
    expected.forEach((review, i) => {
      const words = Array.from(tokens.data.subarray(i * L, (i + 1) * L), (code) => data.vocabulary[code]);
      const shown = review.tokens.map((word) => (known.has(word) ? word : "<unknown>"));
      expect(words).toEqual([...shown, ...Array(L - shown.length).fill("<padding>")]);
      expect(length.data[i]).toBe(review.tokens.length);
      expect(rating.data[i]).toBe(Math.fround(review.ratings[2]!));
      const marked = Array(L).fill(0);
      for (const [start, end] of review.evidence[2]!) marked.fill(1, start, end);
      expect(Array.from(evidence.data.subarray(i * L, (i + 1) * L))).toEqual(marked);
    });
  });

  test("have codes by frequency in training, and tell how many words are unknown", async () => {
    const { train, vocabulary } = await reviews({ L: 200, vocabulary: 300, ...sizes, seed: 5 });
    const counts = Array(300).fill(0);
    for (const code of train.columns.tokens.data) counts[code]++;
    const frequencies = counts.slice(2);
    expect(frequencies).toEqual([...frequencies].sort((a, b) => b - a));
    expect(vocabulary.slice(0, 3)).toEqual(["<padding>", "<unknown>", "."]);
    const share = (100 * counts[1]) / [...train.columns.length.data].reduce((sum, words) => sum + words);
    expect(lines()).toEqual([expect.stringContaining(`unknown words, code 1: train ${share.toFixed(2)} %, valid `)]);
    expect(lines()[0]).toMatch(/; the vocabulary has 298 of the \d+ words of train$/);
  });

  test("come with what needs no model: the mean rating, and words at random", async () => {
    const { train, test, baselines } = await reviews({ L: 150, vocabulary: 2000, ...sizes, seed: 5 });
    const average = mean([...train.columns.rating.data]);
    const { rating, evidence, length } = test.columns;
    const precision = mean(
      Array.from(
        length.data,
        (words, i) => [...evidence.data.subarray(i * 150, (i + 1) * 150)].reduce((a, b) => a + b) / words,
      ),
    );
    expect(baselines.map(({ name }) => name)).toEqual(["mean rating", "words at random"]);
    expect(baselines[0]!.metrics["test.mse"]).toBeCloseTo(
      mean([...rating.data].map((value) => (value - average) ** 2)),
      9,
    );
    expect(baselines[1]!.metrics["test.precision"]).toBeCloseTo(precision, 9);
    expect(Object.keys(baselines[0]!.metrics)).toEqual(["test.mse"]);
  });

  test("of one split do not depend on the size of another", async () => {
    const one = await reviews({ L: 150, vocabulary: 4000, ...sizes, seed: 1 });
    const other = await reviews({ L: 150, vocabulary: 4000, ...sizes, seed: 1, valid: 3 });
    expect([other.train, other.test]).toEqual([one.train, one.test]);
  });

  test.each<[number, number, object, string]>([
    [0, 100, {}, "reviews: L must be a whole number of at least 1, but it is 0"],
    [350, 2, {}, "reviews: vocabulary must be a whole number from 3 to 16777216, but it is 2"],
    [350, 100, { train: 0 }, "reviews: train must be a whole number of at least 1, but it is 0"],
    [350, 100, { valid: 1.5 }, "reviews: valid must be a whole number of at least 1, but it is 1.5"],
    [350, 100, { test: undefined }, "reviews: test must be a whole number of at least 1, but it is undefined"],
    [
      350,
      100,
      { aspect: 4 },
      "reviews: aspect must be a whole number from 0 to 3, but it is 4. Aspects are 0 (appearance)",
    ],
    [350, 100, { seed: -1 }, "reviews: seed must be a whole number from 0 to 4294967295, but it is -1"],
    [
      120,
      100,
      { k: 121 },
      "reviews: k must be a whole number from 1 to 120, but it is 121. No more words can be chosen",
    ],
    [
      350,
      100,
      { pth: "x" },
      "reviews: there is no option pth. Options are L, vocabulary, train, valid, test, aspect, seed",
    ],
    [350, 100, { path: 5 }, "reviews: path is no text, but 5"],
    [
      99,
      100,
      {},
      "reviews: generated reviews do not fit into L = 99 words; they judge four aspects in whole sentences",
    ],
  ])("L = %s, vocabulary = %s, %o are refused", async (L, vocabulary, options, message) => {
    const given = { ...sizes, ...options };
    await expect(reviews({ L, vocabulary, ...(given as typeof sizes) })).rejects.toThrow(message);
  });
});
